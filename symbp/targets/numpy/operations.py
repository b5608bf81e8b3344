"""One operation of a program as one line of NumPy, or as few as it takes; one function per kind of operation.

Every result goes to the array that the plan gives it: through `out=`, or in place where the output is the first
operand. Not here: which array a name stands for (`Scope`), comments, the order of statements.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import singledispatch

from symbp.program.program import (
    Array,
    Contract,
    Fill,
    Fold,
    Gather,
    Map,
    Op,
    Operand,
    Range,
    Scalar,
    Scatter,
    Select,
    View,
)
from symbp.targets.numpy import contractions, scalars, source

IN_PLACE = {"add": "+=", "subtract": "-=", "multiply": "*=", "divide": "/="}
COMMUTES = frozenset({"add", "multiply"})


@dataclass(frozen=True)
class Scope:
    """What names mean where a routine is printed: arrays and symbols of scalars, in Python."""

    arrays: Mapping[str, Array]
    names: Mapping[str, str]
    symbols: Mapping[str, str]
    depth: int = 1

    def operand(self, operand: Operand) -> str:
        """An array's name, or a scalar, in Python."""
        if isinstance(operand, Scalar):
            return scalars.python(operand.value, self.symbols)
        return self.names[operand]

    def call(self, head: str, *arguments: str) -> list[str]:
        """A call at the routine's depth."""
        return source.call(head, arguments, self.depth)

    def line(self, text: str) -> list[str]:
        """A line at the routine's depth."""
        return [source.INDENT * self.depth + text]


@singledispatch
def lines(op: Op, scope: Scope) -> list[str]:
    """The operation in Python."""
    raise TypeError(f"no NumPy for the operation {type(op).__name__}")


@lines.register
def _(op: Map, scope: Scope) -> list[str]:
    out, operands = scope.names[op.out], [scope.operand(o) for o in op.operands]
    if op.function in IN_PLACE and op.where is None:
        if op.function in COMMUTES and operands[1] == out != operands[0]:
            operands.reverse()
        if operands[0] == out:
            return scope.line(f"{out} {IN_PLACE[op.function]} {operands[1]}")
    mask = [f"where={scope.names[op.where]}"] if op.where else []
    if op.function == "copy":
        return scope.call("np.copyto", out, *operands, *mask)
    return scope.call(f"np.{op.function}", *operands, f"out={out}", *mask)


@lines.register
def _(op: Select, scope: Scope) -> list[str]:
    out, condition = scope.names[op.out], scope.names[op.condition]
    yes, no = scope.operand(op.yes), scope.operand(op.no)
    if yes == out:
        return scope.call("np.copyto", out, no, f"where=~{condition}")
    copy = [] if no == out else scope.call("np.copyto", out, no)
    return copy + scope.call("np.copyto", out, yes, f"where={condition}")


@lines.register
def _(op: Contract, scope: Scope) -> list[str]:
    shapes = (op.left_axes, scope.arrays[op.left].shape), (op.right_axes, scope.arrays[op.right].shape)
    sizes = {letter: str(dim) for letters, shape in shapes for letter, dim in zip(letters, shape, strict=True)}
    head, arguments = contractions.product(
        op, scope.names[op.left], scope.names[op.right], scope.names[op.out], sizes
    )
    return scope.call(head, *arguments)


@lines.register
def _(op: Fold, scope: Scope) -> list[str]:
    whole = len(op.axes) == len(scope.arrays[op.operand].shape)
    axes = [] if whole and op.function != "argmax" else [f"axis={op.axes[0] if len(op.axes) == 1 else op.axes}"]
    keep = ["keepdims=True"] if op.keep else []
    return scope.call(f"{scope.names[op.operand]}.{op.function}", *axes, *keep, f"out={scope.names[op.out]}")


@lines.register
def _(op: View, scope: Scope) -> list[str]:
    return scope.line(f"{scope.names[op.out]} = {view(op, scope)}")


def view(op: View, scope: Scope) -> str:
    """The expression of a view."""
    text, rank = scope.names[op.operand], len(scope.arrays[op.operand].shape)
    order = tuple(axis for axis in op.axes if axis is not None)
    if order != tuple(range(rank)):
        text += ".T" if order == (1, 0) else f".transpose{order}"
    permuted = tuple(1 if axis is None else scope.arrays[op.operand].shape[axis] for axis in op.axes)
    shape = scope.arrays[op.out].shape
    return text if permuted == shape and None not in op.axes else f"{text}.reshape({', '.join(map(str, shape))})"


@lines.register
def _(op: Gather, scope: Scope) -> list[str]:
    return scope.line(f"{scope.names[op.out]}[...] = {scope.names[op.source]}[{_index(op.indices, scope)}]")


@lines.register
def _(op: Scatter, scope: Scope) -> list[str]:
    out = scope.names[op.out]
    fill = scope.line(f"{out}.fill(0)")
    return fill + scope.call("np.add.at", out, f"({_index(op.indices, scope)})", scope.operand(op.source))


def _index(indices: tuple[str | None, ...], scope: Scope) -> str:
    return ", ".join(":" if name is None else scope.names[name] for name in indices)


@lines.register
def _(op: Range, scope: Scope) -> list[str]:
    shape = scope.arrays[op.out].shape
    length = next((dim for dim in shape if dim != 1), 1)
    reshaped = "" if len(shape) == 1 else f".reshape({', '.join(map(str, shape))})"
    return scope.line(f"{scope.names[op.out]}[...] = np.arange({length}){reshaped}")


@lines.register
def _(op: Fill, scope: Scope) -> list[str]:
    return scope.line(f"{scope.names[op.out]}.fill({scope.operand(op.value)})")


def reads(op: Op) -> tuple[str, ...]:
    """The arrays that an operation reads, in order; its output where it updates that in place is not among them."""
    match op:
        case Map():
            operands: tuple[Operand | None, ...] = (*op.operands, op.where)
        case Select():
            operands = (op.condition, op.yes, op.no)
        case Contract():
            operands = (op.left, op.right)
        case Fold() | View():
            operands = (op.operand,)
        case Gather() | Scatter():
            operands = (op.source, *op.indices)
        case _:
            operands = ()
    return tuple(o for o in operands if isinstance(o, str))
