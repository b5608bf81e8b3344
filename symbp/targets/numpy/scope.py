"""What the names of a program mean where its operations are printed.

arrays    `params.dense_1_W`, `ws.dense_1_z`, `x`
views     the expression of the view: `ws.loss_shift[:, None]`, `params.dense_1_W.T`
ranges    an array of the workspace, made once: `ws.range_n`
symbols   `N` is `n`; hyperparameters are the trainer's
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, count

import sympy as sp

from symbp.forward.network import Dim
from symbp.program.library import Library
from symbp.program.operands import is_alias, reads
from symbp.program.operations import Gather, Offset, Op, Operand, Pick, Range, Scalar, Scatter, View
from symbp.program.program import Array, Chain, Edge, Item, Loop, Slice
from symbp.spec.model import Blas
from symbp.targets.numpy import scalars, source
from symbp.targets.numpy.extras import Extras
from symbp.targets.numpy.libraries import LIBRARIES
from symbp.targets.numpy.names import LASTING, away, identifier, own


def at(text: str, axis: int, position: object) -> str:
    """An array at one position of an axis: `ws.lstm_1_z[:, 0]`."""
    return f"{text}[{':, ' * axis}{position}]"


def variables(arrays: Iterable[str], block: str) -> dict[str, str]:
    """Variables of a routine for arrays that a block of the network reads and writes: of `d_dense_1.z` it is `d_z`.

    The block's own come first; an array whose short name is another's has its whole name. They may have names of loops,
    since loops within the block take others.
    """
    found: dict[str, str] = {}
    for name in sorted(arrays, key=lambda name: not name.removeprefix("d_").startswith(f"{block}.")):
        short = ("d_" if name.startswith("d_") else "") + identifier(name.rpartition(".")[2])
        words = chain((short, identifier(name)), (f"{short}_{k}" for k in count(2)))
        found[name] = next(word for word in (own(w, LASTING) for w in words) if word not in found.values())
    return found


@dataclass
class Scope:
    """Names in Python, and what turns out to be needed besides the program's arrays.

    Given are the program's arrays with their names, what `symbols` of scalars are called, the `depth` of indentation,
    and of the plan which array has the buffer of which and which part stands in which stack (`places`). What views,
    ranges, slices and sums are is learnt from the operations, before any is printed.
    """

    arrays: Mapping[str, Array]
    names: dict[str, str]
    symbols: Mapping[str, str]
    depth: int = 1
    extras: Extras = field(default_factory=Extras)
    buffers: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, tuple[str, int, int]] = field(default_factory=dict)
    blas: Blas = "numpy"
    between: str = "_"  # the parts of names
    ranges: set[str] = field(default_factory=set)
    views_of_ranges: dict[str, View] = field(default_factory=dict)
    permuted: dict[str, tuple[str, tuple[int, ...]]] = field(default_factory=dict)  # views that permute axes
    apart: set[str] = field(default_factory=set)  # arrays whose numbers do not lie side by side, in order
    sums: dict[str, Scatter] = field(default_factory=dict)  # sums of rows by label, which others read
    taken: set[str] = field(default_factory=set)  # tables whose rows the steps of a loop take
    rows: Mapping[str, str] = field(default_factory=dict)  # of the parts of a chain's block, how many, in Python
    later: str = ""  # whether a step of a loop is not the first, in Python
    after_loss: bool = False  # whether what was found in the same step is still there
    found: set[str] = field(default_factory=set)  # the positions that labels point to, in this step

    def __getitem__(self, name: str) -> str:
        """The array in Python."""
        if name in self.places:
            stack, axis, position = self.places[name]
            return self.stacked(stack, axis, position)
        if name in self.ranges:
            return self.extras.range(next((dim for dim in self.arrays[name].shape if dim != 1), 1))
        if name in self.views_of_ranges:
            return self._view(self.views_of_ranges[name])
        return self.names[name]

    def sizes(self, name: str) -> tuple[str, ...]:
        """Of an array's axes, in Python."""
        sizes = tuple(map(str, self.arrays[name].shape))
        return (self.rows[name], *sizes[1:]) if name in self.rows else sizes

    def moved(self, text: str, shift: int) -> str:
        """The view of an array with a margin that is some steps away: `ws.lstm_1_h_before`."""
        return f"{text}{self.between}{away(shift)}" if shift else text

    @property
    def library(self) -> Library:
        """What the library that multiplies matrices can do."""
        return LIBRARIES[self.blas]

    def part(self, name: str, index: Sequence[str]) -> str:
        """A part of an array: of every axis a slice, or one position. Axes that a view permutes are indexed before."""
        if name not in self.permuted:
            count = max((k + 1 for k, at_axis in enumerate(index) if at_axis != ":"), default=0)
            return self[name] + (f"[{', '.join(index[:count])}]" if count else "")
        base, order = self.permuted[name]
        before = [index[order.index(axis)] for axis in range(len(order))]
        axes = [axis for axis, at_axis in zip(order, index, strict=True) if ":" in at_axis]
        return self.part(base, before) + source.transposed(tuple(sorted(axes).index(axis) for axis in axes))

    def operand(self, operand: Operand) -> str:
        """An array, or a scalar, in Python."""
        if not isinstance(operand, Scalar):
            return self[operand]
        return scalars.python(operand.value, self.symbols)

    def number(self, value: sp.Expr, shape: tuple[Dim, ...] = ()) -> str:
        """A number as an array of the workspace, without axes or of this shape; a long one as it is written."""
        return self.extras.number(value, shape) or scalars.python(value, self.symbols)

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

    def noted(self, code: Sequence[str], why: str) -> list[str]:
        """Lines of code, and why they are there: behind them, or above where that is too long."""
        return source.noted(code, why, self.depth)

    def deeper(self) -> Scope:
        """The same one level of indentation further in."""
        return replace(self, depth=self.depth + 1)

    def within(self, made: Chain) -> tuple[Scope, dict[str, str]]:
        """The scope of a chain's block, and what stands for the variables that hold the parts of arrays."""
        every = dict.fromkeys(name for op in made.operations for name in (*reads(op), op.out) if name in made.parts)
        views = {op.out for op in made.operations if is_alias(op)}
        named = variables([name for name in every if name not in views], made.block)
        count, of_block = ("count", "[:count]") if made.rows > 1 else ("1", "")
        inner = replace(
            self.deeper(),
            rows=dict.fromkeys(made.parts, count),
            names={**self.names, **named},
            permuted={name: of for name, of in self.permuted.items() if name not in every},
            places={name: at for name, at in self.places.items() if name not in every},
            apart=set(self.apart),
        )
        inner.bind(made.operations)
        of_whole = f"[start : start + {made.rows}]"
        held = {name: of_block if self.arrays[name].rows else of_whole for name in named}
        return inner, {variable: self[name] + held[name] for name, variable in named.items()}

    def stacked(self, stack: str, axis: int, position: int) -> str:
        """A part of a stack in Python, which can be written also where it is one number: `ws.d_x[0, ...]`."""
        return at(self[stack], axis, position if len(self.arrays[stack].shape) > 1 else f"{position}, ...")

    def at_step(self, each: Slice, step: str) -> str:
        """A slice in Python: `ws.lstm_1_h_before[t]`."""
        return at(self.moved(self[each.array], each.shift), each.axis, step)

    def edge(self, edge: Edge) -> str:
        """The margin next to an array: `ws.lstm_1_h_before[0]`."""
        return f"{self.moved(self[edge.array], 1 if edge.after else -1)}[{-1 if edge.after else 0}]"

    def learn(self, items: Iterable[Item]) -> None:
        """Bind the slices, views and ranges among statements and loops, which are in order."""
        for item in items:
            for each in item.slices if isinstance(item, Loop) else ():
                self.names[each.out] = own(identifier(each.out.removeprefix(f"{item.block}.")))
                if each.axis or not self.is_whole(each.array):
                    self.apart.add(each.out)
            tables = [op.source for op in item.operations if isinstance(op, Gather) and op.indices[0]]
            self.taken.update(tables if isinstance(item, Loop) else ())
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
                    self.permuted[op.out] = op.operand, order
            elif isinstance(op, Pick):
                self.names[op.out] = at(self[op.operand], op.axis, int(op.position.value))
                if op.axis or not self.is_whole(op.operand):
                    self.apart.add(op.out)
            elif isinstance(op, Offset):
                self.names[op.out] = self.moved(self[op.operand], op.start)
            elif isinstance(op, Range):
                self.ranges.add(op.out)
            elif isinstance(op, Scatter) and op.sorted and self.arrays[op.out].storage == "workspace":
                self.sums[op.out] = op

    def _view(self, op: View) -> str:
        """Axes permuted and inserted by the expression itself; merged or split by `reshape`."""
        text, shape = self[op.operand], self.arrays[op.operand].shape
        order = tuple(axis for axis in op.axes if axis is not None)
        text += source.transposed(order)
        result = self.arrays[op.out].shape
        if None in op.axes:
            text += f"[{', '.join('None' if axis is None else ':' for axis in op.axes)}]"
        spread = tuple(1 if axis is None else shape[axis] for axis in op.axes)
        return text if spread == result else f"{text}.reshape({', '.join(self.sizes(op.out))})"
