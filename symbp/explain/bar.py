"""What stands above the bar of a fraction, and what beside it: tall factors read better beside a small fraction."""

from __future__ import annotations

import sympy as sp

from symbp.explain.naming import Naming
from symbp.formula.expression import Element, InRange, MaxOver, Partial, SumOver, elements


def above_the_bar(factors: list[sp.Expr], below: list[sp.Expr], naming: Naming) -> tuple[list[sp.Expr], list[sp.Expr]]:
    """The factors written above the bar of a fraction, and those written beside it."""
    if len(factors) == 1 and not _is_derivative(factors[0], naming):
        constant = not any(f.has(Element) for f in below)
        beside = constant and factors[0].has(SumOver, MaxOver)
        return ([], factors) if beside or _is_cases(factors[0]) else (factors, [])
    beside = [f for f in factors if _stands_alone(f, naming)]
    return [f for f in factors if f not in beside], beside


def _stands_alone(factor: sp.Expr, naming: Naming) -> bool:
    """True for a factor that, among others, is written beside a fraction, not above its bar."""
    tall = isinstance(factor, sp.Add) and (
        factor.has(SumOver) or any(_is_derivative(e, naming) for e in elements(factor))
    )
    kinds = SumOver | MaxOver | sp.Piecewise | sp.KroneckerDelta | InRange
    return tall or _is_derivative(factor, naming) or isinstance(factor, kinds)


def _is_cases(factor: sp.Expr) -> bool:
    """True for a piecewise value that is written as cases."""
    return isinstance(factor, sp.Piecewise) and {value for value, _ in factor.args} != {sp.Integer(0), sp.Integer(1)}


def _is_derivative(factor: sp.Expr, naming: Naming) -> bool:
    return isinstance(factor, Partial) or (
        isinstance(factor, Element) and naming.is_written_as_derivative(factor.tensor)
    )
