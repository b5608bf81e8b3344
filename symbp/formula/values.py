"""The values of an expression, by the most literal reading: every index is an axis.

A node's value has one axis for each index that it depends on; reads gather with integer arrays, and reading outside a
tensor gives 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
import sympy as sp

from symbp.formula.backends import Array, Backend
from symbp.formula.defined import Determinant, Solution, Unknown
from symbp.formula.expression import (
    Element,
    First,
    Flat,
    InRange,
    MaxOver,
    Padded,
    Partial,
    SumOver,
    Winner,
)

Axes = tuple[sp.Symbol, ...]


@dataclass(frozen=True)
class Setting:
    """What the names of an expression stand for: tensors as arrays, sizes and hyperparameters as numbers.

    `index_sizes` gives the number of values of each index. `partials` evaluates a derivative not yet taken.
    """

    tensors: Mapping[str, Array]
    sizes: Mapping[sp.Symbol, int]
    index_sizes: Mapping[sp.Symbol, int]
    scalars: Mapping[sp.Symbol, float]
    backend: Backend
    partials: Callable[[Partial, Setting], tuple[Array, Axes]] | None = None


def index_sizes(sizes_of: Mapping[sp.Symbol, sp.Expr], sizes: Mapping[sp.Symbol, int]) -> dict[sp.Symbol, int]:
    """The number behind each index's symbolic size."""
    return {i: int(extent.xreplace({s: sp.Integer(v) for s, v in sizes.items()})) for i, extent in sizes_of.items()}


def evaluate_expression(expression: sp.Expr, free: Axes, setting: Setting) -> Array:
    """The expression's values as an array with one axis for each index of `free`, in that order."""
    value, axes = _value(expression, setting)
    return _spread(value, axes, free, setting)


def _spread(value: Array, axes: Axes, wanted: Axes, setting: Setting) -> Array:
    """The value with exactly the wanted axes, repeated along those it does not depend on."""
    extra = [a for a in axes if a not in wanted]
    if extra:
        raise ValueError(f"the value depends on {', '.join(map(str, extra))}, which the left side lacks")
    aligned = _align(value, axes, wanted)
    ones = setting.backend.array(np.ones([setting.index_sizes[a] for a in wanted]))
    value = aligned * ones
    return value if hasattr(value, "shape") else np.asarray(value, object)  # a lone number of mpmath


def _align(value: Array, axes: Axes, wanted: Axes) -> Array:
    """The value's axes in the wanted order, size 1 where it has none."""
    if not hasattr(value, "shape"):
        return value
    order = [axes.index(a) for a in wanted if a in axes]
    moved = (
        value.permute(order)
        if hasattr(value, "permute")
        else np.transpose(value, order)
        if isinstance(value, np.ndarray)
        else value.transpose(order)
    )
    shape = iter(moved.shape)
    return moved.reshape([next(shape) if a in axes else 1 for a in wanted])


def _union(parts: Iterable[Axes]) -> Axes:
    return tuple(dict.fromkeys(a for axes in parts for a in axes))


def _together(arguments: Iterable[sp.Basic], setting: Setting) -> tuple[list[Any], Axes]:
    values = [_value(a, setting) for a in arguments]
    axes = _union(v[1] for v in values)
    return [_align(v, own, axes) for v, own in values], axes


def _value(node: sp.Basic, setting: Setting) -> tuple[Any, Axes]:
    """The node's value and its axes."""
    backend = setting.backend
    if isinstance(node, Element):
        return _read(node, setting)
    if isinstance(node, Padded):
        return _read(node.read, setting, float(node.value))
    if isinstance(node, SumOver | MaxOver):
        return _reduce(node, setting)
    if isinstance(node, Winner):
        return _winner(node, setting)
    if isinstance(node, Solution):
        return _solution(node, setting)
    if isinstance(node, Determinant):
        return _determinant(node, setting)
    if isinstance(node, Partial):
        if setting.partials is None:
            raise ValueError(f"{node} has not been taken, and nothing says how to evaluate it")
        return setting.partials(node, setting)
    if isinstance(node, sp.KroneckerDelta):
        places, axes = _places(node.args, setting)
        return backend.array((places[0] == places[1]).astype(float)), axes
    if isinstance(node, InRange):
        (place, size), axes = _places(node.args, setting)
        return backend.array(((place >= 0) & (place < size)).astype(float)), axes
    if isinstance(node, sp.Symbol):
        if node in setting.scalars:
            return backend.array(setting.scalars[node]), ()
        places, axes = _places([node], setting)
        return backend.array(places[0].astype(float)), axes
    if isinstance(node, sp.Integer):
        return backend.array(int(node)), ()
    if isinstance(node, sp.Rational):
        return backend.array(int(node.p)) / backend.array(int(node.q)), ()
    if node.is_Number or node.is_NumberSymbol:
        return backend.array(_number(node, backend)), ()
    if isinstance(node, sp.Add | sp.Mul):
        values, axes = _together(node.args, setting)
        return reduce((lambda a, b: a + b) if isinstance(node, sp.Add) else (lambda a, b: a * b), values), axes
    if isinstance(node, First):
        return _value(node.args[0], setting)
    if isinstance(node, sp.Pow):
        return _power(node, setting)
    if isinstance(node, sp.Piecewise):
        return _piecewise(node, setting)
    if isinstance(node, sp.exp):
        (value,), axes = _together([node.args[0]], setting)
        return backend.functions["exp"](value), axes
    if isinstance(node, sp.floor):
        (over, under), axes = _together(sp.fraction(node.args[0], exact=True), setting)
        return backend.functions["floor"](over / under), axes  # t/49, where t*(1/49) is below 1 at t = 49
    name = type(node).__name__
    if name in backend.functions:
        (value,), axes = _together(node.args, setting)
        return backend.functions[name](value), axes
    raise ValueError(f"the evaluator does not know `{name}` in {node}")


def _number(node: sp.Expr, backend: Backend) -> Any:
    if node.is_infinite or node is sp.nan:
        return float(node)
    return backend.number(node)


def _power(node: sp.Pow, setting: Setting) -> tuple[Any, Axes]:
    (base, exponent), axes = _together(node.args, setting)
    if node.exp.is_Integer:
        return setting.backend.power(base, int(node.exp)), axes
    if node.exp == sp.Rational(1, 2):
        return setting.backend.functions["sqrt"](base), axes
    return setting.backend.power(base, exponent), axes


def _reduce(node: SumOver | MaxOver, setting: Setting) -> tuple[Any, Axes]:
    value, axes = _value(node.body, setting)
    inside = tuple(a for a in node.bound if a in axes)
    places = tuple(axes.index(a) for a in inside)
    rest = tuple(a for a in axes if a not in inside)
    if isinstance(node, MaxOver):
        return (setting.backend.largest(value, places) if places else value), rest
    repeats = int(np.prod([setting.index_sizes[a] for a in node.bound if a not in inside]))
    return (setting.backend.total(value, places) if places else value) * repeats, rest


def _winner(node: Winner, setting: Setting) -> tuple[Any, Axes]:
    value, axes = _value(node.body, setting)
    rest = tuple(a for a in axes if a not in node.bound)
    spread = _spread(value, axes, (*rest, *node.bound), setting)
    counts = [setting.index_sizes[b] for b in node.bound]
    flat = setting.backend.to_numpy(spread).reshape(*[setting.index_sizes[a] for a in rest], int(np.prod(counts)))
    first = np.argmax(flat, axis=-1)
    return setting.backend.array(np.unravel_index(first, counts)[node.bound.index(node.which)]), rest


def _solution(node: Solution, setting: Setting) -> tuple[Any, Axes]:
    """The linear system with a column for every element of the tensor sought: the residual where that alone is 1."""
    own = node.indices
    column = tuple(sp.Dummy(i.name, integer=True, nonnegative=True) for i in own)
    inner = replace(
        setting,
        index_sizes={**setting.index_sizes, **{c: setting.index_sizes[i] for c, i in zip(column, own, strict=True)}},
    )

    def residual(unknown: Callable[[Unknown], sp.Expr]) -> sp.Expr:
        return node.residual.replace(lambda n: isinstance(n, Unknown), unknown)

    right = residual(lambda n: sp.Integer(0))
    left = residual(lambda n: sp.Mul(*map(sp.KroneckerDelta, n.indices, column))) - right
    value, axes = _value(left, inner)
    rest = tuple(a for a in axes if a not in (*own, *column))
    rest += tuple(a for a in _value(right, inner)[1] if a not in (*own, *rest))
    count = int(np.prod([setting.index_sizes[i] for i in own]))
    stack = [setting.index_sizes[a] for a in rest]
    matrices = _spread(value, axes, (*rest, *own, *column), inner).reshape(*stack, count, count)
    sought = _spread(*_value(-right, inner), (*rest, *own), inner).reshape(*stack, count, 1)
    solved = setting.backend.solve(matrices, sought)
    return solved.reshape([*stack, *(setting.index_sizes[i] for i in own)]), (*rest, *own)


def _determinant(node: Determinant, setting: Setting) -> tuple[Any, Axes]:
    value, axes = _value(node.body, setting)
    rest = tuple(a for a in axes if a not in node.bound)
    return setting.backend.determinant(_spread(value, axes, (*rest, *node.bound), setting)), rest


def _piecewise(node: sp.Piecewise, setting: Setting) -> tuple[Any, Axes]:
    pieces = [(_value(v, setting), _condition(c, setting)) for v, c in node.args]
    axes = _union([*(v[1] for v, _ in pieces), *(c[1] for _, c in pieces)])
    result = None
    for (value, own), (condition, where) in reversed(pieces):
        aligned = _align(value, own, axes)
        result = aligned if result is None else setting.backend.where(_align(condition, where, axes), aligned, result)
    return result, axes


def _condition(node: sp.Basic, setting: Setting) -> tuple[Any, Axes]:
    if node in (sp.true, sp.false):
        return np.asarray(bool(node)), ()
    if isinstance(node, sp.And | sp.Or):
        parts = [_condition(a, setting) for a in node.args]
        axes = _union(p[1] for p in parts)
        aligned = [_align(v, own, axes) for v, own in parts]
        return reduce((lambda a, b: a & b) if isinstance(node, sp.And) else (lambda a, b: a | b), aligned), axes
    if isinstance(node, sp.Not):
        value, axes = _condition(node.args[0], setting)
        return ~value, axes
    compare: dict[type, Callable[[Any, Any], Any]] = {
        sp.StrictGreaterThan: lambda a, b: a > b,
        sp.GreaterThan: lambda a, b: a >= b,
        sp.StrictLessThan: lambda a, b: a < b,
        sp.LessThan: lambda a, b: a <= b,
        sp.Equality: lambda a, b: a == b,
        sp.Unequality: lambda a, b: a != b,
    }
    (left, right), axes = _together(node.args, setting)
    outcome = compare[type(node)](left, right)
    return (outcome.astype(bool) if isinstance(outcome, np.ndarray) else outcome), axes


# indices: always NumPy integers


def _read(node: Element, setting: Setting, outside: float = 0) -> tuple[Any, Axes]:
    tensor = setting.tensors[node.tensor]
    if not node.indices:
        return setting.backend.array(tensor) if not hasattr(tensor, "shape") else tensor, ()
    extents = tuple(setting.index_sizes.get(i) if i.is_Symbol else None for i in node.indices)
    if extents == tuple(tensor.shape) and len(set(node.indices)) == len(extents):
        return _numbers(tensor, setting), node.indices  # a whole tensor as it stands
    places, axes = _places(node.indices, setting)
    inside = np.asarray(True)
    clipped = []
    for place, extent in zip(places, tensor.shape, strict=True):
        inside = inside & (place >= 0) & (place < extent)
        clipped.append(np.clip(place, 0, extent - 1))
    full = np.broadcast_shapes(*(p.shape for p in clipped))
    value = setting.backend.take(_numbers(tensor, setting), tuple(np.broadcast_to(p, full).copy() for p in clipped))
    if inside.all():
        return value, axes
    return setting.backend.where(np.broadcast_to(inside, full).copy(), value, setting.backend.array(outside)), axes


def _numbers(tensor: Array, setting: Setting) -> Array:
    integral = isinstance(tensor, np.ndarray) and tensor.dtype.kind in "iu"
    return setting.backend.array(tensor) if integral else tensor


def _places(nodes: Iterable[sp.Basic], setting: Setting) -> tuple[list[np.ndarray], Axes]:
    values = [_place(node, setting) for node in nodes]
    axes = _union(v[1] for v in values)
    return [np.asarray(_align(v, own, axes)) for v, own in values], axes


def _place(node: sp.Basic, setting: Setting) -> tuple[np.ndarray, Axes]:
    """The value of an integer expression."""
    if isinstance(node, sp.Integer):
        return np.asarray(int(node)), ()
    if isinstance(node, sp.Symbol):
        if node in setting.index_sizes:
            return np.arange(setting.index_sizes[node]), (node,)
        number = setting.sizes[node] if node in setting.sizes else setting.scalars[node]
        return np.asarray(int(number)), ()
    if isinstance(node, Element):
        places, axes = _places(node.indices, setting)
        held = setting.tensors[node.tensor]
        numbers = held if isinstance(held, np.ndarray) else setting.backend.to_numpy(held)
        return numbers[tuple(places)].astype(int), axes
    if isinstance(node, Flat):
        places, axes = _places(node.args, setting)
        position = np.asarray(0)
        for place, index in zip(places, node.args, strict=True):
            position = position * setting.index_sizes[index] + place
        return position, axes
    if isinstance(node, sp.Add | sp.Mul):
        places, axes = _places(node.args, setting)
        return reduce(np.add if isinstance(node, sp.Add) else np.multiply, places), axes
    if isinstance(node, Winner):
        value, axes = _winner(node, setting)
        return setting.backend.to_numpy(value).astype(int), axes
    raise ValueError(f"`{node}` is not an index that can be evaluated")
