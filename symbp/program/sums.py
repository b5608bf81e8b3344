"""Sums and products: terms added smallest first, factors multiplied smallest first, sums of products contracted.

A sum over indices is a contraction where two factors are left, and a fold where one is. A factor whose indices another
factor has is multiplied into it first, unless that is a product of a matrix and a vector or all there is to fold; more
than two that remain are contracted in pairs, cheapest first. What windows show stays without an array until a product
or a fold needs it.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import sympy as sp

from symbp.formula.expression import SumOver, positive_part, softplus
from symbp.program import overlap, parts, products, scatter, variables
from symbp.program.values import Value
from symbp.program.windows import Factor, materialized, reduced

if TYPE_CHECKING:
    from symbp.program.lower import Lowering


def add(lowering: Lowering, node: sp.Add) -> Value:
    """Terms over few indices before terms over many, positive before negative; terms with deltas scattered last.

    Terms that stand at one position of an index are parts of a stack, to which the others are the base. Of a softplus,
    max(x, 0) joins the others first, and what it is more than that comes after them.
    """
    builder = lowering.builder
    terms = node.as_ordered_terms()
    placed = [t for t in terms if parts.is_part(lowering, t)]
    if placed:
        others = [t for t in terms if t not in placed]
        return parts.stacked(lowering, placed, lowering.value(sp.Add(*others)) if others else None)
    if (split := _softplus_split(node)) is not None:
        first, x, minus = split
        operands = lowering.value(first), lowering.log1p_exp(lowering.value(x))
        return builder.map("subtract" if minus else "add", *operands)
    deltas = [t for t in terms if scatter.open_deltas(lowering, t)]
    number = sp.Add(*(t for t in terms if lowering.is_scalar(t)))
    rest = [t for t in terms if t not in deltas and not lowering.is_scalar(t)]
    values: list[tuple[Value, bool]] = []
    for term in rest:
        minus = term.could_extract_minus_sign()
        values.append((lowering.value(-term if minus else term), minus))
    if number != 0:
        minus = number.is_negative is True
        values.append((builder.scalar(-number if minus else number), minus))
    values.sort(key=lambda pair: (len(pair[0].axes), pair[1]))
    if values and values[0][1] and (positive := next((p for p in values if not p[1]), None)):
        values.remove(positive)
        values.insert(0, positive)
    total: Value | None = None
    for value, minus in values:
        if total is None:
            total = _negated(lowering, value) if minus else value
        else:
            if total.kind == value.kind == "bool":  # of which NumPy has no difference, and whose sum is a mask
                total = builder.map("copy", total)
            total = builder.map("subtract" if minus else "add", total, value)
    for term in deltas:
        total = scatter.scatter_term(lowering, term, total)
    assert total is not None
    return total


def _softplus_split(node: sp.Add) -> tuple[sp.Expr, sp.Expr, bool] | None:
    """max(x, 0) and the other terms, which may cancel, beside softplus(x) = max(x, 0) + log1p(exp(-|x|)); and x.

    And whether the softplus is subtracted.
    """
    for sign in (1, -1):
        for term in node.args:
            if isinstance(sign * term, softplus):
                x = (sign * term).args[0]
                return sp.Add(*(t for t in node.args if t != term), sign * positive_part(x)), x, sign < 0
    return None


def multiply(lowering: Lowering, node: sp.Mul) -> Value:
    """A product: deltas scattered, numbers with the smallest factor, what is below the line divided by once."""
    if (spread := overlap.spread_of(lowering, node)) is not None:
        return overlap.added(lowering, spread)
    if parts.is_part(lowering, node):
        return parts.stacked(lowering, [node], None)
    if scatter.open_deltas(lowering, node):
        return scatter.scatter_term(lowering, node, None)
    number, above, below = split_factors(lowering, node)
    return quotient(lowering, number, [lowering.value(f) for f in above], [lowering.value(f) for f in below])


def split_factors(lowering: Lowering, node: sp.Expr) -> tuple[sp.Expr, list[sp.Expr], list[sp.Expr]]:
    """The number in a product, its factors above the line, and those below."""
    number: sp.Expr = sp.Integer(1)
    above: list[sp.Expr] = []
    below: list[sp.Expr] = []
    for factor in node.as_ordered_factors():
        if lowering.is_scalar(factor):
            number = number * factor
        elif isinstance(factor, sp.Pow) and factor.exp.could_extract_minus_sign():
            below.append(factor.base**-factor.exp)
        else:
            above.append(factor)
    return number, above, below


def quotient(lowering: Lowering, number: sp.Expr, above: list[Value], below: list[Value]) -> Value:
    """number * product(above) / product(below), what has the indices of the divisor alone divided first."""
    builder = lowering.builder
    bottom = _product(lowering, below) if below else None
    minus = number == -1 and bool(above)  # another number holds its sign
    if minus:
        number = sp.Integer(1)
    small = [v for v in above if bottom is not None and v.axes and set(v.axes) <= set(bottom.axes)]
    large = [v for v in above if v not in small]
    if bottom is not None and small and large:
        above, bottom = [*large, quotient(lowering, number, small, [bottom])], None
    elif number != 1:
        above = [*above, builder.scalar(number)]
    top = _product(lowering, above) if above else builder.scalar(number)
    if bottom is not None:
        top = builder.map("divide", top, bottom)
    if not minus:
        return top
    return _negated(lowering, top)


def _negated(lowering: Lowering, value: Value) -> Value:
    """The value with the other sign; a mask times -1, since NumPy has no negative of one."""
    builder = lowering.builder
    if value.kind == "bool":
        return builder.map("multiply", value, builder.scalar(sp.Integer(-1)))
    return builder.map("negative", value)


def _product(lowering: Lowering, values: list[Value]) -> Value:
    ordered = sorted(values, key=lambda v: len(v.axes))
    if len(ordered) > 1 and not ordered[0].axes and not isinstance(ordered[0].operand, str):
        ordered[0], ordered[1] = ordered[1], ordered[0]  # an array first: z * 2
    total = ordered[0]
    for value in ordered[1:]:
        if total.kind == "bool" and value.kind == "bool":
            total = lowering.builder.map("logical_and", total, value)
        else:
            total = lowering.builder.map("multiply", total, value)
    return total


def sum_over(lowering: Lowering, node: SumOver) -> Value:
    """A sum over indices: contraction, fold, or scatter where a delta stands in it."""
    node = variables.changed(lowering, node)
    if (spread := overlap.spread_of(lowering, node)) is not None:
        return overlap.added(lowering, spread)
    if scatter.open_deltas(lowering, node):
        return scatter.scatter_term(lowering, node, None)
    return total(lowering, node.body, node.bound)


def total(lowering: Lowering, body: sp.Expr, bound: tuple[sp.Symbol, ...], last: sp.Symbol | None = None) -> Value:
    """The sum of a product over indices; with `last`, its axes come in any order that ends with this one."""
    number, above, below = split_factors(lowering, body)
    over = [b for b in bound if any(b in f.free_symbols for f in (*above, *below))]
    number = number * sp.Mul(*(lowering.builder.equation.sizes[b] for b in bound if b not in over))
    factors = [f for node in above for f in _factors(lowering, node, len(above) == 1 and not below)]
    if below:
        factors.append(quotient(lowering, sp.Integer(1), [], [lowering.value(f) for f in below]))
    if not factors:
        return lowering.builder.scalar(number)
    result = contract(lowering, factors, tuple(over), last)
    return result if number == 1 else quotient(lowering, number, [result], [])


def _factors(lowering: Lowering, node: sp.Expr, alone: bool) -> list[Factor]:
    """The node as one factor; a square that stands alone as two, since the sum of squares is a product of x and x."""
    if alone and isinstance(node, sp.Pow) and node.exp == 2:
        root = lowering.value(node.base)
        return [root, replace(root)] if root.kind == "float" else [lowering.builder.map("square", root)]
    return [lowering.factor(node)]


def contract(
    lowering: Lowering, factors: list[Factor], over: tuple[sp.Symbol, ...], last: sp.Symbol | None = None
) -> Value:
    """The sum over these indices of the product of the factors."""
    factors = _absorbed(lowering, factors, over)
    while len(factors) > 1:
        pairs = combinations(factors, 2)
        written = "products" in lowering.shared.without
        one, other = next(pairs) if written else min(pairs, key=lambda pair: _cost(lowering, pair, factors, over))
        rest = [f for f in factors if f is not one and f is not other]
        later = {a for f in rest for a in f.axes}
        kept = lowering.builder.sorted(a for a in (*one.axes, *other.axes) if a not in over or a in later)
        product = _contraction(lowering, one, other, kept, None if rest else last)
        factors = _absorbed(lowering, [*rest, product], over)
    (value,) = factors
    left = tuple(a for a in value.axes if a in over)
    return reduced(lowering, "sum", value, left) if left else materialized(lowering, value)


def _absorbed(lowering: Lowering, factors: list[Factor], over: tuple[sp.Symbol, ...]) -> list[Factor]:
    """Factors whose indices another factor has, multiplied into the smallest such factor."""
    factors = sorted(factors, key=lambda f: len(f.axes))
    for small in factors:
        for holder in factors:
            if holder is small or not set(small.axes) <= set(holder.axes):
                continue
            rest = [f for f in factors if f is not small and f is not holder]
            if not rest and _inner(small, holder, over):
                continue
            wanted = {a for f in rest for a in f.axes}.union(a for a in holder.axes if a not in over)
            if set(small.axes) <= wanted or wanted & set(holder.axes) <= set(small.axes):
                return _absorbed(lowering, [*rest, _multiplied(lowering, small, holder)], over)
    return factors


def _inner(one: Factor, other: Factor, over: tuple[sp.Symbol, ...]) -> bool:
    """Whether two arrays with the same indices are multiplied and folded in one operation."""
    arrays = all(isinstance(f, Value) and f.kind == "float" for f in (one, other))
    return arrays and set(one.axes) == set(other.axes) and bool(set(over) & set(one.axes))


def _multiplied(lowering: Lowering, *factors: Factor) -> Value:
    return _product(lowering, [materialized(lowering, f) for f in factors])


def _cost(
    lowering: Lowering, pair: tuple[Factor, Factor], factors: list[Factor], over: tuple[sp.Symbol, ...]
) -> tuple[int, int]:
    """Fewest indices in the result, then fewest in the loop."""
    axes = {a for v in pair for a in v.axes}
    later = {a for f in factors if f not in pair for a in f.axes}
    kept = [a for a in axes if a not in over or a in later]
    return len(kept), len(axes)


def _contraction(
    lowering: Lowering, one: Factor, other: Factor, kept: tuple[sp.Symbol, ...], last: sp.Symbol | None
) -> Value:
    """One product of two arrays, summed over what is not kept; an index of one array alone is folded away first."""
    builder = lowering.builder
    sides: list[Factor] = []
    for mine, theirs in ((one, other), (other, one)):
        alone = tuple(a for a in mine.axes if a not in theirs.axes and a not in kept)
        if mine.kind != "float":
            mine = builder.map("multiply", materialized(lowering, mine), builder.scalar(sp.Integer(1)))
        sides.append(reduced(lowering, "sum", mine, alone) if alone else mine)
    left, right = sides
    if set(left.axes) == set(right.axes) and isinstance(left, Value) and isinstance(right, Value):
        return products.inner(lowering, left, right, kept)
    if set(left.axes) & set(right.axes) <= set(kept):
        return _multiplied(lowering, left, right)
    return products.contraction(lowering, left, right, kept, last)
