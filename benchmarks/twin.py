"""Another implementation beside a generated module: the same parameters, the same batches, a step at a time.

How far they are apart is told for each tensor of parameters by max |a - b| / max |b|, b being the other's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

TOLERANCE = 1e-9  # relative, float64: rounding is 1e-16 a step, and training may amplify it

Batches = Iterable[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Agreement:
    """The worst relative disagreement of any tensor after any of `steps` steps, and where it was."""

    worst: float
    tensor: str
    step: int
    steps: int

    @property
    def holds(self) -> bool:
        """Whether steps were taken and none of them parted the two; NaN is no agreement."""
        return self.steps > 0 and self.worst <= TOLERANCE


@dataclass(frozen=True)
class Twin:
    """`step` takes a batch and gives the cost before the update; `parameters` are views, by the module's names.

    `forward` gives the network's output.
    """

    step: Callable[[np.ndarray, np.ndarray], float]
    parameters: Mapping[str, np.ndarray]
    forward: Callable[[np.ndarray], np.ndarray]


def follow(trainer: Any, twin: Twin, batches: Batches) -> Agreement:
    """Train both on the batches and compare every tensor after every step."""
    worst, where, after, steps = 0.0, "", 0, 0
    for steps, (x, y) in enumerate(batches, 1):
        trainer.step(x, y)
        twin.step(x, y)
        for name, ours in trainer.params.items():
            error = disagreement(ours, twin.parameters[name])
            if error > worst or np.isnan(error):
                worst, where, after = error, name, steps
    return Agreement(worst, where, after, steps)


def disagreement(ours: np.ndarray, theirs: np.ndarray) -> float:
    """max |a - b| / max |b|; the difference itself where b is 0 throughout."""
    return float(np.abs(ours - theirs).max() / (np.abs(theirs).max() or 1.0))
