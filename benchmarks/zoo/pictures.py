"""Pictures of what a network of the zoo came to, each a small PNG."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.zoo.trained import Trained
from symbp.training.plot import drawing, loss_curve, png
from symbp.training.synthetic.tones import WORDS
from symbp.training.synthetic.volatility import volatility

DPI = 80
DAYS = 100  # of a forecast that are drawn
SHOWN = 10  # examples


def curves(trained: Trained) -> bytes:
    """The cost and the accuracy by epoch."""
    return loss_curve(trained.rows, trained.spec.name, dpi=DPI)


def confusion(trained: Trained) -> bytes:
    """Which words are taken for which."""
    x, y = trained.examples.test
    counts = np.zeros((len(WORDS), len(WORDS)), int)
    np.add.at(counts, (y, trained.predict(x).argmax(1)), 1)
    figure = drawing(4.5, 4, DPI)
    axis = figure.subplots()
    axis.imshow(counts, cmap="Blues")
    for (row, column), count in np.ndenumerate(counts):
        if count:
            axis.text(column, row, count, ha="center", va="center", color="w" if row == column else "k", fontsize=9)
    axis.set_xticks(range(len(WORDS)), WORDS)
    axis.set_yticks(range(len(WORDS)), WORDS)
    axis.set_xlabel("heard")
    axis.set_ylabel("spoken")
    return png(figure)


def scatter(trained: Trained) -> bytes:
    """Predicted beside true ratings."""
    x, y = trained.examples.test
    predicted = np.array(trained.module.predict(trained.params, x))[:, 0]
    figure = drawing(4.5, 4, DPI)
    axis = figure.subplots()
    axis.hexbin(y[:, 0], predicted, gridsize=40, bins="log", cmap="Blues", linewidths=0.2)
    low, high = float(y.min()), float(y.max())
    axis.plot([low, high], [low, high], color="C3", lw=1)
    axis.set_xlabel("rating")
    axis.set_ylabel("predicted")
    return png(figure)


def forecast(trained: Trained) -> bytes:
    """The last days of the test: what came, and what was said the day before."""
    assert trained.spec.data is not None
    came = volatility(trained.spec.data.options)
    figure = drawing(7, 3.2, DPI)
    axis = figure.subplots()
    axis.plot(came.y[-DAYS:], color="0.75", lw=1.6, label="realized")
    axis.plot(came.x[-DAYS:, -1, 0], color="C3", lw=0.8, ls=(0, (2, 1.5)), label="naive: as the day before")
    axis.plot(trained.predict(trained.examples.test[0])[-DAYS:, 0], color="C0", lw=1.4, label="network")
    axis.set_xlabel("day")
    axis.set_ylabel("log realized variance")
    axis.legend(frameon=False, ncols=3, fontsize=8)
    return png(figure)


def reconstructions(trained: Trained) -> bytes:
    """Pictures of the test set, and what is made of their codes."""
    x = trained.examples.test[0][:SHOWN]
    return _images([x, trained.predict(x)], ["picture", "from its code"])


def samples(trained: Trained) -> bytes:
    """Pictures of the test set, what is made of their mean codes, and of codes drawn at random."""
    x = trained.examples.test[0][:SHOWN]
    known, rows = trained.params, [x, trained.predict(x)]
    for line in range(2):
        code = np.random.default_rng(line).standard_normal((SHOWN, known["mu.W"].shape[1]))
        hidden = np.maximum(code @ known["imagined.W"] + known["imagined.b"], 0)
        rows.append(1 / (1 + np.exp(-(hidden @ known["picture.W"] + known["picture.b"]))))
    return _images(rows, ["picture", "from its code", "from chance", "from chance"])


def masks(trained: Trained) -> bytes:
    """Images, their masks, and where the network says that a shape is."""
    x, y = (given[: SHOWN - 2] for given in trained.examples.test)
    return _images([x, y, trained.predict(x)], ["image", "mask", "predicted"])


def _images(rows: list[np.ndarray], names: list[str]) -> bytes:
    """Rows of square images."""
    columns = len(rows[0])
    figure = drawing(columns * 0.75, len(rows) * 0.8, DPI)
    for line, (name, images) in zip(figure.subplots(len(rows), columns), zip(names, rows, strict=True), strict=True):
        for axis, image in zip(line, images, strict=True):
            side = int(np.sqrt(image.size))
            axis.imshow(image.reshape(side, side), cmap="gray", vmin=0, vmax=1)
            _bare(axis)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    return png(figure)


def _bare(axis: Any) -> None:
    axis.set_xticks([])
    axis.set_yticks([])
    axis.spines[:].set_visible(False)
