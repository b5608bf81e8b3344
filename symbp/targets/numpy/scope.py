"""What the names of a program mean where its operations are printed, and what those operations need besides.

arrays    `params.dense_1_W`, `ws.dense_1_z`, `x`
views     the expression of the view: `ws.loss_shift[:, None]`, `params.dense_1_W.T`
ranges    an array of the workspace, made once: `ws.range_n`
symbols   `N` is `n`; hyperparameters are the trainer's
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import sympy as sp

from symbp.forward.network import BATCH, Dim
from symbp.program.program import (
    Array,
    ArrayKind,
    Edge,
    Loop,
    Offset,
    Op,
    Operand,
    Pick,
    Range,
    Scalar,
    Scatter,
    Slice,
    Statement,
    View,
)
from symbp.spec.model import Blas
from symbp.targets.numpy import constants, scalars, source
from symbp.targets.numpy.names import identifier, own

BLOCK = 1 << 17  # numbers in a block of columns, which is to stay in a cache


def at(text: str, axis: int, position: object) -> str:
    """An array at one position of an axis: `ws.lstm_1_z[:, 0]`."""
    return f"{text}[{':, ' * axis}{position}]"


def moved(text: str, shift: int) -> str:
    """The view of an array with a margin that is some steps away: `ws.lstm_1_h_before`."""
    word = "before" if shift < 0 else "after"
    return f"{text}_{word}" + (f"_{abs(shift)}" if abs(shift) > 1 else "") if shift else text


def transposed(order: tuple[int, ...]) -> str:
    """What follows an array for its axes in this order."""
    if order == tuple(range(len(order))):
        return ""
    return ".T" if order == (1, 0) else f".transpose{order}"


Entries = tuple[int, int]  # a count, and one for each example


def _entries(shapes: Iterable[Sequence[Dim]]) -> Entries:
    """Of arrays of these shapes together."""
    fixed, of_each = 0, 0
    for shape in shapes:
        count = math.prod(int(dim) for dim in shape if dim != BATCH)
        fixed, of_each = (fixed, of_each + count) if BATCH in shape else (fixed + count, of_each)
    return fixed, of_each


@dataclass(frozen=True)
class Extra:
    """An array that NumPy's calls need besides the program's: how it is made, its shape and kind."""

    made: str
    shape: tuple[Dim, ...]
    kind: ArrayKind


@dataclass
class Scope:
    """Names in Python, and `extras`: what the workspace must hold besides the program's arrays, as it turns out."""

    arrays: Mapping[str, Array]
    names: dict[str, str]
    symbols: Mapping[str, str]
    depth: int = 1
    has_workspace: bool = True
    extras: dict[str, Extra] = field(default_factory=dict)
    routines: set[str] = field(default_factory=set)  # of SciPy's BLAS, which are needed too
    ranges: set[str] = field(default_factory=set)
    views_of_ranges: dict[str, View] = field(default_factory=dict)
    buffers: Mapping[str, str] = field(default_factory=dict)
    turned: dict[str, tuple[str, tuple[int, ...]]] = field(default_factory=dict)  # views that permute axes
    places: Mapping[str, tuple[str, int, int]] = field(default_factory=dict)  # parts that stand in a stack
    blocks: set[tuple[Entries, Entries]] = field(default_factory=set)  # what one row needs, and what all need
    apart: set[str] = field(default_factory=set)  # arrays whose numbers do not lie side by side, in order
    blas: Blas = "numpy"
    after_loss: bool = False  # whether what was found in the same step is still there
    found: set[str] = field(default_factory=set)

    def __getitem__(self, name: str) -> str:
        """The array in Python."""
        if name in self.places:
            stack, axis, position = self.places[name]
            return self.stacked(stack, axis, position)
        if name in self.ranges:
            return self.range(next((dim for dim in self.arrays[name].shape if dim != 1), 1))
        if name in self.views_of_ranges:
            return self._view(self.views_of_ranges[name])
        return self.names[name]

    def range(self, length: Dim) -> str:
        """0, 1, 2, ..."""
        return self._extra(f"range_{length}", f"np.arange({length})", (length,), "int")

    def part(self, name: str, index: Sequence[str]) -> str:
        """A part of an array: of every axis a slice, or one position. Axes that a view permutes are indexed before."""
        if name not in self.turned:
            count = max((k + 1 for k, at_axis in enumerate(index) if at_axis != ":"), default=0)
            return self[name] + (f"[{', '.join(index[:count])}]" if count else "")
        base, order = self.turned[name]
        before = [index[order.index(axis)] for axis in range(len(order))]
        axes = [axis for axis, at_axis in zip(order, index, strict=True) if ":" in at_axis]
        return self.part(base, before) + transposed(tuple(sorted(axes).index(axis) for axis in axes))

    def operand(self, operand: Operand) -> str:
        """An array, or a scalar, in Python."""
        if not isinstance(operand, Scalar):
            return self[operand]
        return scalars.python(operand.value, self.symbols)

    def number(self, value: sp.Expr, shape: tuple[Dim, ...] = ()) -> str:
        """A number as an array of the workspace, without axes or of this shape: `ws.zero`, `ws.zero_512`."""
        named = constants.named(value)
        if named is None or not self.has_workspace:
            return scalars.python(value, self.symbols)
        name, made = named
        why = "  # compares faster than a number"
        if shape and value == 0:
            return self._extra(_named(name, *shape), f"np.zeros({source.shape(shape)}, dtype){why}", shape, "float")
        single = self._extra(name, f"np.array({made}, dtype)", (), "float")
        if not shape:
            return single
        row = f"np.full({source.shape(shape)}, self.{name}, dtype){why}"
        return self._extra(_named(name, *shape), row, shape, "float")

    def is_whole(self, name: str) -> bool:
        """Whether an array's numbers are floats that lie side by side, in the order of its axes."""
        if name in self.places:
            stack, axis, _ = self.places[name]
            return axis == 0 and self.is_whole(stack)
        return self.arrays[name].kind == "float" and name not in self.apart

    def same(self, one: Operand | None, other: str) -> bool:
        """Whether two arrays are one, or share a buffer."""
        return isinstance(one, str) and self.buffers.get(one, one) == self.buffers.get(other, other)

    def call(self, head: str, *arguments: str) -> list[str]:
        """A call at the routine's depth."""
        return source.call(head, arguments, self.depth)

    def line(self, text: str) -> list[str]:
        """A line at the routine's depth."""
        return source.assigned(text, self.depth)

    def picks_one_of_each_row(self, indices: tuple[str | None, ...]) -> bool:
        """Whether these are the positions (n, label[n]), or (n, t, label[n,t]), along the last axis of an array."""
        *leading, last = indices
        if last is None or not leading or None in leading:
            return False
        rows = self.arrays[last].shape
        return len(rows) == len(leading) and all(
            (name in self.ranges or name in self.views_of_ranges)
            and self.arrays[name].shape == (dim, *(1 for _ in rows[axis + 1 :]))
            for axis, (name, dim) in enumerate(zip(leading, rows, strict=True))
        )

    def adds_rows(self, op: Scatter) -> bool:
        """Whether whole rows are added at labels, and all numbers lie side by side."""
        label, *others = op.indices
        if label is None or not others or any(others) or not isinstance(op.source, str):
            return False
        columns = self.arrays[op.out].shape[1:]
        shown = (*self.arrays[label].shape, *columns)
        fits = self.arrays[op.source].shape == shown and BATCH not in columns
        return fits and self.is_whole(op.source) and self.is_whole(op.out)

    def starts(self, label: str) -> str:
        """Scratch for where the row of each label starts among the numbers of an array."""
        return self._scratch("starts", self.arrays[label].shape, "int", "np.intp")

    def places_of_rows(self, label: str, columns: int) -> str:
        """Scratch for where each number goes of a row for each label."""
        return self._scratch("places", (*self.arrays[label].shape, columns), "int", "np.intp")

    def keys(self, label: str) -> str:
        """Scratch for a label and the place where it stands, in one number."""
        return self._scratch("keys", self.arrays[label].shape, "int", "np.intp")

    def row_numbers(self, label: str) -> str:
        """The place of each label among all."""
        shape = self.arrays[label].shape
        made = f"np.arange({source.product(shape)})" + (f".reshape{source.shape(shape)}" if len(shape) > 1 else "")
        return self._extra(_named("row_numbers", *shape), made, shape, "int")

    def ends(self, label: str, count: int) -> str:
        """The least key of each of so many labels, and one beyond the last."""
        rows = self.arrays[label].shape
        made = f"np.arange({count + 1}) * ({source.product(rows)})"
        return self._extra(_named("ends", count, *rows), made, (count + 1,), "int")

    def sorted_rows(self, label: str, columns: int) -> str:
        """Scratch for rows of so many numbers, in the order of their labels."""
        shape = self.arrays[label].shape
        made = f"np.empty(({source.product(shape)}, {columns}), dtype)"
        return self._extra(_named("sorted", *shape, columns), made, (*shape, columns), "float")

    def row_starts(self, name: str) -> str:
        """Where each row of an array starts among its numbers."""
        *rows, columns = self.arrays[name].shape
        count = source.product((*rows, columns))
        reshaped = "" if len(rows) == 1 else f".reshape{source.shape(tuple(rows))}"
        made = f"np.arange(0, {count}, {columns}){reshaped}"
        return self._extra(_named("row_starts", *rows[1:], columns), made, tuple(rows), "int")

    def positions(self, name: str, label: str) -> tuple[str, list[str]]:
        """Where a label points to in each row of an array, among its numbers, and the lines that find out.

        What an argument points to is found once in a step: the backward pass reads it again. Integers of another type
        are added as positions are: NumPy would add uint64 and int64 as float64.
        """
        *rows, columns = self.arrays[name].shape
        lasting = self.arrays[label].storage == "argument" and self.depth == 1
        word, more = (f"positions_of_{identifier(label)}_in", [columns]) if lasting else ("positions", [])
        positions = self._scratch(word, tuple(rows), "int", "np.intp", *more)
        if lasting and self.after_loss and positions in self.found:
            return positions, []
        self.found.update([positions] if lasting else [])
        return positions, self.call("np.add", self.row_starts(name), self[label], f"out={positions}", "dtype=np.intp")

    def picked(self, name: str) -> str:
        """Scratch for a number of each row of an array."""
        return self._scratch("picked", self.arrays[name].shape[:-1], "float", "dtype")

    def _scratch(self, word: str, shape: tuple[Dim, ...], kind: ArrayKind, dtype: str, *more: Dim) -> str:
        made = f"np.empty({'n' if shape == (BATCH,) else source.shape(shape)}, {dtype})"
        of_each = shape[1:] if shape[0] == BATCH else shape
        return self._extra(_named(word, *of_each, *more), made, shape, kind)

    def ones(self, shape: tuple[Dim, ...], factor: Scalar | None = None) -> str:
        """As many ones, times a factor, as an array of this shape has numbers, in a row; nothing for a long factor."""
        value = sp.Integer(1) if factor is None else factor.value
        named = constants.named(value)
        if named is None or not self.has_workspace:
            return ""
        word, number = named
        shape = tuple(sorted(shape, key=lambda dim: (dim == BATCH, dim)))
        count = source.product(shape)
        if value == 1:
            return self._extra(_named("ones", *shape), f"np.ones({count}, dtype)", shape, "float")
        word = "mean" if constants.is_share(value, shape) else word
        return self._extra(_named(word, *shape), f"np.full({count}, {number}, dtype)", shape, "float")

    def mask(self, shape: tuple[Dim, ...], word: str = "mask") -> str:
        """Scratch for truth values."""
        made = f"np.empty({source.shape(shape)}, np.bool_)"
        return self._extra(f"{word}_{'_'.join(map(str, shape))}", made, shape, "bool")

    def block(self, row: Sequence[Sequence[Dim]], whole: Sequence[Sequence[Dim]]) -> str:
        """Scratch for a block of rows: for arrays of these shapes at once."""
        self.blocks.add((_entries(row), _entries(whole)))
        return "ws.block"

    def scratch(self, shape: tuple[Dim, ...], word: str = "scratch") -> str:
        """Scratch for numbers."""
        made = f"np.empty({source.shape(shape)}, dtype)"
        return self._extra("_".join((word, *map(str, shape))), made, shape, "float")

    def routine(self, name: str) -> str:
        """A function of SciPy's BLAS for the dtype, of the workspace or of the trainer."""
        self.routines.add(name)
        return f"ws.{name}" if self.has_workspace else f"self._{name}"

    def _extra(self, attribute: str, made: str, shape: tuple[Dim, ...], kind: ArrayKind) -> str:
        self.extras[attribute] = Extra(made, shape, kind)
        return f"ws.{attribute}"

    def deeper(self) -> Scope:
        """The same one level of indentation further in."""
        return replace(self, depth=self.depth + 1)

    def stacked(self, stack: str, axis: int, position: int) -> str:
        """A part of a stack in Python, which can be written also where it is one number: `ws.d_x[0, ...]`."""
        return at(self[stack], axis, position if len(self.arrays[stack].shape) > 1 else f"{position}, ...")

    def at_step(self, each: Slice, step: str) -> str:
        """A slice in Python: `ws.lstm_1_h_before[t]`."""
        return at(moved(self[each.array], each.shift), each.axis, step)

    def edge(self, edge: Edge) -> str:
        """The margin next to an array: `ws.lstm_1_h_before[0]`."""
        return f"{moved(self[edge.array], 1 if edge.after else -1)}[{-1 if edge.after else 0}]"

    def learn(self, items: Iterable[Statement | Loop]) -> None:
        """Bind the slices, views and ranges among statements and loops, which are in order."""
        for item in items:
            for each in item.slices if isinstance(item, Loop) else ():
                self.names[each.out] = own(identifier(each.out.removeprefix(f"{item.block}.")))
                if each.axis or not self.is_whole(each.array):
                    self.apart.add(each.out)
            self.bind(item.operations)

    def bind(self, operations: Iterable[Op]) -> None:
        """Learn the views and ranges among operations, which are in order."""
        for op in operations:
            if isinstance(op, View) and op.operand in self.ranges:  # which is made only where it is read
                self.views_of_ranges[op.out] = op
            elif isinstance(op, View):
                self.names[op.out] = self._view(op)
                kept = [a for a in op.axes if a is not None]
                if kept != sorted(kept) or not self.is_whole(op.operand):
                    self.apart.add(op.out)
                order, shape = tuple(a for a in op.axes if a is not None), self.arrays[op.operand].shape
                whole = len(order) == len(op.axes) == len(shape)
                if whole and tuple(shape[axis] for axis in order) == self.arrays[op.out].shape:
                    self.turned[op.out] = op.operand, order
            elif isinstance(op, Pick):
                self.names[op.out] = at(self[op.operand], op.axis, int(op.position.value))
                if op.axis or not self.is_whole(op.operand):
                    self.apart.add(op.out)
            elif isinstance(op, Offset):
                self.names[op.out] = moved(self[op.operand], op.start)
            elif isinstance(op, Range):
                self.ranges.add(op.out)

    def _view(self, op: View) -> str:
        """Axes permuted and inserted by the expression itself; merged or split by `reshape`."""
        text, shape = self[op.operand], self.arrays[op.operand].shape
        order = tuple(axis for axis in op.axes if axis is not None)
        text += transposed(order)
        result = self.arrays[op.out].shape
        if None in op.axes:
            text += f"[{', '.join('None' if axis is None else ':' for axis in op.axes)}]"
        spread = tuple(1 if axis is None else shape[axis] for axis in op.axes)
        return text if spread == result else f"{text}.reshape({', '.join(map(str, result))})"


def _named(word: str, *dims: object) -> str:
    """`row_starts_10`; `row_starts_5_10` where rows have several axes."""
    return "_".join((word, *map(str, dims)))
