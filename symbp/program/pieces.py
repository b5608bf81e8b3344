"""Piecewise expressions: as a maximum, a minimum, a mask, or a selection between guarded branches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sympy as sp

from symbp.formula.expression import Element
from symbp.program.functions import RELATIONS
from symbp.program.values import Value

if TYPE_CHECKING:
    from symbp.program.lower import Lowering


def piecewise(lowering: Lowering, node: sp.Piecewise) -> Value:
    """The value of the first branch whose condition holds."""
    bounded = _bounded(lowering, node)
    if bounded is not None:
        return bounded
    if len(node.args) == 2 and node.args[1] == (0, True) and node.args[0][0] == 1:
        return condition(lowering, node.args[0][1])  # a mask: true counts as 1
    if len(node.args) == 2 and node.args[0][0] == 0 and node.args[1] == (1, True):
        return lowering.builder.map("logical_not", condition(lowering, node.args[0][1]))
    return _selected(lowering, node)


def _bounded(lowering: Lowering, node: sp.Piecewise) -> Value | None:
    """`x where x > c, else c` is a maximum; with `c1` below and `c2` above, a maximum of a minimum."""
    (first, held), (second, last) = node.args[0], node.args[1]
    if len(node.args) == 2 and last == sp.true:
        return _extreme(lowering, first, second, held)
    if len(node.args) == 3 and node.args[2][1] == sp.true:
        x = node.args[2][0]
        low, high = first, second
        if not (held == (x <= low) and last == (x >= high)) or not all(map(lowering.is_scalar, (low, high))):
            return None
        above = lowering.builder.map("maximum", lowering.value(x), lowering.value(low))
        return lowering.builder.map("minimum", above, lowering.value(high))
    return None


def _extreme(lowering: Lowering, first: sp.Expr, second: sp.Expr, held: sp.Basic) -> Value | None:
    """The larger of two values, or the smaller, however the condition is spelt."""
    ordered = isinstance(held, sp.Gt | sp.Ge | sp.Lt | sp.Le)
    if not ordered or (lowering.is_scalar(first) and lowering.is_scalar(second)):
        return None
    margin = held.gts - held.lts
    for function, excess in (("maximum", first - second), ("minimum", second - first)):
        if sp.expand(margin - excess) == 0:
            return lowering.builder.map(function, lowering.value(first), lowering.value(second))
    return None


def condition(lowering: Lowering, node: sp.Basic) -> Value:
    """A condition as an array of truth values."""
    builder = lowering.builder
    if isinstance(node, sp.And | sp.Or):
        parts = [condition(lowering, a) for a in node.args]
        total = parts[0]
        for part in parts[1:]:
            total = builder.map("logical_and" if isinstance(node, sp.And) else "logical_or", total, part)
        return total
    if isinstance(node, sp.Not):
        return builder.map("logical_not", condition(lowering, node.args[0]))
    function = RELATIONS.get(type(node))
    if function is None:
        raise builder.error(f"`{node}` is not a condition on its indices")
    left, right = node.args
    if lowering.is_scalar(left) and not lowering.is_scalar(right):  # z < c reads better than c > z
        node = node.reversed
        function, (left, right) = RELATIONS[type(node)], node.args
    return builder.map(function, lowering.value(left), lowering.value(right), word="mask")


def _selected(lowering: Lowering, node: sp.Piecewise) -> Value:
    """Branches from the last to the first; each is evaluated only where it is taken, if it could fail elsewhere."""
    builder, branches = lowering.builder, node.args
    if len(branches) == 2 and _is_rather_the_rest(lowering, *branches):
        (branch, held), (rest, _) = branches
        branches = (rest, sp.Not(held)), (branch, sp.true)
    conditions = [condition(lowering, c) for _, c in branches if c != sp.true]
    values = []
    for position, (branch, _) in enumerate(branches):
        outer = builder.mask
        if _may_fail(branch) and conditions:
            builder.mask = _taken(lowering, conditions, position)
        values.append(lowering.value(branch))
        builder.mask = outer
    total = values[-1]
    if len(conditions) == len(values):
        total = builder.select(conditions[-1], values[-1], builder.scalar(sp.nan))
    for chosen, value in reversed(list(zip(conditions, values[: len(branches) - 1], strict=False))):
        total = builder.select(chosen, value, total)
    return total


def _is_rather_the_rest(lowering: Lowering, first: tuple[sp.Expr, sp.Basic], rest: tuple[sp.Expr, sp.Basic]) -> bool:
    """Whether the condition is better negated: what is computed is then written over with a number, where that stands.

    Of numbers, which may be NaN, x > c and x <= c are no negations of each other; of indices they are.
    """
    (branch, held), (value, last) = first, rest
    of_indices = isinstance(held, sp.core.relational.Relational) and not held.has(Element)
    return last == sp.true and of_indices and lowering.is_scalar(value) and not lowering.is_scalar(branch)


def _may_fail(branch: sp.Expr) -> bool:
    return bool(branch.has(sp.Pow, sp.log, sp.exp, sp.Function)) and not branch.is_number


def _taken(lowering: Lowering, conditions: list[Value], position: int) -> Value:
    """Where the branch at this position is the one that is taken."""
    builder = lowering.builder
    mask: Value | None = conditions[position] if position < len(conditions) else None
    for earlier in conditions[:position]:
        other = builder.map("logical_not", earlier)
        mask = other if mask is None else builder.map("logical_and", mask, other)
    assert mask is not None
    return mask
