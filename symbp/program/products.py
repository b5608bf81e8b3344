"""Which copies make a sum of products one matrix product, or a stack of them: the cheapest of all ways, in numbers.

The letters of `sum left[..] * right[..]` stand in four groups: the stack (in both operands and the result), the rows
(of the left), the columns (of the right) and what is summed. An array serves as a matrix as it stands where each group
is in one piece and one of the two groups comes last; any other is copied first, and what windows show always is. A
letter that one operand lacks may join the stack too: a product for each of its values, the operand repeated.

Not here: BLAS calls (a target's affair).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import TYPE_CHECKING

import sympy as sp

from symbp.program import convolve, windows
from symbp.program.operations import Contract, Op
from symbp.program.values import Value
from symbp.program.windows import LETTERS, Factor

if TYPE_CHECKING:
    from symbp.program.lower import Lowering

Axes = tuple[sp.Symbol, ...]
CALL = 500  # numbers copied in the time that one more product of a stack takes
ACROSS = 2  # how many times longer a number takes whose neighbours are not copied with it
AGAIN = 1 / 3  # the same of a number of a matrix that a product of a stack reads again, since BLAS lays it out anew


@dataclass(frozen=True)
class Groups:
    """An order of the letters within each group."""

    stack: Axes
    rows: Axes
    columns: Axes
    summed: Axes


@dataclass(frozen=True)
class Way:
    """How a product is computed: the order in which each array holds its letters, and the cost."""

    cost: float
    stack: Axes
    left: Axes
    right: Axes
    out: Axes


def contraction(lowering: Lowering, left: Factor, right: Factor, kept: Axes, last: sp.Symbol | None = None) -> Value:
    """The product of two factors that have a letter in common to sum over, its axes as `kept` where that is cheap.

    With `last`, any order is as good that ends with this letter.
    """
    ways = _ways(lowering, left, right, kept, last)
    way = next(ways) if "products" in lowering.shared.without else min(ways, key=lambda w: w.cost)
    builder = lowering.builder
    letter = dict(zip(dict.fromkeys((*way.left, *way.right)), LETTERS, strict=False))
    spelt = ["".join(letter[a] for a in axes) for axes in (way.left, way.right, way.out, way.stack)]
    product = Contract("", "", "", spelt[0], spelt[1], spelt[2], spelt[3])
    op: Op | None = convolve.of_columns(lowering, left, right, product, letter)
    if op is None:
        one, other = windows.materialized(lowering, left, way.left), windows.materialized(lowering, right, way.right)
        op = replace(product, left=one.array, right=other.array)
    out = builder.fresh("product", way.out)
    builder.operations.append(replace(op, out=out))
    return Value(out, way.out)


def inner(lowering: Lowering, left: Value, right: Value, kept: Axes) -> Value:
    """The product of two factors that share every letter: no matrices, but for rows that are multiplied in pairs."""
    builder = lowering.builder
    out = builder.fresh("product", kept)
    letter = dict(zip(left.axes, LETTERS, strict=False))
    first, second, made = ("".join(letter[a] for a in axes) for axes in (left.axes, right.axes, kept))
    builder.operations.append(Contract(out, left.array, right.array, first, second, made, stack=made))
    return Value(out, kept)


def _ways(lowering: Lowering, left: Factor, right: Factor, kept: Axes, last: sp.Symbol | None) -> Iterator[Way]:
    builder = lowering.builder
    extents = builder.extents({*left.axes, *right.axes})

    def numbers(axes: Sequence[sp.Symbol]) -> int:
        return prod(extents[a] for a in axes)

    both = [a for a in left.axes if a in right.axes]
    alone = [a for a in kept if (a in left.axes) != (a in right.axes)]
    for extra in ((), *((a,) for a in alone)):
        stacks = {tuple(a for a in f.axes if a in both and a in kept) for f in (left, right)}
        stacks |= {tuple(a for a in kept if a in both)}
        row_letters = [a for a in left.axes if a not in both and a not in extra]
        column_letters = [a for a in right.axes if a not in both and a not in extra]
        rows = {tuple(a for a in f if a in row_letters) for f in (left.axes, kept)}
        columns = {tuple(a for a in f if a in column_letters) for f in (right.axes, kept)}
        summed = {tuple(a for a in f.axes if a in both and a not in kept) for f in (left, right)}
        for orders in product(*(sorted(o, key=str) for o in (stacks, rows, columns, summed))):
            by = Groups((*extra, *orders[0]), *orders[1:])
            one = _side(lowering, left, by.stack, by.rows, by.summed)
            other = _side(lowering, right, by.stack, by.summed, by.columns)
            results = [(*by.stack, *by.rows, *by.columns), (*by.stack, *by.columns, *by.rows)]
            straight = [kept] if fits(kept, by.stack, by.rows, by.columns) else []
            for out in (*straight, *results):
                ends = last is not None and last in kept
                turning = (0 if out[-1] == last else ACROSS) if ends else _turning(out, kept)
                again = sum(numbers(f.axes) for f in (left, right) if not {*by.stack} <= {*f.axes})
                calls = (CALL + AGAIN * again) * numbers(by.stack) if by.stack else 0
                yield Way(one[0] + other[0] + turning * numbers(out) + calls, by.stack, one[1], other[1], out)


def _side(lowering: Lowering, factor: Factor, stack: Axes, one: Axes, other: Axes) -> tuple[float, Axes]:
    """The cost of having the factor as matrices, and the order in which it is held."""
    held = tuple(a for a in stack if a in factor.axes)
    if isinstance(factor, Value) and fits(factor.axes, held, one, other):
        return 0, factor.axes
    count = prod(lowering.builder.extents(factor.axes).values())
    best: tuple[float, Axes] | None = None
    for order in dict.fromkeys(((*held, *one, *other), (*held, *other, *one))):
        cost = _copying(lowering, factor, order) * count
        if best is None or cost < best[0]:
            best = cost, order
    assert best is not None
    return best


def _copying(lowering: Lowering, factor: Factor, order: Axes) -> float:
    """The cost for each number of having the factor in this order."""
    if isinstance(factor, Value):
        return _turning(factor.axes, order)
    if order in windows.known_orders(lowering, factor) or windows.stands_as(lowering.builder, factor, order):
        return 0
    extents = lowering.builder.extents(factor.axes)
    runs = windows.runs(factor.places, (), extents)
    if order[-1] not in runs:
        return 2 * ACROSS
    often = prod(extents.values()) >= windows.OFTEN * prod(
        map(lowering.builder.count, lowering.builder.shape(factor.array))
    )
    return 1 if often or order[-1] == runs[-1] else ACROSS


def _turning(axes: Axes, order: Axes) -> int:
    """The cost for each number of copying an array with these axes into another order."""
    if axes == order:
        return 0
    return 1 if axes[-1] == order[-1] else ACROSS


def fits(axes: Axes, stack: Axes, one: Axes, other: Axes) -> bool:
    """Whether an array with these axes is a stack of matrices with these groups of letters as it stands."""
    for group in (one, other):
        if group:
            start = axes.index(group[0])
            if axes[start : start + len(group)] != group:
                return False
    return not stack or not (one or other) or axes[-1] not in stack
