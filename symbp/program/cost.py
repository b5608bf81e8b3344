"""What operations cost: arithmetic operations, and bytes read and written, for a batch of a size.

An addition, a multiplication and an evaluation of a function are one operation each, so that a product of matrices
(m, k) and (k, n) has 2 m k n. Bytes are those of whole arrays, as if nothing stayed in a cache, with the columns that
windows show and the keys that rows are sorted by. Views cost nothing, nor does a part of a stack that is computed where
it stands.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from symbp.forward.network import BATCH
from symbp.program.operands import is_alias, reads
from symbp.program.operations import (
    Columns,
    Contract,
    Convolve,
    Fill,
    Fold,
    Gather,
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
    Windows,
    Winners,
)
from symbp.program.program import Array, Item, Loop, Rows, Size
from symbp.program.runs import Addition

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
    float_bytes: int = 4

    def count(self, name: str) -> int:
        """The entries of an array."""
        return entries(self.arrays[name].shape, self.batch)

    def bytes(self, name: str) -> int:
        """The bytes of an array."""
        return self.count(name) * bytes_of(self.arrays[name].kind, self.float_bytes)

    def steps(self, item: Item) -> int:
        """How often the operations are carried out: those of a loop at every step, those of a chain once for a row."""
        if not isinstance(item, Loop):
            return 1
        extent = item.extent.value
        return int(extent.xreplace(dict.fromkeys(extent.free_symbols, self.batch)))


def entries(shape: Iterable[Size], batch: int) -> int:
    """How many entries an array of this shape has."""
    return math.prod(min(d.most, batch) if isinstance(d, Rows) else batch if d == BATCH else d for d in shape)


def bytes_of(kind: str, float_bytes: int) -> int:
    """Of one entry."""
    return {"float": float_bytes, "int": 8, "bool": 1, "byte": 1}[kind]


def cost(item: Item, sizes: Sizes) -> Cost:
    """Of a statement or a chain; of all steps of a loop."""
    times = sizes.steps(item)
    return sum((of_steps(op, sizes, times) for op in item.operations), Cost())


def of_steps(op: Op, sizes: Sizes, times: int, standing: Container[str] = ()) -> Cost:
    """Of one operation that is carried out so many times; a product that comes later writes zeros at the first step."""
    if isinstance(op, Contract) and op.later:
        return of_operation(op, sizes) * (times - 1) + Cost(0, 0, sizes.bytes(op.out))
    return of_operation(op, sizes, standing) * times


def of_operation(op: Op, sizes: Sizes, standing: Container[str] = ()) -> Cost:
    """Of one operation; parts of stacks that are `standing` there are written by what computes them."""
    if is_alias(op) or isinstance(op, Range):
        return Cost()
    if isinstance(op, Stack):
        return _stacked(op, sizes, standing)
    if isinstance(op, Convolve):
        return _convolved(op, sizes)
    if isinstance(op, Scatter) and op.sorted:
        return _sorted_and_added(op, sizes)
    if isinstance(op, Scatter) and op.base == op.out:
        return _added_in_place(op, sizes)
    written = sizes.bytes(op.out)
    read = written if isinstance(op, Columns) else sum(sizes.bytes(name) for name in dict.fromkeys(reads(op)))
    return Cost(_arithmetic(op, sizes), read, written)


def of_addition(found: Addition, sizes: Sizes) -> Cost:
    """Of a vector times a number, added to another one in one call."""
    size = sizes.bytes(found.out)
    return Cost(2 * sizes.count(found.out), size + sizes.bytes(found.other), size)


def _stacked(op: Stack, sizes: Sizes, standing: Container[str]) -> Cost:
    """The first part at a position is copied there, the others are added; zeros where no part is."""
    whole, filled = sizes.bytes(op.out), {p.value for p in op.positions} if op.base else set()
    extent = entries((sizes.arrays[op.out].shape[op.axis],), sizes.batch)
    empty = max(0, extent - len({p.value for p in op.positions}))
    total = Cost()
    if op.base:
        total = Cost(0, sizes.bytes(op.base), whole)
    elif empty:
        any_standing = any(part in standing for part in op.parts)
        total = Cost(0, 0, whole * empty // extent if any_standing else whole)
    for part, position in zip(op.parts, op.positions, strict=True):
        count, size = sizes.count(part), sizes.bytes(part)
        if position.value in filled:
            total += Cost(count, 2 * size, size)
        elif part not in standing:
            total += Cost(0, size, size)
        filled.add(position.value)
    return total


def _convolved(op: Convolve, sizes: Sizes) -> Cost:
    """Columns are copied, then read by the product; one that windows show is written, then added to what is there."""
    every = extents(op, sizes)
    held = dict.fromkeys(name for _, name in op.held if name != op.out or op.base)
    total = Cost(_arithmetic(op, sizes), sum(map(sizes.bytes, held)), sizes.bytes(op.out))
    for letters, _, places in op.columns:
        size = math.prod(every[letter] for letter in letters) * sizes.float_bytes
        total += Cost(0, 2 * size, 2 * size if places is op.out_places else size)
    return total


def _sorted_and_added(op: Scatter, sizes: Sizes) -> Cost:
    """Keys are made of the labels, sorted, and made numbers of rows; the rows are copied in their order, and added."""
    label, rows = next(name for name in op.indices if name is not None), str(op.source)
    count, keys = sizes.count(label), sizes.count(label) * bytes_of("int", sizes.float_bytes)
    made = Cost(3 * count, sizes.bytes(label) + 4 * keys, 4 * keys)  # times, plus, sorted, modulo
    copied = Cost(0, keys + sizes.bytes(rows), sizes.bytes(rows))
    held = sizes.bytes(op.base) if op.base else 0
    ones = count * sizes.float_bytes
    return made + copied + Cost(_arithmetic(op, sizes), sizes.bytes(rows) + ones + held, sizes.bytes(op.out))


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
