"""A point at which a claim fails that can be followed by hand: the smallest sizes, whole numbers."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from symbp.audit.compare import agree, sides
from symbp.audit.functions import function
from symbp.audit.indexed import tensor_of
from symbp.audit.points import small_points
from symbp.audit.setting import Point, Setting
from symbp.audit.syntax import PRIME, Statement
from symbp.audit.vocabulary import MeaninglessError
from symbp.audit.written import written

CLEAR = 1e-3  # how far apart, relative to the larger, the two values are


@dataclass(frozen=True)
class Counterexample:
    """Values of what the claim reads, by name; what is claimed and what is right, at the first place that differs."""

    values: tuple[tuple[str, str], ...]
    place: tuple[int, ...]
    claimed: str
    right: str


def counterexample(
    statement: Statement, setting: Setting, points: Iterable[Point] | None = None
) -> Counterexample | None:
    """The smallest point found where the claim is wrong, or no number; None where there is none, as with shapes."""
    best: tuple[int, Counterexample] | None = None
    for point in small_points(setting) if points is None else points:
        try:
            truth, claimed = sides(statement, setting, point)
        except MeaninglessError:
            continue
        if agree(truth, claimed):
            continue
        apart = ~np.isfinite(claimed)
        if not np.any(apart):
            apart = np.abs(truth - claimed) > CLEAR * np.maximum(np.abs(truth), np.abs(claimed))
        if not np.any(apart):
            continue
        place = tuple(int(k) for k in np.argwhere(apart)[0])
        values = _values(statement, setting, point)
        text = Counterexample(values, place, _short(claimed[place]), _short(truth[place]))
        length = sum(len(v) for _, v in values) + len(text.claimed) + len(text.right)
        if best is None or length < best[0]:
            best = length, text
    return best[1] if best else None


def _values(statement: Statement, setting: Setting, point: Point) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for node in ast.walk(statement.right):
        if isinstance(node, ast.Name):
            quantity = setting.vocabulary.known(node.id)
            whole = setting.formula.output
            if quantity is not None and (quantity.tensor != whole.name or whole.axes):
                found.setdefault(node.id, _array(point.values[quantity.key]))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
            read = tensor_of(node.args[0], setting)
            if read and node.func.id.endswith(PRIME):
                slope = function(node.func.id.removesuffix(PRIME), read, setting)
                name = written(node).partition("[")[0].rstrip(")") + ")"
                found.setdefault(name, _array(slope.values(point.values[read], derivative=True)))
    return tuple(found.items())


def _array(value: np.ndarray) -> str:
    if np.ndim(value) == 0:
        return _short(float(value))
    return f"[{', '.join(_array(v) for v in value)}]"


def _short(value: float) -> str:
    """A simple fraction where the value is one, else four digits."""
    if not np.isfinite(value):
        return "no number"
    fraction = Fraction(float(value)).limit_denominator(64)
    if abs(float(fraction) - value) < 1e-12 * max(1.0, abs(value)):
        return str(fraction)
    return f"{float(value):.4g}"
