"""Tensors that are another one some steps away, with a value of their own where that one ends: read where it stands.

    p[n,t,k] = h[n,t-1,k] + delta(t, 0)*h_0[n,k]
    z[n,t,j] = sum[k](p[n,t,k]*V[k,j])
    becomes
    z[n,t,j] = sum[k](h[n,t-1,k]*V[k,j])     with h_0 in the margin of h before its first step

So an initial state costs nothing in a step, nor does the gradient of a last one. Only a tensor of a recurrence has such
an edge, and only where nobody reads zeros there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from symbp.formula.equation import Equation
from symbp.formula.expression import Element, elements
from symbp.formula.recurrence import in_groups


@dataclass(frozen=True)
class Edge:
    """What stands before the first step of a tensor, or after its last: `value`, over the other indices, in order."""

    tensor: str
    after: bool
    indices: tuple[sp.Symbol, ...]
    value: sp.Expr
    equation: Equation


@dataclass(frozen=True)
class _Neighbour:
    """An equation that states another tensor `shift` steps away along an axis, and its edge where it has one."""

    equation: Equation
    of: str
    axis: int
    shift: int
    edge: Edge | None


def without_neighbours(passes: Sequence[Sequence[Equation]]) -> tuple[list[tuple[Equation, ...]], tuple[Edge, ...]]:
    """The equations of every pass without those that state a neighbour of a recurring tensor, and the edges found."""
    found = [tuple(equations) for equations in passes]
    edges: list[Edge] = []
    while True:
        every = [e for equations in found for e in equations]
        recurring = {
            tensor: (axis, group.axes)
            for equations in found
            for group in in_groups(equations)
            if group.direction
            for tensor, axis in group.axes.items()
        }
        candidates = (_neighbour(e, recurring) for e in every)
        taken = {(e.tensor, e.after) for e in edges}
        chosen = next((c for c in candidates if c is not None and _may_move(c, every, taken)), None)
        if chosen is None:
            return found, tuple(edges)
        edges += [] if chosen.edge is None else [chosen.edge]
        found = [
            tuple(_moved(e, chosen) for e in equations if e.target != chosen.equation.target) for equations in found
        ]


def _neighbour(equation: Equation, recurring: dict[str, tuple[int, Mapping[str, int]]]) -> _Neighbour | None:
    """The equation as a neighbour of a tensor of its recurrence, if it is one."""
    target = equation.target
    if target.tensor not in recurring:
        return None
    axis, together = recurring[target.tensor]
    index = target.indices[axis]
    terms = sp.Add.make_args(equation.body)
    reads = [t for t in terms if isinstance(t, Element) and t.tensor in together]
    if len(reads) != 1 or reads[0].tensor == target.tensor or not index.is_Symbol:
        return None
    (read,) = reads
    shift = read.indices[axis] - index if together[read.tensor] == axis else sp.Integer(0)
    others = [(i, j) for k, (i, j) in enumerate(zip(target.indices, read.indices, strict=False)) if k != axis]
    if len(read.indices) != len(target.indices) or any(i != j for i, j in others) or not (shift.is_Integer and shift):
        return None
    rest = [t for t in terms if t is not read]
    if not rest:
        return _Neighbour(equation, read.tensor, axis, int(shift), None)
    value = _at_end(rest, index, equation.sizes[index] - 1 if shift > 0 else sp.Integer(0))
    if value is None or abs(shift) != 1 or any(e.tensor in together for e in elements(value)):
        return None
    indices = tuple(i for k, i in enumerate(target.indices) if k != axis)
    edge = Edge(read.tensor, bool(shift > 0), indices, value, equation)
    return _Neighbour(equation, read.tensor, axis, int(shift), edge)


def _at_end(terms: Sequence[sp.Expr], index: sp.Symbol, end: sp.Expr) -> sp.Expr | None:
    """The sum of what stands beside a delta that puts each term at the end of the steps."""
    parts = []
    for term in terms:
        factors = sp.Mul.make_args(term)
        deltas = [f for f in factors if isinstance(f, sp.KroneckerDelta) and set(f.args) == {index, end}]
        part = sp.Mul(*(f for f in factors if f not in deltas))
        if len(deltas) != 1 or part.has(index):
            return None
        parts.append(part)
    return sp.Add(*parts)


def _may_move(found: _Neighbour, every: Sequence[Equation], taken: set[tuple[str, bool]]) -> bool:
    """Whether every read of the neighbour, moved, shows the same, and nobody reads zeros where the edge will be."""
    side = found.shift > 0
    for equation in every:
        for read in elements(equation.body):
            if read.tensor == found.equation.target.tensor:
                shift = _shift(equation, read, found.axis)
                if shift is None or shift * found.shift < 0:
                    return False
            elif read.tensor == found.of and found.edge is not None and equation is not found.equation:
                if not read.indices[found.axis].free_symbols & set(equation.sizes):
                    continue  # at one position, which is none of a margin
                shift = _shift(equation, read, found.axis)
                if shift is None or shift * found.shift > 0:
                    return False
    return found.edge is None or (found.of, side) not in taken


def _shift(equation: Equation, read: Element, axis: int) -> int | None:
    """How many steps a read is from an index; None where it is at no such place."""
    place = read.indices[axis]
    letters = [i for i in place.free_symbols if i in equation.sizes]
    away = place - letters[0] if len(letters) == 1 else sp.nan
    return int(away) if away.is_Integer else None


def _moved(equation: Equation, found: _Neighbour) -> Equation:
    reads = {}
    for read in elements(equation.body, found.equation.target.tensor):
        places = list(read.indices)
        places[found.axis] += found.shift
        name = sp.Symbol(found.of, **read.args[0].assumptions0)
        reads[read] = Element(name, *places)
    return replace(equation, body=equation.body.xreplace(reads))
