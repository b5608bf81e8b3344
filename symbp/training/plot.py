"""The loss curve as a PNG, and what other pictures are drawn with. Needs matplotlib."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from symbp.training.metrics import Row


def loss_curve(rows: Sequence[Row], title: str, dpi: int = 120) -> bytes:
    """Costs over epochs, and below them accuracies where there are any."""
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    epochs = [row.epoch for row in rows]
    accurate = any(row.test_accuracy is not None or row.validation_accuracy is not None for row in rows)
    figure = drawing(7, 6 if accurate else 3.5, dpi)
    axes = figure.subplots(2 if accurate else 1, 1, sharex=True, squeeze=False)[:, 0]
    for name in ("train_loss", "validation_loss", "test_loss"):
        _curve(axes[0], epochs, [getattr(row, name) for row in rows], name.removesuffix("_loss"))
    axes[0].set_ylabel("cost C, mean over examples")
    axes[0].set_title(title)
    axes[0].legend(frameon=False)
    if accurate:
        for name in ("validation_accuracy", "test_accuracy"):
            _curve(axes[1], epochs, [getattr(row, name) for row in rows], name.removesuffix("_accuracy"))
        axes[1].set_ylabel("accuracy")
        axes[1].yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
        axes[1].legend(frameon=False, loc="lower right")
    axes[-1].set_xlabel("epoch")
    axes[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    for axis in axes:
        axis.grid(alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
    return png(figure)


def drawing(width: float, height: float, dpi: int = 120) -> Any:
    """An empty figure of matplotlib's, in inches, that needs no screen."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=dpi, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def png(figure: Any) -> bytes:
    """The figure as a file, the same bytes for the same drawing."""
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()


COLORS = {"train": "C0", "validation": "C1", "test": "C2"}  # the same in both pictures


def _curve(axis: Any, epochs: Sequence[int], values: Sequence[float | None], label: str) -> None:
    known = [(e, v) for e, v in zip(epochs, values, strict=True) if v is not None]
    if known:
        axis.plot(*zip(*known, strict=True), marker="o", ms=3, color=COLORS[label], label=label)
