"""The cost of a trained network on examples that it did not train on, and the figures that its target allows."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from types import ModuleType
from typing import Any

from symbp.training.compared import Compared, Tally
from symbp.training.dataset import Given, Pair, arrays_of, each, examples_in
from symbp.training.prepare import Examples

BATCH = 500  # examples at a time
PLACES = 4096  # labels at a time, where an example has one at each of many places
FEWEST = 16


@dataclass(frozen=True)
class Measured:
    """The mean cost of an example, and other figures (symbp/training/compared.py); None where there is none."""

    loss: float
    accuracy: float | None = None
    perplexity: float | None = None
    iou: float | None = None
    rmse: float | None = None


class Measure:
    """Measures with workspaces of its own, kept for the next time."""

    def __init__(self, module: ModuleType, examples: Examples) -> None:
        self.module = module
        self.compared = examples.compared
        self.workspaces: dict[int, Any] = {}

    def __call__(self, params: Any, pair: Pair) -> Measured:
        """Over all examples of a pair, a batch at a time."""
        size, cost, weight, tally = _batch(pair[1]), 0.0, 0.0, Tally(self.compared)
        for start in range(0, examples_in(pair[0]), size):
            part = slice(start, start + size)
            x, y = (each(lambda array, part=part: array[part], given) for given in pair)
            n = examples_in(x)
            workspace = self.workspaces.get(n)
            if workspace is None:
                workspace = self.workspaces[n] = self.module.Workspace(n, params.flat.dtype)
            share = self.compared.weight(y, n)
            cost += share * self.module.loss(params, x, y, workspace)
            weight += share
            if self.compared != Compared():
                tally.add(self.module.predict(params, x, workspace), (x, y))
        return Measured(cost / weight, tally.accuracy, tally.perplexity, tally.iou, tally.rmse)


def _batch(y: Given) -> int:
    """How many examples at a time: as many as have PLACES labels, in reason."""
    places = max((prod(array.shape[1:]) for array in arrays_of(y) if array.dtype.kind == "i"), default=1)
    return max(FEWEST, min(BATCH, PLACES // places))
