"""Reads through windows: `x[n,c,S*p+u-P,S*q+v]` as columns, and sums, maxima and winners over windows.

    as it stands     one letter along every axis, or letters that take one value beside it: a view
    moved            one letter along every axis, moved: a copy, with a border where it leaves the tensor
    through windows  several letters along an axis: no array yet, until an operation says in which order it wants them

Whatever leaves the tensor is read from a copy with a border, so that every operation on windows stays inside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Literal

import sympy as sp

from symbp.formula.expression import Element, Flat
from symbp.program.affine import Affine, affine
from symbp.program.operations import Columns, Place, Pool, View, Windows, Winners
from symbp.program.program import ArrayKind
from symbp.program.slices import sliced
from symbp.program.values import Value

if TYPE_CHECKING:
    from symbp.program.lower import Lowering
    from symbp.program.values import Builder

LETTERS = "abcdefghijklmnopqrstuvwxyz"
OFTEN = 3  # a tensor that is read this many times over is first copied into the order in which it is read
BYTE = 255  # the greatest position that a byte holds


@dataclass(frozen=True)
class Windowed:
    """What `places` show of an array, in no array of its own yet; the letters come in the order of the places."""

    array: str
    places: tuple[Affine, ...]
    border: sp.Expr
    kind: ArrayKind = "float"
    tensor: str = ""  # which the array holds, perhaps with its axes split

    @property
    def axes(self) -> tuple[sp.Symbol, ...]:
        return tuple(letter for place in self.places for letter in place.letters)


Factor = Value | Windowed


def read(
    lowering: Lowering, node: Element, source: str, places: Sequence[sp.Expr], kind: ArrayKind, border: sp.Expr
) -> Factor:
    """The read of an array at affine places."""
    builder = lowering.builder
    found = [affine(place, builder.order, builder.numbers) for place in places]
    letters = [letter for place in found if place is not None for letter in place.letters]
    if None in found or len(set(letters)) < len(letters):
        raise builder.error(f"`{node}` is read at places that are not affine, or along a diagonal")
    windowed = Windowed(source, tuple(p for p in found if p is not None), border, kind, node.tensor)
    if all(len(p.steps) == 1 and p.steps[0][1] == 1 for p in windowed.places):
        starts = tuple(p.start for p in windowed.places)
        shape = tuple(builder.equation.sizes[letter] for letter in letters)
        if not any(starts) and all(map(builder.same, shape, builder.shape(source))):
            return Value(source, tuple(letters), kind)
        return Value(builder.shift(source, kind, starts, shape, border), tuple(letters), kind)
    return windowed


def materialized(lowering: Lowering, factor: Factor, order: Sequence[sp.Symbol] | None = None) -> Value:
    """The factor in an array, its letters in the given order."""
    builder = lowering.builder
    order = tuple(factor.axes if order is None else order)
    if isinstance(factor, Value):
        return factor if factor.axes == order else builder.copied(factor, order, "copy")
    if stands_as(builder, factor, order):
        out = builder.fresh("view", order, factor.kind)
        builder.operations.append(View(out, factor.array, tuple(range(len(factor.places)))))
        return Value(out, order, factor.kind)
    operand, places = inside(builder, factor, order, ())
    out = builder.fresh("columns", order, factor.kind)
    builder.operations.append(Columns(out, operand, spelt(builder, places, order, ())))
    lowering.shared.columns.setdefault(signature(factor), set()).add(permutation(factor, order))
    return Value(out, order, factor.kind)


def stands_as(builder: Builder, factor: Windowed, order: Sequence[sp.Symbol]) -> bool:
    """Whether the array as it stands is the columns in this order: all letters but one of an axis take one value."""
    extents = builder.extents(factor.axes)
    plain: list[sp.Symbol] = []
    for place, size in zip(factor.places, builder.shape(factor.array), strict=True):
        wide = [(a, step) for a, step in place.steps if extents[a] > 1 or builder.is_batch(a)]
        if place.start or len(wide) > 1 or any(step != 1 for _, step in wide):
            return False
        if prod(extents[a] for a, _ in wide) != builder.count(size):
            return False
        plain += [a for a, _ in wide]
    return [a for a in order if a in plain] == plain


def signature(factor: Windowed) -> tuple[object, ...]:
    """The same for two reads that differ in the names of their letters."""
    places = tuple((p.start, tuple(step for _, step in p.steps)) for p in factor.places)
    return (factor.tensor, factor.border, places)


def has_columns(lowering: Lowering, node: Element) -> bool:
    """Whether the columns of this read exist already, in any order."""
    places = [p for place in node.indices for p in (place.args if isinstance(place, Flat) else (place,))]
    found = [affine(p, lowering.builder.order, lowering.builder.numbers) for p in places]
    windowed = Windowed("", tuple(p for p in found if p is not None), sp.S.Zero, tensor=node.tensor)
    return None not in found and signature(windowed) in lowering.shared.columns


def known_orders(lowering: Lowering, factor: Windowed) -> list[tuple[sp.Symbol, ...]]:
    """Orders in which the columns of the same read exist already."""
    orders = lowering.shared.columns.get(signature(factor), set())
    return [tuple(factor.axes[k] for k in permutation) for permutation in sorted(orders)]


def permutation(factor: Windowed, order: Sequence[sp.Symbol]) -> tuple[int, ...]:
    return tuple(factor.axes.index(a) for a in order)


def reduced(lowering: Lowering, function: Literal["sum", "max"], factor: Factor, over: Sequence[sp.Symbol]) -> Value:
    """The sum or maximum over letters: of windows by their slices, of anything else by a fold."""
    if isinstance(factor, Windowed):
        builder = lowering.builder
        extents = builder.extents(factor.axes)
        narrow: list[sp.Symbol] = []
        for place in factor.places:
            if len(place.steps) > 1:
                widest = max(place.letters, key=lambda a: (a not in over, extents[a]))
                narrow += [a for a in place.letters if a in over and a != widest]
        if narrow:
            kept = builder.sorted(a for a in factor.axes if a not in narrow)
            ordered = _in_order(narrow, over)
            operand, places = inside(builder, factor, kept, ordered)
            out = builder.fresh(function, kept)
            builder.operations.append(Pool(out, function, operand, spelt(builder, places, kept, ordered)))
            factor = Value(out, kept)
        else:
            factor = materialized(lowering, factor)
    rest = [a for a in over if a in factor.axes]
    return lowering.builder.fold(function, factor, rest) if rest else factor


def winners(lowering: Lowering, factor: Factor, bound: Sequence[sp.Symbol]) -> Value:
    """Where along `bound`, counted row-major, the factor is first the greatest; found once for each factor."""
    builder, original = lowering.builder, factor
    if isinstance(factor, Value):
        places = tuple(Affine(0, ((a, 1),)) for a in factor.axes)
        factor = Windowed(factor.array, places, sp.S.Zero, factor.kind, factor.array)
    kept = builder.sorted(a for a in factor.axes if a not in bound)
    kind: ArrayKind = "byte" if prod(builder.extents(bound).values()) <= BYTE else "int"
    key = (signature(factor), permutation(factor, (*bound, *kept)))
    if key not in lowering.shared.positions:
        best = reduced(lowering, "max", original, bound)
        operand, seen = inside(builder, factor, kept, tuple(bound))
        out = lowering.shared.positions[key] = builder.fresh("winner", kept, kind)
        builder.operations.append(Winners(out, operand, best.array, spelt(builder, seen, kept, tuple(bound))))
    return Value(lowering.shared.positions[key], kept, kind)


def _in_order(letters: Sequence[sp.Symbol], like: Sequence[sp.Symbol]) -> tuple[sp.Symbol, ...]:
    return tuple(a for a in like if a in letters)


def inside(
    builder: Builder, factor: Windowed, order: tuple[sp.Symbol, ...], over: tuple[sp.Symbol, ...]
) -> tuple[str, list[Affine]]:
    """An array that the windows do not leave, its axes in the order in which `order` has their slices; the places."""
    extents = builder.extents(factor.axes)
    axes = _axes_in_order(factor.places, order, over, extents)
    places = [factor.places[a] for a in axes]
    sizes = [builder.shape(factor.array)[a] for a in axes]
    ranges = [(0, 0) if _is_batch(builder, p) else p.range(extents) for p in places]
    leaves = [
        not _is_batch(builder, p) and (low < 0 or high >= builder.count(size))
        for p, size, (low, high) in zip(places, sizes, ranges, strict=True)
    ]
    array = factor.array
    if axes != tuple(range(len(axes))):
        turned = builder.fresh("turned", (), factor.kind, tuple(sizes))
        builder.operations.append(View(turned, array, axes))
        again = prod(extents[a] for a in (*order, *over)) >= OFTEN * prod(map(builder.count, sizes))
        if again and not any(leaves) and axes[-1] != len(axes) - 1:
            whole = builder.shift(turned, factor.kind, (0,) * len(axes), tuple(sizes), factor.border)
            turned = whole
        array = turned
    if any(leaves):
        starts = tuple(low if out else 0 for (low, _), out in zip(ranges, leaves, strict=True))
        shape = tuple(
            sp.Integer(high - low + 1) if out else size
            for (low, high), out, size in zip(ranges, leaves, sizes, strict=True)
        )
        array = builder.shift(array, factor.kind, starts, shape, factor.border)
        places = [p.moved(-start) for p, start in zip(places, starts, strict=True)]
    return array, places


def _is_batch(builder: Builder, place: Affine) -> bool:
    return any(map(builder.is_batch, place.letters))


def _axes_in_order(
    places: Sequence[Affine], order: Sequence[sp.Symbol], over: Sequence[sp.Symbol], extents: Mapping[sp.Symbol, int]
) -> tuple[int, ...]:
    """The axes by where `order` has the letter that runs along them in a slice; axes without one last."""
    letters = runs(places, over, extents)

    def position(axis: int) -> int:
        letter = letters[axis]
        return len(order) if letter is None else order.index(letter)

    return tuple(sorted(range(len(places)), key=position))


def runs(
    places: Sequence[Affine], over: Sequence[sp.Symbol], extents: Mapping[sp.Symbol, int]
) -> tuple[sp.Symbol | None, ...]:
    """The letter that runs along each axis in a slice, if any."""
    return tuple(sliced(place.steps, over, extents) for place in places)


def spelt(builder: Builder, places: Sequence[Affine], axes: Sequence[sp.Symbol], over: Sequence[sp.Symbol]) -> Windows:
    """The windows with a letter of the operation for each index."""
    extents = builder.extents(over)
    letter = dict(zip((*axes, *over), LETTERS, strict=False))
    return Windows(
        "".join(letter[a] for a in axes),
        tuple(Place(p.start, tuple((letter[a], step) for a, step in p.steps)) for p in places),
        tuple((letter[a], extents[a]) for a in over),
    )
