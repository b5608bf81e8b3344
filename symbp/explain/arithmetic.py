"""The order in which terms and factors are written, signs and fractions taken apart, and numbers as digits.

SymPy keeps the operands of a sum or a product in an order of its own; here they get the reader's.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sympy as sp

from symbp.formula.examples import BATCH
from symbp.formula.expression import Element, Flat, InRange, MaxOver, Partial, SumOver, Winner, elements

FRACTIONS = (2, 4, 8)  # written as fractions although they end as decimals: 1/2, 3/4
DIGITS = 12  # after the point; what is longer is cut off, with an ellipsis


def split_number(value: sp.Number) -> tuple[str, str]:
    """A positive number as written: digits, and the digits of a denominator that is "1" for a decimal."""
    if not value.is_Rational:
        return _plain(sp.Float(value, 15)), "1"
    above, below = int(value.p), int(value.q)
    if below == 1:
        return str(above), "1"
    if below in FRACTIONS and above < 100:
        return str(above), str(below)
    return _decimal(above, below) or (str(above), str(below))


def _decimal(above: int, below: int) -> tuple[str, str] | None:
    """The fraction as a decimal that ends, if it does."""
    digits, rest = 0, below
    for prime in (2, 5):
        power = 0
        while rest % prime == 0:
            rest, power = rest // prime, power + 1
        digits = max(digits, power)
    if rest != 1:
        return None
    text = str(above * 10**digits // below).rjust(digits + 1, "0")
    ending = text[-digits:] if digits <= DIGITS else f"{text[-digits:][:DIGITS]}…"
    return f"{text[:-digits]}.{ending}", "1"


def _plain(value: Any) -> str:
    """A binary number in decimal digits, without an exponent."""
    text = format(float(value), ".15f").rstrip("0").rstrip(".")
    return text or "0"


@lru_cache(maxsize=4096)
def ordered_terms(node: sp.Add) -> tuple[tuple[int, sp.Expr], ...]:
    """The terms of a sum with their signs, in the order of writing: positive first, then numbers, sums, elements."""
    signed = [_signed(term) for term in node.args]
    rank = _index_rank if node.is_integer else _term_rank
    return tuple(sorted(signed, key=lambda pair: (pair[0] < 0, rank(pair[1]), as_text(pair[1]))))


def _index_rank(term: sp.Expr) -> int:
    """In an index: products, then letters, then sizes, then numbers, as in S p + u and t + 1."""
    if term.is_Number:
        return 3
    if isinstance(term, sp.Symbol):
        return 1 if term.name[0].islower() else 2
    return 0


def _signed(term: sp.Expr) -> tuple[int, sp.Expr]:
    bare, sign = _without_inner_minus(term)
    return (-sign, -bare) if is_negative(bare) else (sign, bare)


def _term_rank(term: sp.Expr) -> int:
    if term.is_Number:
        return 0
    if term.has(SumOver, MaxOver):
        return 1
    if isinstance(term, Element):
        return 4 - min(len(term.indices), 2) if term.indices else 5
    return 5 if isinstance(term, sp.Symbol) else 1


def ordered_factors(node: sp.Mul) -> tuple[int, list[sp.Expr], list[sp.Expr]]:
    """The sign of a product, and its factors above and below the bar, each in the order of writing."""
    coefficient, rest = node.as_coeff_Mul()
    rest, turned = _without_inner_minus(rest)
    coefficient *= turned
    above: list[sp.Expr] = []
    below: list[sp.Expr] = []
    for factor in sp.Mul.make_args(rest):
        if factor == 1:
            continue
        exponent = factor.exp if isinstance(factor, sp.Pow) else None
        if exponent is not None and exponent.could_extract_minus_sign():
            below.append(factor.base ** (-exponent))
        else:
            above.append(factor)
    above.sort(key=_factor_rank)
    below.sort(key=_factor_rank)
    numerator, denominator = _number_factors(abs(coefficient))
    return (-1 if coefficient.is_negative else 1), numerator + above, denominator + below


def _without_inner_minus(product: sp.Expr) -> tuple[sp.Expr, int]:
    """A product of sums with the minus signs of their bodies in front: sum[i](-f) is -sum[i](f)."""
    sign, factors = 1, []
    for factor in sp.Mul.make_args(product):
        if isinstance(factor, SumOver) and is_negative(factor.body):
            factor, sign = SumOver(-factor.body, *factor.bound), -sign
        factors.append(factor)
    return sp.Mul(*factors), sign


def is_negative(term: sp.Expr) -> bool:
    """True for a term that is written with a minus in front."""
    return bool(term.as_coeff_Mul()[0].is_negative)


def _number_factors(value: sp.Number) -> tuple[list[sp.Expr], list[sp.Expr]]:
    if value == 1:
        return [], []
    if value.is_Rational and split_number(value)[1] != "1":
        return ([] if value.p == 1 else [sp.Integer(value.p)]), [sp.Integer(value.q)]
    return [value], []


@lru_cache(maxsize=4096)
def as_text(expression: sp.Expr) -> str:
    """The expression as text, to settle ties the same way every time."""
    return str(expression)


@lru_cache(maxsize=4096)
def _factor_rank(factor: sp.Expr) -> tuple[int, int, str]:
    base = factor.base if isinstance(factor, sp.Pow) else factor
    text = as_text(factor)
    if isinstance(base, sp.Symbol) or base.is_Number or base.is_NumberSymbol:
        return 1, 0, text
    if isinstance(base, Element):
        if base.tensor.startswith("d_"):
            return 2, 0, text
        if not base.indices:
            return 1, 1, text
        return 4, 0 if BATCH in {str(i).rstrip("'") for i in base.indices} else 1, text
    if isinstance(base, Partial):
        return 3, 0, text
    if isinstance(base, SumOver | MaxOver):
        return 9, 0, text
    if isinstance(base, sp.KroneckerDelta | InRange | sp.Piecewise):
        return 7, 0, text
    if isinstance(base, Winner | Flat):
        return 5, 0, text
    if isinstance(base, sp.Add) and not base.has(Element, sp.Function):
        return 1, 2, text
    if isinstance(base, sp.Add):
        plain = not base.has(sp.Function, SumOver) and not any(e.tensor.startswith("d_") for e in elements(base))
        return (4, 2, text) if plain else (6, 0, text)
    return 5, 0, text
