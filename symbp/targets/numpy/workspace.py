"""The workspace: an array for each name that a routine writes; names whose arrays share a buffer are one array.

Arrays of several shapes that share memory are views of one flat array, which is made before the first of them.

Ranges, positions and scratch that NumPy's calls need besides (`extras`) have their own; views have none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from symbp.forward.network import Dim, NetworkTensor
from symbp.program.cost import bytes_of, entries
from symbp.program.operands import is_stop, is_stored, written
from symbp.program.operations import Offset, Shift
from symbp.program.plan import Flat, Plan, common, in_order, numbers
from symbp.program.program import Array, ArrayKind, Item, Loop, Program, Size
from symbp.targets.numpy import blas, names, routines, source
from symbp.targets.numpy.extras import BLOCK, Entries
from symbp.targets.numpy.scope import Scope

RUN = 4  # equal numbers that are counted rather than written
BLOCKS = "for blocks of columns: of a row at the least, of all rows where that stays in a cache"
STEPS = "Where a loop takes steps, they are the first axis of what it writes: each step is one stretch of memory."
NOTES = (  # on names, and how to find them in a module
    (r"_(before|after)\b", "`_padded` has a step more, of zeros; `_before` and `_after` are views of it a step away."),
    (r"\bws\.(\w+_)?known_", "`known_` is what does not recur in a recurrence, computed for all steps at once."),
    (r"_permuted\b", "`_permuted` is a copy with axes in another order, as what reads it needs them."),
    (r"_transposed\b", "`_transposed` is a copy that each step reads along its rows, not across them."),
    (r"_table\b", "`_table` is computed of the rows of a table."),
    (r"_sums\b", "`_sums` are sums of rows by label."),
    (r'mode="clip"', 'Labels are checked before: `take` with "clip" does not check again, for which it would copy.'),
)
DTYPES = {"float": "dtype", "int": "np.intp", "bool": "np.bool_", "byte": "np.uint8"}


@dataclass(frozen=True)
class Allocation:
    """The statements that make an array of the workspace; `shape` is None where they make nothing but views."""

    lines: tuple[str, ...]
    shape: tuple[Size, ...] | None = None
    kind: ArrayKind = "float"

    def bytes(self, batch: int, dtype: str) -> int:
        """Those that are allocated, for a batch of this size."""
        if self.shape is None:
            return 0
        return bytes_of(self.kind, np.dtype(dtype).itemsize) * entries(self.shape, batch)


@dataclass(frozen=True)
class Block(Allocation):
    """Scratch for blocks of rows: for one row at least, and for all rows as far as they stay in a cache."""

    rows: tuple[Entries, ...] = ()
    wholes: tuple[Entries, ...] = ()

    def bytes(self, batch: int, dtype: str) -> int:
        """Those that are allocated, for a batch of this size."""
        row, whole = (max(fixed + each * batch for fixed, each in sizes) for sizes in (self.rows, self.wholes))
        return bytes_of(self.kind, np.dtype(dtype).itemsize) * max(row, min(BLOCK, whole))


def allocations(
    program: Program, plan: Plan, tensors: Mapping[str, NetworkTensor], scope: Scope
) -> Iterator[Allocation]:
    """What is allocated, in order of first use."""
    yield from _for_calls(scope)
    for array in program.arrays.values():
        if array.storage == "constant":
            made = _constant(names.identifier(array.name, scope.between), tensors[array.name].value or ())
            yield Allocation(tuple(made), array.shape, array.kind)
    for array in program.arrays.values():
        if array.storage == "random":
            yield _allocated(array, array.name, scope, "", ())
    yield from _written(program, plan, scope)


def _for_calls(scope: Scope) -> Iterator[Allocation]:
    """What calls need besides the program's arrays."""
    told = {""}  # each kind is explained where the first of it is made
    for attribute, extra in scope.extras.arrays.items():
        made = _noted(f"self.{attribute} = {extra.made}", "" if extra.why in told else extra.why)
        told.add(extra.why)
        yield Allocation(tuple(made), extra.shape, extra.kind)
    yield Allocation(tuple(blas.of_dtype("self.", scope.extras.routines, "self.dtype")))
    if scope.extras.blocks:
        yield _block(scope.extras.blocks)


def _written(program: Program, plan: Plan, scope: Scope) -> Iterator[Allocation]:
    """What statements write, but for parts of stacks and what is a view where it is read."""
    items = in_order(program)
    shifts = _shifts(items)
    operations = routines.operations(items)
    if any(map(is_stop, operations)):
        yield Allocation(("self.held = False  # whether results of stop(...) are left as they are",))
    elsewhere = {op.out for op in operations if not is_stored(op)} | {*plan.places}
    borders = {op.out: scope.operand(op.border) for op in operations if isinstance(op, Shift) and op.border is not None}
    made = set[str]()  # of the flat arrays
    for name in dict.fromkeys(name for item in items for name in written(item)):
        array, buffer = program.arrays[name], plan.buffer_of.get(name, name)
        if array.storage != "workspace" or name in elsewhere:
            continue
        if buffer != name or name not in plan.within:
            yield _allocated(array, buffer, scope, borders.get(name, ""), sorted(shifts.get(name, ())))
            continue
        flat, start = plan.within[name]
        if flat not in made:
            made.add(flat)
            yield _flat(flat, plan.flats[flat])
        attribute = f"self.{names.identifier(name, scope.between)}"
        yield Allocation(tuple(_viewed(attribute, array, flat, plan.flats[flat], start)))


def notes(text: str, loops: bool) -> list[str]:
    """What names of the workspace mean and how its arrays lie, as far as the module's text has such."""
    found = [note for pattern, note in NOTES if re.search(pattern, text)]
    return source.paragraph(" ".join([*([STEPS] if loops else []), *found]), 1) if loops or found else []


def _noted(line: str, why: str) -> list[str]:
    """A statement with what it is for."""
    return source.outdented(source.noted([2 * source.INDENT + line], why, 2), 2)


def _flat(name: str, flat: Flat) -> Allocation:
    """Memory for arrays of several shapes."""
    size = source.product(flat.shape)
    return Allocation((f"self.{name} = np.empty({size}, {DTYPES[flat.kind]})",), flat.shape, flat.kind)


def _viewed(attribute: str, array: Array, flat: str, held: Flat, start: int) -> list[str]:
    """An array that stands in flat memory: `self.relu_1_a = self.shared_1[: n * 784].reshape(16, 7, 7, n)`."""
    stop, of_each = start + numbers(array), common(array)

    def place(count: int) -> str:
        return source.product((*of_each, count))

    low, high = place(start) if start else "", place(stop) if (*of_each, stop) != held.shape else ""
    part = f"self.{flat}[{source.span(low, high)}]" if low or high else f"self.{flat}"
    shaped = f".reshape({', '.join(map(source.size, array.held))})" if len(array.held) > 1 else ""
    line = f"{attribute} = {part}{shaped}"
    return source.outdented(source.bracketed(line, 2) if shaped else source.assigned(line, 2), 2)


def _block(needed: Iterable[tuple[Entries, Entries]]) -> Block:
    """The scratch of every block, which is used by one after the other."""
    rows, wholes = (_largest(sizes) for sizes in zip(*needed, strict=True))
    all_rows = _count(wholes) if len(wholes) == 1 else f"max({_count(wholes)})"
    count = f"max({_count(rows)}, min({BLOCK}, {all_rows}))"
    lines = source.noted(source.call("self.block = np.empty", [count, "dtype"], 2), BLOCKS, 2)
    return Block(tuple(source.outdented(lines, 2)), rows=rows, wholes=wholes)


def _largest(sizes: Iterable[Entries]) -> tuple[Entries, ...]:
    """Those that are the largest for some batch."""
    found = sorted(set(sizes))
    return tuple(s for s in found if not any(s != o and s[0] <= o[0] and s[1] <= o[1] for o in found))


def _count(sizes: Iterable[Entries]) -> str:
    """`4000 * n + 12800, 131072`."""
    terms = ((f"{each} * n" if each else "", str(fixed) if fixed else "") for fixed, each in sizes)
    return ", ".join(" + ".join(filter(None, pair)) for pair in terms)


def _constant(attribute: str, values: tuple[float, ...]) -> list[str]:
    """The numbers of a constant."""
    line = f"self.{attribute} = np.array({values}, dtype)"
    if len(line) <= source.WIDTH - len(2 * source.INDENT):
        return [line]
    equal = [(repr(value), len([*run])) for value, run in groupby(values)]
    runs = [f"*{count} * [{value}]" if count >= RUN else ", ".join(count * [value]) for value, count in equal]
    line = f"self.{attribute} = np.array([{', '.join(runs)}], dtype)"
    if len(line) <= source.WIDTH - len(2 * source.INDENT):
        return [line]
    entries = source.call("", [*map(repr, values)], 3, tail=",")
    lines = [f"self.{attribute} = np.array(", *entries, f"{source.INDENT}dtype,", ")"]
    return source.outdented(lines, 2)


def _shifts(items: Iterable[Item]) -> dict[str, set[int]]:
    """By how many steps each array with a margin is read shifted."""
    found: dict[str, set[int]] = {}
    for item in items:
        for each in item.slices if isinstance(item, Loop) else ():
            found.setdefault(each.array, set()).add(each.shift)
        for edge in item.edges if isinstance(item, Loop) else ():
            found.setdefault(edge.array, set()).add(1 if edge.after else -1)
        for op in item.operations:
            if isinstance(op, Offset):
                found.setdefault(op.operand, set()).add(op.start)
    return {name: shifts - {0} for name, shifts in found.items()}


def _allocated(array: Array, buffer: str, scope: Scope, border: str, shifts: Sequence[int]) -> Allocation:
    attribute, owner = (f"self.{names.identifier(name, scope.between)}" for name in (array.name, buffer))
    before, after = array.margin
    held = _padded(array) if before or after else array.held
    views = []
    for shift in shifts:
        start, stop = before + shift, before + shift + int(array.shape[0])
        part = f"[{start or ''}:{stop if shift < after else ''}]"
        views.append(f"{scope.moved(attribute, shift)} = {owner}{scope.between}{names.PADDED}{part}")
    if buffer != array.name:
        shared = source.outdented(source.assigned(f"{attribute} = {owner}", 2), 2)
        return Allocation((*shared, *views))
    made = _made(attribute, f"{attribute}{scope.between}{names.PADDED}", array, border, held)
    return Allocation((*made, *views), held, array.kind)


def _made(attribute: str, padded: str, array: Array, border: str, held: tuple[Size, ...]) -> Iterator[str]:
    """The array; within a longer one where it has a margin."""
    shape, dtype, (before, after) = source.shape(held), DTYPES[array.kind], array.margin
    if border:
        made = f"np.zeros({shape}, {dtype})" if border == "0" else f"np.full({shape}, {border}, {dtype})"
        yield f"{attribute} = {made}  # with its border"
    elif not (before or after):
        yield f"{attribute} = np.empty({shape}, {dtype})"
    else:
        yield f"{padded} = np.zeros({shape}, {dtype})"
        yield f"{attribute} = {padded}[{before or ''}:{before + int(array.shape[0]) if after else ''}]"


def _padded(array: Array) -> tuple[Dim, ...]:
    steps, *rest = array.shape
    return (int(steps) + sum(array.margin), *rest)
