"""What lowering works with: arrays over named indices, and the statement under construction.

A `Value` is an array whose axes are index symbols, or a scalar. Operations on values align axes by views; nothing else
in the room knows about broadcasting.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import sympy as sp

from symbp.errors import NetworkError
from symbp.formula.equation import Equation
from symbp.formula.indices import Names
from symbp.program.affine import Numbers
from symbp.program.cost import NOMINAL
from symbp.program.functions import FUNCTIONS
from symbp.program.operations import Fold, Gather, Map, Op, Operand, Range, Scalar, Select, Shift, View
from symbp.program.program import ArrayKind

LOG_MAX = sp.Symbol("log_max", positive=True)  # the logarithm of the largest number of the dtype in use
SQRT_MAX = sp.Symbol("sqrt_max", positive=True)  # half the root of it: the square of no more overflows


class LoweringError(NetworkError):
    """An equation that has no array operations yet; the message names the equation and what it needs."""


@dataclass(frozen=True)
class Value:
    """An array over these indices, in this order; a scalar has none."""

    operand: Operand
    axes: tuple[sp.Symbol, ...] = ()
    kind: ArrayKind = "float"

    @property
    def array(self) -> str:
        """The array's name; only arrays have one."""
        assert isinstance(self.operand, str), f"a scalar stands where an array is needed: {self.operand}"
        return self.operand


@dataclass
class Builder:
    """Operations of one equation, in order, and every temporary array with the symbolic sizes of its axes.

    `order` ranks the equation's indices: those of the left side first. `mask`, where set, limits guarded functions.
    `numbers` are the sizes and integer options that are known; what is not known is the batch.
    `folding` says that what is computed will be folded, so that it may have its axes in any order.
    """

    equation: Equation
    order: dict[sp.Symbol, int]
    arrays: dict[str, tuple[tuple[sp.Expr, ...], ArrayKind]]
    numbers: Numbers = field(default_factory=dict)
    operations: list[Op] = field(default_factory=list)
    mask: Value | None = None
    folding: bool = False

    def fresh(
        self, word: str, axes: Sequence[sp.Symbol], kind: ArrayKind = "float", shape: tuple[sp.Expr, ...] | None = None
    ) -> str:
        """The name of a new temporary: the left side's name and a word for what it holds."""
        stem = f"{self.equation.target.tensor}_{word}"
        name, count = stem, 2
        while name in self.arrays:
            name, count = f"{stem}_{count}", count + 1
        self.arrays[name] = (tuple(self.equation.sizes[a] for a in axes) if shape is None else shape, kind)
        return name

    def new_index(self, like: str, extent: sp.Expr) -> sp.Symbol:
        """Another index of the equation, over this size."""
        symbol = Names(s.name for s in (*self.order, *self.equation.sizes)).fresh(like)
        self.order[symbol] = max(self.order.values(), default=-1) + 1
        self.equation = replace(self.equation, sizes={**self.equation.sizes, symbol: extent})
        return symbol

    def count(self, size: sp.Expr) -> int:
        """A size in numbers; a usual one for the batch."""
        value = size.xreplace(dict(self.numbers))
        return int(value.xreplace({s: sp.Integer(NOMINAL) for s in value.free_symbols}))

    def known(self, size: sp.Expr) -> bool:
        """Whether a size is known before the program runs."""
        return not size.xreplace(dict(self.numbers)).free_symbols

    def same(self, one: sp.Expr, other: sp.Expr) -> bool:
        """Whether two sizes are one."""
        return bool(one.xreplace(dict(self.numbers)) == other.xreplace(dict(self.numbers)))

    def extents(self, letters: Iterable[sp.Symbol]) -> dict[sp.Symbol, int]:
        """The number of values of each index."""
        return {letter: self.count(self.equation.sizes[letter]) for letter in letters}

    def is_batch(self, letter: sp.Symbol) -> bool:
        """Whether the index runs over a size that is not known before the program runs."""
        return not self.known(self.equation.sizes[letter])

    def shape(self, name: str) -> tuple[sp.Expr, ...]:
        return self.arrays[name][0]

    def sorted(self, axes: Iterable[sp.Symbol]) -> tuple[sp.Symbol, ...]:
        return tuple(sorted(set(axes), key=self.order.__getitem__))

    def spread(self, values: Sequence[Value]) -> tuple[sp.Symbol, ...]:
        """The axes of an elementwise result: in order, or as the operand with all of them holds them where it folds."""
        axes = self.sorted(a for v in values for a in v.axes)
        if self.folding:
            return next((v.axes for v in values if len(v.axes) == len(axes)), axes)
        return axes

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

    def turned(self, value: Value, axes: tuple[sp.Symbol, ...]) -> Value:
        """The value with its axes in this order, by a view."""
        if value.axes == axes:
            return value
        operand = self.aligned(value, axes)
        return Value(operand, axes, value.kind)

    def copied(self, value: Value, axes: tuple[sp.Symbol, ...], word: str) -> Value:
        """The value in an array of its own, its axes in this order."""
        out = self.fresh(word, axes, value.kind)
        self.operations.append(Map(out, "copy", (self.aligned(value, axes),)))
        return Value(out, axes, value.kind)

    def map(self, function: str, *values: Value, word: str = "") -> Value:
        """An elementwise function of the values, over all of their indices."""
        axes = self.spread(values)
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

    def gather(
        self, source: str, indices: tuple[str | None, ...], axes: tuple[sp.Symbol, ...], kind: ArrayKind
    ) -> Value:
        out = self.fresh("read", axes, kind)
        self.operations.append(Gather(out, source, indices))
        return Value(out, axes, kind)

    def shift(
        self, source: str, kind: ArrayKind, starts: tuple[int, ...], shape: tuple[sp.Expr, ...], border: sp.Expr
    ) -> str:
        """The array moved along its axes; there is a border where it leaves the source."""
        held = self.shape(source)
        leaves = any(
            start < 0 or start + self.count(extent) > self.count(whole)
            for start, extent, whole in zip(starts, shape, held, strict=True)
        )
        out = self.fresh("padded" if leaves else "part", (), kind, shape)
        self.operations.append(Shift(out, source, starts, Scalar(border) if leaves else None))
        return out

    def scalar(self, value: sp.Expr) -> Value:
        return Value(Scalar(value))

    def error(self, what: str) -> LoweringError:
        return LoweringError(
            f"the NumPy target cannot compute `{self.equation}` yet: {what}. "
            "The derivation does not need it: `symbp derive` prints it."
        )
