"""The cost and the accuracy of a trained network on examples that it did not train on."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from types import ModuleType
from typing import Any

import numpy as np

from symbp.training.dataset import Given, Pair, arrays_of, each, examples_in
from symbp.training.prepare import Examples

BATCH = 500  # examples at a time
PLACES = 4096  # labels at a time, where an example has one at each of many places
FEWEST = 16


@dataclass(frozen=True)
class Measured:
    """The mean cost of an example, the fraction of labels that are right, and their perplexity; None where untold."""

    loss: float
    accuracy: float | None
    perplexity: float | None


class Measure:
    """Measures with workspaces of its own, kept for the next time."""

    def __init__(self, module: ModuleType, examples: Examples) -> None:
        self.module = module
        self.examples = examples
        self.workspaces: dict[int, Any] = {}

    def __call__(self, params: Any, pair: Pair) -> Measured:
        """Over all examples of a pair, a batch at a time."""
        x, y = pair
        size = _batch(y)
        cost, right, surprise, weight, labels = 0.0, 0, 0.0, 0.0, 0
        for start in range(0, examples_in(x), size):
            part = slice(start, start + size)
            of_x, of_y = (each(lambda array, part=part: array[part], given) for given in (x, y))
            n = examples_in(of_x)
            workspace = self.workspaces.get(n)
            if workspace is None:
                workspace = self.workspaces[n] = self.module.Workspace(n, params.flat.dtype)
            weights = None if self.examples.weights is None else self.examples.weights[of_y]
            share = n if weights is None else weights.sum()
            cost += share * self.module.loss(params, of_x, of_y, workspace)
            weight += share
            if self.examples.classes:
                predicted = self.module.predict(params, of_x, workspace)
                hits = self._hits(predicted, of_y)
                counted = np.ones(hits.shape, bool) if weights is None else weights > 0
                right += int(np.count_nonzero(hits & counted))
                labels += int(np.count_nonzero(counted))
                if self.examples.perplexity:
                    surprise += _surprises(predicted, of_y)[counted].sum()
        return Measured(
            float(cost / weight),
            right / labels if self.examples.classes else None,
            float(np.exp(surprise / labels)) if self.examples.perplexity else None,
        )

    def _hits(self, predicted: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Where predictions name the class of their target."""
        if self.examples.threshold is not None:
            hits: np.ndarray = (predicted > self.examples.threshold) == (y > self.examples.threshold)
            return hits
        labels = y if y.dtype.kind == "i" else y.argmax(axis=-1)
        return np.asarray(predicted.argmax(axis=-1) == labels)


def _surprises(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """-log p of every label, in nats; of the smallest number there is where p has become 0."""
    p = np.take_along_axis(probabilities, labels[..., None], -1)[..., 0]
    return np.asarray(-np.log(np.maximum(p, np.finfo(p.dtype).tiny), dtype=np.float64))


def _batch(y: Given) -> int:
    """How many examples at a time: as many as have PLACES labels, in reason."""
    places = max((prod(array.shape[1:]) for array in arrays_of(y) if array.dtype.kind == "i"), default=1)
    return max(FEWEST, min(BATCH, PLACES // places))
