"""The cost and the accuracy of a trained network on examples that it did not train on."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from symbp.training.dataset import Pair, each, examples_in
from symbp.training.prepare import Examples

BATCH = 500  # examples at a time


@dataclass(frozen=True)
class Measured:
    """The mean cost of an example, and the fraction whose class is right; None where the targets are no classes."""

    loss: float
    accuracy: float | None


class Measure:
    """Measures with workspaces of its own, kept for the next time."""

    def __init__(self, module: ModuleType, examples: Examples) -> None:
        self.module = module
        self.examples = examples
        self.workspaces: dict[int, Any] = {}

    def __call__(self, params: Any, pair: Pair) -> Measured:
        """Over all examples of a pair, a batch at a time."""
        x, y = pair
        total, right, examples = 0.0, 0, examples_in(x)
        for start in range(0, examples, BATCH):
            part = slice(start, start + BATCH)
            of_x, of_y = (each(lambda array, part=part: array[part], given) for given in (x, y))
            n = examples_in(of_x)
            workspace = self.workspaces.get(n)
            if workspace is None:
                workspace = self.workspaces[n] = self.module.Workspace(n, params.flat.dtype)
            total += n * self.module.loss(params, of_x, of_y, workspace)
            if self.examples.classes:
                right += self._right(self.module.predict(params, of_x, workspace), of_y)
        return Measured(total / examples, right / examples if self.examples.classes else None)

    def _right(self, predicted: np.ndarray, y: np.ndarray) -> int:
        """How many predictions name the class of their target."""
        if self.examples.threshold is not None:
            return int(np.count_nonzero((predicted > self.examples.threshold) == (y > self.examples.threshold)))
        labels = y if y.ndim == 1 else y.argmax(axis=-1)
        return int(np.count_nonzero(predicted.argmax(axis=-1) == labels))
