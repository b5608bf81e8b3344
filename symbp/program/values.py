"""What lowering works with: arrays over named indices, and the statement under construction.

A `Value` is an array whose axes are index symbols, or a scalar. Operations on values align axes by views; nothing else
in the room knows about broadcasting.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import sympy as sp

from symbp.errors import UserError
from symbp.formula.equation import Equation, Kind
from symbp.program.functions import FUNCTIONS
from symbp.program.program import Fold, Gather, Map, Op, Operand, Range, Scalar, Select, Shift, View

LOG_MAX = sp.Symbol("log_max", positive=True)  # the logarithm of the largest number of the dtype in use


class LoweringError(UserError):
    """An equation that has no array operations yet; the message names the equation and what it needs."""


@dataclass(frozen=True)
class Value:
    """An array over these indices, in this order; a scalar has none."""

    operand: Operand
    axes: tuple[sp.Symbol, ...] = ()
    kind: Kind = "float"

    @property
    def array(self) -> str:
        """The array's name; only arrays have one."""
        assert isinstance(self.operand, str), f"a scalar stands where an array is needed: {self.operand}"
        return self.operand


@dataclass
class Builder:
    """Operations of one equation, in order, and every temporary array with the symbolic sizes of its axes.

    `order` ranks the equation's indices: those of the left side first. `mask`, where set, limits guarded functions.
    """

    equation: Equation
    order: dict[sp.Symbol, int]
    arrays: dict[str, tuple[tuple[sp.Expr, ...], Kind]]
    operations: list[Op] = field(default_factory=list)
    mask: Value | None = None

    def fresh(
        self, word: str, axes: Sequence[sp.Symbol], kind: Kind = "float", shape: tuple[sp.Expr, ...] | None = None
    ) -> str:
        """The name of a new temporary: the left side's name and a word for what it holds."""
        stem = f"{self.equation.target.tensor}_{word}"
        name, count = stem, 2
        while name in self.arrays:
            name, count = f"{stem}_{count}", count + 1
        self.arrays[name] = (tuple(self.equation.sizes[a] for a in axes) if shape is None else shape, kind)
        return name

    def sorted(self, axes: Iterable[sp.Symbol]) -> tuple[sp.Symbol, ...]:
        return tuple(sorted(set(axes), key=self.order.__getitem__))

    def aligned(self, value: Value, axes: tuple[sp.Symbol, ...]) -> Operand:
        """The value as an operand that broadcasts against an array over `axes`."""
        if value.axes == axes[len(axes) - len(value.axes) :]:
            return value.operand
        places = tuple(value.axes.index(a) if a in value.axes else None for a in axes)
        while places and places[0] is None:
            places = places[1:]
        one = sp.Integer(1)
        held = (
            self.arrays[value.array][0]
            if value.array in self.arrays
            else tuple(self.equation.sizes[a] for a in value.axes)
        )
        shape = tuple(one if p is None else held[p] for p in places)
        out = self.fresh(f"{value.array.removeprefix(self.equation.target.tensor + '_')}_view", (), value.kind, shape)
        self.operations.append(View(out, value.array, places))
        return out

    def map(self, function: str, *values: Value, word: str = "") -> Value:
        """An elementwise function of the values, over all of their indices."""
        axes = self.sorted(a for v in values for a in v.axes)
        kind = FUNCTIONS[function].result
        operands = tuple(self.aligned(v, axes) for v in values)
        out = self.fresh(word or function, axes, kind)
        where = None
        if self.mask is not None and kind == "float" and set(self.mask.axes) <= set(axes):
            aligned = self.aligned(self.mask, axes)
            assert isinstance(aligned, str)
            where = aligned
        self.operations.append(Map(out, function, operands, where))
        return Value(out, axes, kind)

    def select(self, condition: Value, yes: Value, no: Value) -> Value:
        axes = self.sorted((*condition.axes, *yes.axes, *no.axes))
        chosen = self.aligned(condition, axes)
        assert isinstance(chosen, str)
        operands = self.aligned(yes, axes), self.aligned(no, axes)
        out = self.fresh("choice", axes)
        self.operations.append(Select(out, chosen, *operands))
        return Value(out, axes)

    def fold(self, function: str, value: Value, over: Sequence[sp.Symbol]) -> Value:
        """`sum`, `max` or `argmax` over indices of the value."""
        axes = tuple(a for a in value.axes if a not in over)
        out = self.fresh(function, axes, "int" if function == "argmax" else "float")
        places = tuple(value.axes.index(a) for a in value.axes if a in over)
        self.operations.append(Fold(out, function, value.array, places))  # type: ignore[arg-type]
        return Value(out, axes, "int" if function == "argmax" else "float")

    def range(self, index: sp.Symbol) -> Value:
        out = self.fresh(f"range_{index.name}", (index,), "int")
        self.operations.append(Range(out))
        return Value(out, (index,), "int")

    def gather(self, source: str, indices: tuple[str | None, ...], axes: tuple[sp.Symbol, ...], kind: Kind) -> Value:
        out = self.fresh("read", axes, kind)
        self.operations.append(Gather(out, source, indices))
        return Value(out, axes, kind)

    def shift(self, source: str, axes: tuple[sp.Symbol, ...], axis: int, start: sp.Expr) -> Value:
        out = self.fresh("part", axes)
        self.operations.append(Shift(out, source, axis, Scalar(start)))
        return Value(out, axes)

    def scalar(self, value: sp.Expr) -> Value:
        return Value(Scalar(value))

    def error(self, what: str) -> LoweringError:
        return LoweringError(
            f"the NumPy target cannot compute `{self.equation}` yet: {what}. "
            "The derivation does not need it: `symbp derive` prints it."
        )
