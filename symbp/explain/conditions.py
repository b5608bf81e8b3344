"""Conditions as a reader writes them: `low < x < high` as one chain, the choice of the larger value as a maximum."""

from __future__ import annotations

import sympy as sp
from sympy.logic.boolalg import And

from symbp.explain import mathematics as m

SIGNS: dict[str, m.Sign] = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "==": "=", "!=": "!="}


def extreme(condition: sp.Basic, value: sp.Expr, other: sp.Expr) -> str:
    """`max` or `min` where the condition chooses the larger or the smaller of two values, else nothing."""
    if not isinstance(condition, sp.Gt | sp.Lt) or condition.has(sp.Piecewise):
        return ""
    excess = sp.expand(condition.gts - condition.lts)
    if value.is_number and other.is_number:
        return ""
    return {sp.expand(value - other): "max", sp.expand(other - value): "min"}.get(excess, "")


def between(node: And) -> tuple[sp.Expr, m.Sign, sp.Expr, m.Sign, sp.Expr] | None:
    """The low end, the value and the high end of `low < value and value < high`, with the signs between them."""
    if len(node.args) != 2 or not all(isinstance(a, sp.Gt | sp.Ge | sp.Lt | sp.Le) for a in node.args):
        return None
    rising = [a if isinstance(a, sp.Lt | sp.Le) else a.reversed for a in node.args]
    for first, second in (rising, rising[::-1]):
        if first.rhs == second.lhs:
            return first.lhs, SIGNS[first.rel_op], first.rhs, SIGNS[second.rel_op], second.rhs
    return None
