"""The update in runs: consecutive statements that make vectors, or single numbers; what BLAS does of it in one call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

import sympy as sp

from symbp.program.operations import Map, Scalar
from symbp.program.program import Array, Program, Statement


@dataclass(frozen=True)
class Run:
    """Consecutive statements that all make vectors, or all make `single` numbers."""

    single: bool
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class Addition:
    """`out = out + factor * other`, of vectors: one call of BLAS, `axpy`."""

    out: str
    other: str
    factor: sp.Expr


def runs(program: Program) -> Iterator[Run]:
    """Those of the update, in order."""
    items = program.items(("update",))
    statements = [item for item in items if isinstance(item, Statement)]
    grouped = groupby(statements, key=lambda s: not program.arrays[s.operations[-1].out].shape)
    return (Run(single, tuple(members)) for single, members in grouped)


def addition(run: Run, arrays: Mapping[str, Array]) -> Addition | None:
    """What a run does, where that is `w = w - eta*v` and no more."""
    if len(run.statements) > 1:
        return None
    match run.statements[0].operations:
        case (
            Map(out=part, function="multiply", operands=(str(other), Scalar(value)), where=None),
            Map(out=out, function="add" | "subtract" as function, operands=(into, added), where=None),
        ) if (into, added) == (out, part) and other != out and arrays[other].shape == arrays[out].shape:
            return Addition(out, other, value if function == "add" else -value)
    return None
