"""What printers decide alike: which factor stands in brackets, what is between factors, what an exponent stands at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from symbp.explain import mathematics as m
from symbp.explain.identifiers import GREEK, parts
from symbp.explain.levels import ATOM, PRODUCT, holds_matrix, is_tall, level

Between = Literal["elementwise", "dot", "nothing", "space"]


def factors(node: m.Product) -> list[tuple[m.Math, bool]]:
    """The factors, and whether each stands in brackets: where it binds less, or has no end, or is another product."""
    last = len(node.factors) - 1
    return [
        (
            factor,
            level(factor) < PRODUCT
            or (isinstance(factor, m.Over | m.Cases) and place < last)
            or (isinstance(factor, m.Product) and factor.kind != node.kind),
        )
        for place, factor in enumerate(node.factors)
    ]


def between(kind: str, before: m.Math, after: m.Math) -> Between:
    """What stands between two factors: nothing between letters, a thin space beside anything larger."""
    if kind == "elementwise":
        return "elementwise"
    digits = isinstance(after, m.Number) or (isinstance(after, m.Power) and isinstance(after.base, m.Number))
    if digits or (isinstance(before, m.Derivative) and isinstance(after, m.Derivative)):
        return "dot"
    return "nothing" if isinstance(after, m.Sum) or (_is_short(before) and _is_short(after)) else "space"


def _is_short(node: m.Math) -> bool:
    if isinstance(node, m.Name):
        return len(parts(node.base).root) == 1 or parts(node.base).root in GREEK
    return isinstance(node, m.Number)


def is_at_function(node: m.Power) -> bool:
    """Whether the exponent stands at the name of a function, before its arguments."""
    return isinstance(node.base, m.Call) and isinstance(node.exponent, m.Number) and node.base.function != "exp"


def is_enclosed(base: m.Math) -> bool:
    """Whether the base of a power stands in brackets, since the exponent would be read as that of a part of it."""
    if isinstance(base, m.Name):
        return bool(base.layer)
    return isinstance(base, m.Fraction | m.Derivative | m.Cases | m.Indicator | m.Call) or level(base) < ATOM


def is_power_of_e(node: m.Call) -> bool:
    """Whether a function is written as a power of e: an exponential of numbers that fits into an exponent."""
    return node.function == "exp" and not is_tall(node.arguments[0]) and not holds_matrix(node)


def are_letters(indices: Iterable[m.Math]) -> bool:
    """Whether indices stand side by side, without commas."""
    return all(isinstance(i, m.Name) and not i.indices and parts(i.base).is_letter for i in indices)
