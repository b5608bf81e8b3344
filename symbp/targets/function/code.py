"""Pieces of NumPy code with their precedence and their axes, and how axes are brought together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

SUM, PRODUCT, SIGN, POWER, ATOM = range(5)  # how strongly an operator binds

FUNCTIONS = {
    "exp": "np.exp", "log": "np.log", "sqrt": "np.sqrt", "abs": "np.abs", "sign": "np.sign", "sin": "np.sin",
    "cos": "np.cos", "tan": "np.tan", "sinh": "np.sinh", "cosh": "np.cosh", "tanh": "np.tanh", "asin": "np.arcsin",
    "acos": "np.arccos", "atan": "np.arctan", "floor": "np.floor", "expm1": "np.expm1", "log1p": "np.log1p",
    "logistic": "_logistic", "softplus": "_softplus", "erf": "_erf",
}  # fmt: skip


class CodeError(ValueError):
    """An expression that this target has no code for."""


@dataclass(frozen=True)
class Code:
    """An expression of NumPy, with an axis for each index, in order."""

    text: str
    level: int = ATOM
    axes: tuple[sp.Symbol, ...] = ()

    def within(self, least: int) -> str:
        """The text, in brackets where it binds less."""
        return self.text if self.level >= least else f"({self.text})"


def aligned(code: Code, wanted: Sequence[sp.Symbol]) -> Code:
    """The code with its axes in the wanted order, and axes of length 1 where others follow that it lacks."""
    if not code.axes:
        return code
    order = [code.axes.index(a) for a in wanted if a in code.axes]
    text, level = code.text, code.level
    if order != sorted(order):
        text = f"{code.within(ATOM)}.T" if len(order) == 2 else f"np.transpose({text}, {tuple(order)})"
        level = ATOM
    present = [a in code.axes for a in wanted]
    while present and not present[0]:
        present.pop(0)
    if not all(present):
        text = f"{text if level == ATOM else f'({text})'}[{', '.join(':' if p else 'None' for p in present)}]"
        level = ATOM
    return Code(text, level, tuple(a for a in wanted if a in code.axes))


def number(value: sp.Expr) -> Code:
    """A number without names."""
    if value.is_Integer:
        return Code(str(int(value)), SIGN if value < 0 else ATOM)
    if value.is_Rational:
        exact = float(value)
        if sp.Rational(repr(exact)) == value:
            return Code(repr(exact), SIGN if value < 0 else ATOM)
        return Code(f"{int(value.p)} / {int(value.q)}", PRODUCT)
    if value == sp.pi:
        return Code("np.pi")
    if value == sp.E:
        return Code("np.e")
    if value.is_infinite:
        return Code("np.inf") if value.is_extended_positive else Code("-np.inf", SIGN)
    raise CodeError(f"no code for the number {value}")


def product(above: Sequence[Code], below: Sequence[Code], axes: tuple[sp.Symbol, ...]) -> Code:
    """`a * b / (c * d)` by elements."""
    if len(above) == 1 and not below:
        return above[0]
    text = " * ".join(c.within(PRODUCT if k == 0 else SIGN) for k, c in enumerate(above)) or "1"
    if len(below) == 1:
        text += f" / {below[0].within(SIGN)}"
    elif below:
        text += f" / ({' * '.join(c.within(SIGN) for c in below)})"
    return Code(text, PRODUCT, axes)


def total(terms: Sequence[tuple[int, Code]], axes: tuple[sp.Symbol, ...]) -> Code:
    """A sum with signs."""
    text = ""
    for sign, code in terms:
        if not text:
            text = code.within(SUM) if sign > 0 else f"-{code.within(PRODUCT)}"
        else:
            text += f" {'+' if sign > 0 else '-'} {code.within(PRODUCT)}"
    if len(terms) == 1:
        return Code(text, SIGN if terms[0][0] < 0 else terms[0][1].level, axes)
    return Code(text, SUM, axes)


def raised(base: Code, exponent: Code, axes: tuple[sp.Symbol, ...]) -> Code:
    return Code(f"{base.within(ATOM)}**{exponent.within(ATOM)}", POWER, axes)
