"""What a formula of tests/formulas.py and tests/formulas_recurrent.py is: its text, JAX's reference, its cases.

`given` declares the tensors: `x:2` has two axes, `tok:2i` holds integers; a capital makes a parameter. A case gives
every tensor a shape, integers the number of values that they may have; `letters` are sizes that no tensor shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """One choice of shapes, hyperparameters and sizes."""

    shapes: Mapping[str, Shape]
    scalars: Mapping[str, float] = field(default_factory=dict)
    letters: Mapping[str, int] = field(default_factory=dict)
    integers: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """A formula as text, what JAX makes of the same tensors, and cases."""

    text: str
    given: str
    reference: Callable[..., Any]
    cases: tuple[Case, ...]
    output: str = "y"
    positive: bool = False  # whether entries are drawn between 0.1 and 0.9


def case(scalars: str = "", letters: str = "", integers: str = "", **shapes: Shape) -> Case:
    """A case from texts such as `S=2 eps=0.5`, and a shape for each tensor."""

    def pairs(text: str) -> dict[str, float]:
        return {n: float(v) if "." in v else int(v) for n, v in (item.split("=") for item in text.split())}

    return Case(
        shapes,
        pairs(scalars),
        {n: int(v) for n, v in pairs(letters).items()},
        {n: int(v) for n, v in pairs(integers).items()},
    )
