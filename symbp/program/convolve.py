"""Products with windows, a block at a time: columns that stay in a cache, and are never whole.

    out[o,p,n] = sum[c,u](w[o,c,u] * x[c,p+u,n])    for a block of p: its columns, then a product
    out[o,c,u] = sum[p,n](d[o,p,n] * x[c,p+u,n])    the same, and the products of all blocks are added
    out[c,p+u,n] += sum[o](w[o,c,u] * d[o,p,n])     for a block of p: a product, then an overlap of it

The backward pass makes the columns anew, which costs little beside a product, and the forward pass keeps none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import sympy as sp

from symbp.forward.network import BATCH
from symbp.program import windows
from symbp.program.affine import Affine
from symbp.program.operations import Convolve, Place, Product
from symbp.program.slices import leads, sliced
from symbp.program.windows import Factor, Windowed

if TYPE_CHECKING:
    from symbp.program.lower import Lowering
    from symbp.program.values import Builder

Axes = tuple[sp.Symbol, ...]


def of_columns(
    lowering: Lowering, left: Factor, right: Factor, product: Product, letter: Mapping[sp.Symbol, str]
) -> Convolve | None:
    """The product of an array and of what windows show of another, by blocks; None where it has no such blocks.

    `letter` says what the product calls each index.
    """
    builder = lowering.builder
    if "blocks of columns" in lowering.shared.without:
        return None
    index = {spelt: a for a, spelt in letter.items()}
    orders = [tuple(index[a] for a in axes) for axes in (product.left_axes, product.right_axes)]
    places = [
        _spelt(factor.places, letter)
        if isinstance(factor, Windowed) and not windows.stands_as(builder, factor, order)
        else ()
        for factor, order in zip((left, right), orders, strict=True)
    ]
    sizes = {spelt: builder.equation.sizes[a] for spelt, a in index.items()}
    if all(places) or _block(builder, _convolve(product, *places), sizes) is None:
        return None
    for k, factor in enumerate((left, right)):
        if places[k] and isinstance(factor, Windowed):
            array, inside = windows.inside(builder, factor, orders[k], ())
            places[k] = _spelt(inside, letter)
        else:
            array = windows.materialized(lowering, factor, orders[k]).array
        product = replace(product, left=array) if k == 0 else replace(product, right=array)
    return _block(builder, _convolve(product, *places), sizes)


def overlapped(
    builder: Builder, product: Product, places: Sequence[Affine], letter: Mapping[sp.Symbol, str]
) -> Convolve | None:
    """The product added to an array at places, by blocks; None where it has no such blocks."""
    sizes = {a: size for axes, name in product.held for a, size in zip(axes, builder.shape(name), strict=True)}
    whole = product if isinstance(product, Convolve) else _convolve(product)
    return _block(builder, replace(whole, out_places=_spelt(places, letter)), sizes)


def _convolve(product: Product, left: tuple[Place, ...] = (), right: tuple[Place, ...] = ()) -> Convolve:
    axes = product.left_axes, product.right_axes, product.out_axes
    operands = product.out, product.left, product.right
    return Convolve(*operands, *axes, product.stack, left_places=left, right_places=right)


def _spelt(places: Sequence[Affine], letter: Mapping[sp.Symbol, str]) -> tuple[Place, ...]:
    return tuple(Place(p.start, tuple((letter[a], step) for a, step in p.steps)) for p in places)


def _block(builder: Builder, product: Convolve, sizes: Mapping[str, sp.Expr]) -> Convolve | None:
    """The product with the letter of its blocks, which runs in slices, leads its group and, where it can, slides.

    Of several it is one that is not summed, and of those the first: a slice for a block is then still long.
    """
    extents = {a: builder.count(size) for a, size in sizes.items()}
    batch = {a for a, size in sizes.items() if not builder.known(size)}
    candidates = [a for a in sizes if leads(product, a)]
    good = set(batch)
    for _, _, places in product.columns:
        running = {sliced(place.steps, (), extents): dict(place.steps) for place in places}
        steps = {a for place in places for a, _ in place.steps}
        candidates = [a for a in candidates if a not in steps or (a in running and running[a][a] > 0)]
        good |= {a for a, others in running.items() if a is not None and len(others) > 1}
    letters = "".join(axes for axes, _, _ in product.columns)
    candidates = [a for a in candidates if a in letters]
    if not candidates:
        return None
    block = max(candidates, key=lambda a: (extents[a] > 1, a in good, a in product.out_axes, -letters.index(a)))
    held = {a for axes, _ in product.held for a in axes}
    others = {a: BATCH if a in batch else extents[a] for a in sizes if a not in held}
    return replace(product, block=block, extents=tuple(others.items()))
