"""One position of an axis: read as a view of it, and written as a part of a stack.

z[n,t,0,j]                                 z at position 0 of its third axis
delta(q, 0)*a[n,j] + delta(q, 2)*b[n,j]    a at position 0 along q, b at position 2, 0 elsewhere
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import sympy as sp

from symbp.formula.equation import Tensor
from symbp.formula.expression import Element
from symbp.program.operations import Pick, Scalar, Stack
from symbp.program.scatter import copy_or_fill
from symbp.program.values import Builder, Value

if TYPE_CHECKING:
    from symbp.program.lower import Lowering


def picked(lowering: Lowering, read: Element) -> Element | None:
    """The same read of a view that lacks the axes that are read at one position; None where that is outside."""
    builder = lowering.builder
    for axis in reversed(range(len(read.indices))):
        position = read.indices[axis]
        if not lowering.is_scalar(position):
            continue
        tensor = lowering.tensors[read.tensor]
        if _outside(builder, position, tensor.axes[axis]):
            return None
        axes = (*tensor.axes[:axis], *tensor.axes[axis + 1 :])
        out = builder.fresh(f"{read.tensor}_{position}" if position.is_Integer else read.tensor, (), tensor.kind, axes)
        builder.operations.append(Pick(out, read.tensor, axis, Scalar(position)))
        lowering.tensors[out] = Tensor(out, axes, tensor.role, tensor.kind)
        name = sp.Symbol(out, **read.args[0].assumptions0)
        read = Element(name, *read.indices[:axis], *read.indices[axis + 1 :])
    return read


def _outside(builder: Builder, position: sp.Expr, extent: sp.Expr) -> bool:
    """Whether a position is none of an axis, as far as numbers are known."""
    value, end = (e.xreplace(dict(builder.numbers)) for e in (position, extent))
    return bool(value.is_negative or (value - end).is_nonnegative)


def is_part(lowering: Lowering, term: sp.Expr) -> bool:
    """Whether a factor of the term says that it stands at one position of a free index."""
    return _place(lowering, term) is not None


def _place(lowering: Lowering, term: sp.Expr) -> tuple[sp.KroneckerDelta, sp.Symbol, sp.Expr] | None:
    """A delta among the factors of the term, its free index and its position."""
    free = lowering.builder.equation.target.free_symbols
    for factor in sp.Mul.make_args(term):
        if isinstance(factor, sp.KroneckerDelta):
            for index, position in (factor.args, factor.args[::-1]):
                if index in free and index in lowering.builder.order and lowering.is_scalar(position):
                    return factor, index, position
    return None


def stacked(lowering: Lowering, terms: Sequence[sp.Expr], base: Value | None) -> Value:
    """The terms at their positions, along one index after the other, added to `base` where there is one."""
    found: dict[sp.Symbol, dict[sp.Expr, list[sp.Expr]]] = {}
    for term in terms:
        place = _place(lowering, term)
        assert place is not None
        delta, index, position = place
        rest = sp.Mul(*(f for f in sp.Mul.make_args(term) if f != delta)).xreplace({index: position})
        found.setdefault(index, {}).setdefault(position, []).append(rest)
    for index, parts in found.items():
        base = _along(lowering, index, parts, base)
    assert base is not None
    return base


def _along(lowering: Lowering, index: sp.Symbol, parts: dict[sp.Expr, list[sp.Expr]], base: Value | None) -> Value:
    builder = lowering.builder
    positions = sorted(parts, key=sp.default_sort_key)
    values = [lowering.value(sp.Add(*parts[p])) for p in positions]
    held = base.axes if base is not None else ()
    axes = builder.sorted((index, *held, *(a for v in values for a in v.axes)))
    others = tuple(a for a in axes if a != index)
    arrays = tuple(_whole(lowering, v, others) for v in values)
    before = None if base is None else _whole(lowering, base, axes)
    out = builder.fresh("stack", axes)
    builder.operations.append(Stack(out, arrays, tuple(map(Scalar, positions)), axes.index(index), before))
    return Value(out, axes)


def _whole(lowering: Lowering, value: Value, axes: tuple[sp.Symbol, ...]) -> str:
    """An array of numbers over exactly these axes."""
    if value.axes == axes and value.kind == "float" and isinstance(value.operand, str):
        return value.operand
    out = lowering.builder.fresh("part", axes)
    lowering.builder.operations.append(copy_or_fill(lowering.builder, value, axes, out))
    return out
