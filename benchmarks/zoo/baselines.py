"""What needs no network: a figure, in the unit of the network's, of the simplest that could be said of the test set.

Each is found from the training set alone. Nothing here is tuned.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from benchmarks import language
from benchmarks.zoo.trained import Trained
from symbp.training.synthetic.volatility import volatility

COMPONENTS = 16  # of the autoencoder's code


def _labels(y: np.ndarray) -> np.ndarray:
    """Numbers of classes, from themselves, from one number that is 0 or 1, or from rows of a single 1."""
    if y.ndim == 1:
        return y
    return np.asarray(y[:, 0] > 0.5 if y.shape[1] == 1 else y.argmax(1))


def _rmse(predicted: np.ndarray | float, y: np.ndarray) -> float:
    return float(np.sqrt(np.mean((predicted - y) ** 2)))


def _with_one(x: np.ndarray) -> np.ndarray:
    flat = x.reshape(len(x), -1).astype(np.float64)
    return np.hstack([flat, np.ones((len(flat), 1))])


def _least_squares(x: np.ndarray, y: np.ndarray, at: np.ndarray) -> np.ndarray:
    """What a linear model, fitted to (x, y), says at other places."""
    solved = np.linalg.lstsq(_with_one(x), y, rcond=None)[0]
    return np.asarray(_with_one(at) @ solved)


def majority(trained: Trained) -> float:
    """Accuracy of the most frequent class."""
    (_, known), (_, wanted) = trained.examples.train, trained.examples.test
    values, counts = np.unique(_labels(known), return_counts=True)
    return float(np.mean(_labels(wanted) == values[counts.argmax()]))


def linear(trained: Trained) -> float:
    """Accuracy of least squares on all numbers of an example."""
    return _linear(trained.examples.train, trained.examples.test)


def mean_frame(trained: Trained) -> float:
    """Accuracy of least squares on the mean of the frames, without their order."""
    (x, y), (held, wanted) = trained.examples.train, trained.examples.test
    return _linear((x.mean(1), y), (held.mean(1), wanted))


def _linear(train: Any, test: Any) -> float:
    (x, y), (held, wanted) = train, test
    classes, numbers = np.unique(_labels(y), return_inverse=True)
    said = _least_squares(x, np.eye(len(classes))[numbers], held)
    return float(np.mean(classes[said.argmax(1)] == _labels(wanted)))


def mean_target(trained: Trained) -> float:
    """RMSE of the mean of the training targets."""
    (_, known), (_, wanted) = trained.examples.train, trained.examples.test
    return _rmse(known.mean(axis=0, dtype=np.float64), wanted)


def additive(trained: Trained) -> float:
    """RMSE of a mean, and what each user and each item adds to it, by least squares."""
    (given, known), (held, wanted) = trained.examples.train, trained.examples.test
    of_user = np.eye(given["user"].max() + 1)
    of_item = np.eye(given["item"].max() + 1)
    x, at = (np.c_[of_user[g["user"]], of_item[g["item"]]] for g in (given, held))
    return _rmse(_least_squares(x, known, at), wanted)


def noise(trained: Trained) -> float:
    """RMSE of who knows the model that the examples were made by: their noise."""
    assert trained.spec.data is not None
    return float(trained.spec.data.options["noise"])


def _past(trained: Trained) -> tuple[np.ndarray, np.ndarray]:
    """The logarithms of realized variance in the windows of the test, in their own unit, and the next day's."""
    assert trained.spec.data is not None
    series, held = volatility(trained.spec.data.options), len(trained.examples.test[1])
    return series.x[-held:, :, 0], series.y[-held:]


def naive(trained: Trained) -> float:
    """RMSE of the forecast that tomorrow is as today."""
    past, wanted = _past(trained)
    return _rmse(past[:, -1], wanted)


def window_mean(trained: Trained) -> float:
    """RMSE of the mean of the window."""
    past, wanted = _past(trained)
    return _rmse(past.mean(1), wanted)


def autoregression(trained: Trained) -> float:
    """RMSE of least squares on the window."""
    (x, y), (held, wanted) = trained.examples.train, trained.examples.test
    return _rmse(_least_squares(x, y, held), wanted)


def mean_picture(trained: Trained) -> float:
    """RMSE of the mean picture."""
    x, held = trained.examples.train[0], trained.examples.test[0]
    return _rmse(x.mean(axis=0, dtype=np.float64), held)


def principal(trained: Trained) -> float:
    """RMSE of as many principal components as the code has numbers."""
    x, held = (given.astype(np.float64) for given in (trained.examples.train[0], trained.examples.test[0]))
    mean = x.mean(0)
    _, vectors = np.linalg.eigh(np.cov(x, rowvar=False))
    kept = vectors[:, -COMPONENTS:]
    return _rmse(mean + (held - mean) @ kept @ kept.T, held)


def independent(trained: Trained) -> float:
    """Negative log-likelihood of pictures, in nats, of pixels that are each as probable as in the training set."""
    x, held = trained.examples.train[0], trained.examples.test[0]
    p = (x.sum(0, dtype=np.float64) + 1) / (len(x) + 2)
    return float(-(held * np.log(p) + (1 - held) * np.log(1 - p)).sum(1).mean())


def brightness(trained: Trained) -> float:
    """IoU of the pixels that differ most from the middle of their image, by the best threshold of the training set."""
    (x, y), (held, wanted) = trained.examples.train, trained.examples.test
    apart, away = (np.abs(given - np.median(given, axis=(1, 2, 3), keepdims=True)) for given in (x, held))
    levels = np.quantile(apart, np.linspace(0.5, 0.99, 50))
    best = max(levels, key=lambda level: _iou(apart > level, y > 0.5))
    return _iou(away > best, wanted > 0.5)


def _iou(said: np.ndarray, wanted: np.ndarray) -> float:
    return float((said & wanted).sum() / (said | wanted).sum())


def bigram(trained: Trained) -> float:
    """Perplexity of a character by the one before it."""
    return math.exp(language.bigram(trained.examples))
