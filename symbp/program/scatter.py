"""Reads at integer positions, and their adjoint: deltas that no sum could resolve, as additions at positions.

a[n, y[n]]                                 gathered at (0..n-1, y)
p[n,k] - delta(k, y[n])                    p, then 1 subtracted at (0..n-1, y)
sum[n,t](delta(v, tok[n,t]) * g[n,t,d])    zeros, then g added at rows tok
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import sympy as sp

from symbp.formula.equation import Tensor
from symbp.formula.expression import Element, SumOver
from symbp.program.operations import Fill, Map, Op, Scalar, Scatter
from symbp.program.values import Builder, Value

if TYPE_CHECKING:
    from symbp.program.lower import Lowering


def copy_or_fill(builder: Builder, value: Value, axes: tuple[sp.Symbol, ...], out: str) -> Op:
    """The value repeated over `axes` into an array of its own."""
    if isinstance(value.operand, Scalar):
        return Fill(out, value.operand)
    return Map(out, "copy", (builder.aligned(value, axes),))


def open_deltas(lowering: Lowering, term: sp.Expr) -> list[sp.KroneckerDelta]:
    """Deltas between a free index of the left side and a label, among the factors of a term."""
    free = set(lowering.builder.equation.target.free_symbols)
    body = term
    bound: set[sp.Symbol] = set()
    found = []
    for factor in _factors(body):
        if isinstance(factor, SumOver):
            bound |= set(factor.bound)
            found += [f for f in _factors(factor.body) if isinstance(f, sp.KroneckerDelta)]
        elif isinstance(factor, sp.KroneckerDelta):
            found.append(factor)
    return [d for d in found if _position(d, free - bound) is not None]


def _factors(term: sp.Expr) -> tuple[sp.Expr, ...]:
    return tuple(sp.Mul.make_args(term))


def _position(delta: sp.KroneckerDelta, free: set[sp.Symbol]) -> tuple[sp.Symbol, Element] | None:
    """(k, y[n]) of delta(k, y[n]), where k is a free index; delta(n, y[n]) is a comparison."""
    for index, label in (delta.args, delta.args[::-1]):
        if index in free and isinstance(label, Element) and index not in label.free_symbols:
            return index, label
    return None


def scatter_term(lowering: Lowering, term: sp.Expr, base: Value | None) -> Value:
    """`base` (zeros where there is none) with the term added at the positions that its delta names."""
    builder = lowering.builder
    free = set(builder.equation.target.free_symbols)
    bound: tuple[sp.Symbol, ...] = ()
    outside: list[sp.Expr] = []
    inside: list[sp.Expr] = []
    for factor in _factors(term):
        if isinstance(factor, SumOver) and any(isinstance(f, sp.KroneckerDelta) for f in _factors(factor.body)):
            bound, inside = factor.bound, list(_factors(factor.body))
        else:
            outside.append(factor)
    factors = [*outside, *inside]
    deltas = [f for f in factors if isinstance(f, sp.KroneckerDelta) and _position(f, free) is not None]
    if len(deltas) != 1:
        raise builder.error(f"`{term}` scatters along {len(deltas)} indices")
    place = _position(deltas[0], free)
    assert place is not None
    index, label = place
    coefficient = sp.Mul(*(f for f in factors if f is not deltas[0]))
    if index in coefficient.free_symbols:
        coefficient = coefficient.xreplace({index: label})
    labels = lowering.element(label)
    source = lowering.value(SumOver(coefficient, *(b for b in bound if b not in labels.axes)))
    spread = [a for a in (*labels.axes, *source.axes) if a not in bound]
    axes = builder.sorted((index, *spread, *(base.axes if base is not None else ())))
    indices: list[str | None] = []
    for axis in axes:
        if axis == index:
            indices.append(_operand(builder, labels, labels.axes))
        elif axis in labels.axes:
            indices.append(_operand(builder, builder.range(axis), labels.axes))
        else:
            indices.append(None)
    kept = [a for a, i in zip(axes, indices, strict=True) if i is None]
    before = _whole_before(indices) or 0
    shown = (*kept[:before], *labels.axes, *kept[before:])
    operand = builder.aligned(source, shown) if source.axes else source.operand
    held = None
    if base is not None:
        held = base.array if base.axes == axes else _whole(builder, base, axes)
    out = builder.fresh("scattered", axes)
    builder.operations.append(Scatter(out, operand, tuple(indices), held, distinct=not set(labels.axes) & set(bound)))
    return Value(out, axes)


def _operand(builder: Builder, value: Value, axes: tuple[sp.Symbol, ...]) -> str:
    operand = builder.aligned(value, axes)
    assert isinstance(operand, str)
    return operand


def _whole(builder: Builder, value: Value, axes: tuple[sp.Symbol, ...]) -> str:
    out = builder.fresh("whole", axes)
    builder.operations.append(copy_or_fill(builder, value, axes, out))
    return out


def _whole_before(indices: Sequence[str | None]) -> int | None:
    """How many whole axes of `x[indices]` come before those of the labels; None where labels are not side by side.

    Those that are not come first.
    """
    labelled = [k for k, i in enumerate(indices) if i is not None]
    return labelled[0] if labelled[-1] - labelled[0] == len(labelled) - 1 else None


def gather(lowering: Lowering, read: Element, tensor: Tensor) -> Value:
    """`x[n, y[n], d]`: integer arrays for the labels and the indices they depend on, whole axes for the others."""
    builder = lowering.builder
    labels = {place: lowering.element(place) for place in read.indices if isinstance(place, Element)}
    together = tuple(dict.fromkeys(a for v in labels.values() for a in v.axes))
    indices: list[str | None] = []
    whole: list[sp.Symbol] = []
    for place in read.indices:
        if place in labels:
            indices.append(_operand(builder, labels[place], together))
        elif place in together:
            indices.append(_operand(builder, builder.range(place), together))
        elif place.is_Symbol and place in builder.order:
            indices.append(None)
            whole.append(place)
        else:
            raise builder.error(f"`{read}` mixes labels with windows")
    before = _whole_before(indices)
    if before is None:
        raise builder.error(f"`{read}` has labels on axes that are not side by side")
    axes = (*whole[:before], *together, *whole[before:])
    return builder.gather(read.tensor, tuple(indices), axes, tensor.kind)
