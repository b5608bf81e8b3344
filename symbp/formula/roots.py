"""Roots of a square and a number, sqrt(x**2 + c), which are |x| to rounding where x is large."""

from __future__ import annotations

import sympy as sp

from symbp.formula.expression import Element, elements


def square_and_number(total: sp.Expr) -> tuple[sp.Expr, sp.Expr] | None:
    """x and c where the total is x**2 + c, one square of what is read and a number above 0; else None."""
    if not isinstance(total, sp.Add):
        return None
    read = [t for t in total.args if next(elements(t), None) is not None]
    number = sp.Add(*(t for t in total.args if t not in read))
    if len(read) != 1 or not number.is_positive:
        return None
    powers = [f.as_base_exp() for f in sp.Mul.make_args(read[0])]
    if not all(base.is_positive or (isinstance(base, Element) and exponent.is_even) for base, exponent in powers):
        return None
    return sp.Mul(*(base ** (exponent / 2) for base, exponent in powers)), number
