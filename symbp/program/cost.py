"""What operations cost: arithmetic operations, and bytes read and written, for a batch of a size.

An addition, a multiplication and an evaluation of a function are one operation each, so that a product of matrices
(m, k) and (k, n) has 2 m k n. Bytes are those of whole arrays, as if nothing stayed in a cache. Views cost nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from symbp.forward.network import BATCH, Dim
from symbp.program.operands import is_alias, reads
from symbp.program.program import (
    Array,
    Columns,
    Contract,
    Convolve,
    Fill,
    Fold,
    Gather,
    Loop,
    Map,
    Op,
    OverlapAdd,
    Pool,
    Product,
    Range,
    Scatter,
    Select,
    Shift,
    Stack,
    Statement,
    Windows,
    Winners,
)

NOMINAL = 64  # examples in a batch, where costs are compared before the batch is known


@dataclass(frozen=True)
class Cost:
    """Arithmetic operations, and bytes."""

    operations: int = 0
    read: int = 0
    written: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.operations + other.operations, self.read + other.read, self.written + other.written)

    def __mul__(self, times: int) -> Cost:
        return Cost(self.operations * times, self.read * times, self.written * times)


@dataclass(frozen=True)
class Sizes:
    """Of arrays in numbers: the batch, and the bytes of a float, 4 or 8."""

    arrays: Mapping[str, Array]
    batch: int
    float_bytes: int

    def count(self, name: str) -> int:
        """The entries of an array."""
        return entries(self.arrays[name].shape, self.batch)

    def bytes(self, name: str) -> int:
        """The bytes of an array."""
        return self.count(name) * bytes_of(self.arrays[name].kind, self.float_bytes)

    def steps(self, loop: Loop) -> int:
        """How often the statements of a loop are carried out."""
        extent = loop.extent.value
        return int(extent.xreplace(dict.fromkeys(extent.free_symbols, self.batch)))


def entries(shape: Iterable[Dim], batch: int) -> int:
    """How many entries an array of this shape has."""
    return math.prod(batch if dim == BATCH else int(dim) for dim in shape)


def bytes_of(kind: str, float_bytes: int) -> int:
    """Of one entry."""
    return {"float": float_bytes, "int": 8, "bool": 1, "byte": 1}[kind]


def cost(item: Statement | Loop, sizes: Sizes) -> Cost:
    """Of a statement; of all steps of a loop."""
    times = sizes.steps(item) if isinstance(item, Loop) else 1
    return sum((of_operation(op, sizes) for op in item.operations), Cost()) * times


def of_operation(op: Op, sizes: Sizes) -> Cost:
    """Of one operation."""
    if is_alias(op) or isinstance(op, Range):
        return Cost()
    if isinstance(op, Scatter) and op.base == op.out:
        return _added_in_place(op, sizes)
    written = sizes.bytes(op.out)
    read = written if isinstance(op, Columns) else sum(sizes.bytes(name) for name in dict.fromkeys(reads(op)))
    return Cost(_arithmetic(op, sizes), read, written)


def _added_in_place(op: Scatter, sizes: Sizes) -> Cost:
    """Of what is touched alone."""
    read = sum(sizes.bytes(name) for name in dict.fromkeys(reads(op)) if name != op.out)
    touched = _arithmetic(op, sizes) * sizes.float_bytes
    return Cost(_arithmetic(op, sizes), read + touched, touched)


def _arithmetic(op: Op, sizes: Sizes) -> int:
    match op:
        case Map(function="copy" | "stop") | Gather() | Shift() | Columns() | Fill():
            return 0
        case Map() | Select():
            return sizes.count(op.out)
        case Contract():
            return 2 * math.prod(extents(op, sizes).values()) + _on_base(op, sizes)
        case Convolve():
            every = extents(op, sizes)
            added = math.prod(every[letter] for letter in op.out_axes) if op.out_places else _on_base(op, sizes)
            return 2 * math.prod(every.values()) + added
        case Fold():
            return sizes.count(op.operand) + (sizes.count(op.out) if op.factor else 0)
        case Scatter(source=str(source)):
            return sizes.count(source)
        case Scatter():
            return max([1, *(sizes.count(name) for name in op.indices if name is not None)])
        case Pool() | Winners():
            return sizes.count(op.out) * _over(op.windows)
        case OverlapAdd():
            return sizes.count(op.source) * _over(op.windows)
        case Stack():
            return sum(map(sizes.count, op.parts))
        case _:
            return 0


def _on_base(op: Product, sizes: Sizes) -> int:
    """What adding the result to its base takes."""
    return (2 if op.keep else 1) * sizes.count(op.out) if op.base else 0


def extents(op: Product, sizes: Sizes) -> dict[str, int]:
    """The size of every letter of a product."""
    pairs = [pair for letters, name in op.held for pair in zip(letters, sizes.arrays[name].shape, strict=True)]
    pairs += op.extents if isinstance(op, Convolve) else ()
    return {letter: entries((dim,), sizes.batch) for letter, dim in pairs}


def _over(windows: Windows) -> int:
    return math.prod(extent for _, extent in windows.over)
