"""The slow evaluator: what equations mean, by the most literal reading. Nothing fast depends on it.

An equation is evaluated at all positions at once (`symbp.formula.values`), a recurrence position by position.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import sympy as sp

from symbp.formula.backends import Array, Backend, numpy_backend
from symbp.formula.equation import Equation
from symbp.formula.expression import Flat, element, elements
from symbp.formula.recurrence import Group, in_groups
from symbp.formula.values import Setting, evaluate_expression, index_sizes


def evaluate_equation(
    equation: Equation,
    tensors: Mapping[str, Array],
    sizes: Mapping[sp.Symbol, int],
    scalars: Mapping[sp.Symbol, float] | None = None,
    backend: Backend | None = None,
) -> Array:
    """The tensor that the equation computes from `tensors`, its axes as on the left side.

    An equation that reads its own tensor is a recurrence; it may not read others that read it back.
    """
    if any(elements(equation.body, equation.target.tensor)):
        return evaluate_formula([equation], tensors, sizes, scalars, backend)[equation.target.tensor]
    setting = Setting(tensors, sizes, index_sizes(equation.sizes, sizes), scalars or {}, backend or numpy_backend())
    return _whole(equation, setting)


def evaluate_formula(
    equations: Iterable[Equation],
    tensors: Mapping[str, Array],
    sizes: Mapping[sp.Symbol, int],
    scalars: Mapping[sp.Symbol, float] | None = None,
    backend: Backend | None = None,
) -> dict[str, Array]:
    """Every tensor given or computed, after all equations, which may be given in any order."""
    known = dict(tensors)
    start = Setting(known, sizes, {}, scalars or {}, backend or numpy_backend())
    for group in in_groups(tuple(equations)):
        if group.direction:
            _recurrence(group, start, known)
        else:
            (equation,) = group.equations
            setting = replace(start, tensors=known, index_sizes=index_sizes(equation.sizes, sizes))
            known[equation.target.tensor] = _whole(equation, setting)
    return known


def _whole(equation: Equation, setting: Setting) -> Array:
    """The equation at all positions at once."""
    target = equation.target
    free = tuple(s for i in target.indices for s in (i.args if isinstance(i, Flat) else (i,)))
    value = evaluate_expression(equation.body, free, setting)
    return value.reshape(tuple(_count(i, setting) for i in target.indices))


def _count(place: sp.Expr, setting: Setting) -> int:
    if isinstance(place, Flat):
        return int(np.prod([setting.index_sizes[i] for i in place.args]))
    return setting.index_sizes[place]


def _recurrence(group: Group, setting: Setting, known: dict[str, Array]) -> None:
    """One position after the other, every equation of the group at each; `known` learns the tensors."""
    slices: dict[str, Array] = {}
    first = group.equations[0]
    count = index_sizes(first.sizes, setting.sizes)[group.index(first)]
    for position in range(count) if group.direction > 0 else reversed(range(count)):
        for equation in group.equations:
            sizes = index_sizes(equation.sizes, setting.sizes)
            body = _at(group, equation, position, count)
            inner = replace(setting, tensors={**known, **slices}, index_sizes=sizes)
            free = tuple(i for i in equation.target.indices if i != group.index(equation))
            slices[_slice(equation.target.tensor, position)] = evaluate_expression(body, free, inner)
    for name, axis in group.axes.items():
        known[name] = setting.backend.stack([slices[_slice(name, position)] for position in range(count)], axis)


def _at(group: Group, equation: Equation, position: int, count: int) -> sp.Expr:
    """The equation's right side at one position: reads of the group's tensors become reads of their slices."""
    slices = {}
    for read in elements(equation.body):
        if read.tensor in group.axes:
            place = position + group.shift(equation, read)
            rest = [i for axis, i in enumerate(read.indices) if axis != group.axes[read.tensor]]
            inside = 0 <= place < count
            slices[read] = element(_slice(read.tensor, place), *rest) if inside else sp.Integer(0)
    return equation.body.xreplace(slices).xreplace({group.index(equation): sp.Integer(position)})


def _slice(tensor: str, position: int) -> str:
    return f"{tensor}@{position}"
