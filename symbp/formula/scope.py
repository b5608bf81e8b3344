"""What the names of a formula mean: the tensors it may read, its numbers, the rows it may call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sympy as sp

from symbp.formula.equation import Distribution, Kind, Role


@dataclass(frozen=True)
class Declared:
    """A tensor that the equations may read: its rank, its role, whether it holds integers, what it is drawn from."""

    rank: int
    role: Role
    kind: Kind = "float"
    distribution: Distribution = ""


@dataclass(frozen=True)
class CallableRow:
    """Another row that a formula may call with one argument: its equations, its argument and result, its defaults."""

    equations: str
    argument: str
    result: str
    scalars: Mapping[str, sp.Expr] = field(default_factory=dict)


@dataclass(frozen=True)
class Scope:
    """What the names of a formula mean."""

    tensors: Mapping[str, Declared]
    scalars: Mapping[str, sp.Symbol]
    outputs: tuple[str, ...]
    rows: Mapping[str, CallableRow] = field(default_factory=dict)
    reduction: str = "mean"
    states: tuple[str, ...] = ()  # tensors that equations may both read and assign
    stated: Mapping[str, str] = field(default_factory=dict)  # index letters whose size is not found by the axes read
    axis: int | None = None  # the axis between two `...`
    batched: bool = True  # whether the first axis of `...` is the batch
    orders: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # of axes, for `permute`
