"""The adjoint of reading through windows: a delta between a free index and a place, as additions to slices.

sum[p,u](delta(h, S*p + u - P) * g[n,p,u])       zeros, then for every u: out[n, u - P + S*p] += g[n,p,u] for all p
sum[p](delta(h, S*p + winner_u[n,p]) * g[n,p])   the same, for every u where it is the winner

What leaves the tensor falls into a border, which is cut off.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import sympy as sp

from symbp.formula.expression import Element, SumOver
from symbp.program import convolve, scatter
from symbp.program.affine import Affine, affine
from symbp.program.operations import Convolve, OverlapAdd, Product
from symbp.program.values import Builder, Value
from symbp.program.windows import runs, spelt

if TYPE_CHECKING:
    from symbp.program.lower import Lowering


@dataclass(frozen=True)
class Spread:
    """`sum[bound](product of deltas(index, place) * rest)`; `chosen` holds the values of the letters `over`."""

    places: dict[sp.Symbol, Affine]
    rest: sp.Expr
    bound: tuple[sp.Symbol, ...]
    over: tuple[sp.Symbol, ...] = ()
    chosen: Value | None = None


def spread_of(lowering: Lowering, node: sp.Expr) -> Spread | None:
    """The product, or the sum of one, as a spread, if its deltas have places in windows."""
    body, bound = (node.body, node.bound) if isinstance(node, SumOver) else (node, ())
    free = set(lowering.builder.equation.target.free_symbols) - set(bound)
    factors = sp.Mul.make_args(body)
    found: dict[sp.Symbol, sp.Expr] = {}
    for factor in factors:
        if isinstance(factor, sp.KroneckerDelta):
            for index, place in (factor.args, factor.args[::-1]):
                if index in free and index not in found and not place.free_symbols & {index}:
                    found[index] = place
                    break
            else:
                return None
    labels = [e for place in found.values() for e in place.atoms(Element)]
    if not any(place.free_symbols & set(bound) for place in found.values()) and len(labels) < 2:
        return None
    rest = sp.Mul(*(f for f in factors if not isinstance(f, sp.KroneckerDelta)))
    if not found or rest.free_symbols & set(found):
        return None
    winners = _winners(lowering, labels)
    if winners is None:
        return None
    chosen, over, known = winners
    letters = {*bound, *over}
    places = {h: affine(place.xreplace(known), letters, lowering.builder.numbers) for h, place in found.items()}
    steps = [letter for place in places.values() if place for letter in place.letters]
    if None in places.values() or len(set(steps)) < len(steps):
        return None
    return Spread({h: p for h, p in places.items() if p is not None}, rest, bound, over, chosen)


def _winners(
    lowering: Lowering, labels: list[Element]
) -> tuple[Value | None, tuple[sp.Symbol, ...], dict[Element, sp.Symbol]] | None:
    """The positions in windows that the labels were read from, and a new index for each label."""
    if not labels:
        return None, (), {}
    found = [lowering.shared.winners.get(label.tensor) for label in labels]
    known = [k for k in found if k is not None]
    arrays = {array for array, _, _ in known}
    if len(known) < len(labels) or len(arrays) > 1 or len({label.indices for label in labels}) > 1:
        return None
    sizes = known[0][2]
    if sorted(number for _, number, _ in known) != list(range(len(sizes))):
        return None
    over = tuple(lowering.builder.new_index("u", size) for size in sizes)
    by_label = {label: over[number] for label, (_, number, _) in zip(labels, known, strict=True)}
    return Value(arrays.pop(), labels[0].indices, "byte"), over, by_label


def added(lowering: Lowering, spread: Spread) -> Value:
    """Zeros with the rest added at the places."""
    builder = lowering.builder
    used = [letter for place in spread.places.values() for letter in place.letters]
    summed = tuple(b for b in spread.bound if b not in used)
    free = [a for a in builder.equation.target.free_symbols if a in spread.rest.free_symbols]
    out_axes = builder.sorted((*spread.places, *free, *(spread.chosen.axes if spread.chosen else ())))
    out_axes = tuple(a for a in out_axes if a not in spread.bound)
    places = [spread.places.get(a, Affine(0, ((a, 1),))) for a in out_axes]
    extents = builder.extents([letter for place in places for letter in place.letters])
    along = runs(places, spread.over, extents)
    source = lowering.total(spread.rest, summed, next((r for r in reversed(along) if r is not None), None))
    held = [letter for place in places for letter in place.letters if letter not in spread.over]
    lacks = [a for a in held if a not in source.axes]
    if not isinstance(source.operand, str) or (spread.chosen is not None and lacks):
        axes = tuple(held)
        whole = builder.fresh("whole", axes)
        builder.operations.append(scatter.copy_or_fill(builder, source, axes, whole))
        source, lacks = Value(whole, axes), []
    over = (*spread.over, *lacks)
    starts, shape = _bordered(lowering, out_axes, places, extents)
    inside = [p.moved(-start) for p, start in zip(places, starts, strict=True)]
    out = builder.fresh("overlap", (), shape=shape)
    by_blocks = None if over or "blocks of columns" in lowering.shared.without else _by_blocks(builder, source, inside)
    if by_blocks is None:
        order = tuple(r for r in runs(places, over, extents) if r is not None and r in source.axes)
        source = builder.turned(source, (*order, *(a for a in source.axes if a not in order)))
        chosen = None if spread.chosen is None else builder.turned(spread.chosen, source.axes).array
        builder.operations.append(OverlapAdd(out, source.array, spelt(builder, inside, source.axes, over), chosen))
    else:
        builder.operations[-1] = replace(by_blocks, out=out)
    whole_shape = tuple(builder.equation.sizes[a] for a in out_axes)
    if not all(map(builder.same, shape, whole_shape)):
        out = builder.shift(out, "float", tuple(-s for s in starts), whole_shape, sp.Integer(0))
    return Value(out, out_axes)


def _by_blocks(builder: Builder, source: Value, places: list[Affine]) -> Convolve | None:
    """What computes the source, if that is a product which can be added at the places by blocks."""
    last = builder.operations[-1] if builder.operations else None
    if not isinstance(last, Product) or last.out != source.operand:
        return None
    found = convolve.overlapped(builder, last, places, dict(zip(source.axes, last.out_axes, strict=True)))
    if found is not None:
        del builder.arrays[last.out]
    return found


def _bordered(
    lowering: Lowering, axes: tuple[sp.Symbol, ...], places: list[Affine], extents: dict[sp.Symbol, int]
) -> tuple[tuple[int, ...], tuple[sp.Expr, ...]]:
    """Where each axis starts, and how long it is, with what leaves the tensor."""
    builder = lowering.builder
    starts: list[int] = []
    shape: list[sp.Expr] = []
    for axis, place in zip(axes, places, strict=True):
        size = builder.equation.sizes[axis]
        low, high = (0, 0) if any(map(builder.is_batch, place.letters)) else place.range(extents)
        last = builder.count(size) - 1
        starts.append(min(low, 0))
        shape.append(size if low >= 0 and high <= last else sp.Integer(max(high, last) - min(low, 0) + 1))
    return tuple(starts), tuple(shape)
