"""Chains of elementwise operations over large arrays, carried out for some rows at a time, which stay in the cache.

    z = x W ; u = z * z ; u = exp(u) ; a = z * u
    becomes
    z = x W ; for some rows of z, u and a after the others: u = z * z ; u = exp(u) ; a = z * u

What only the chain reads, as u here, is held for the rows of one block. The rows of `symbp.program.rowwise` decide what
a chain can consist of: consecutive statements of a block of the network. A row is a position of the first axis in
memory, most often an example; a feature map that holds the batch last has one for each channel.

Not here: chains over arrays that stay in the cache whole, which gain nothing; chains of a step of a loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby

import sympy as sp

from symbp.forward.network import BATCH, Dim
from symbp.program.cost import Sizes, entries
from symbp.program.instance import BATCH_SIZE
from symbp.program.operands import is_alias, is_stored, needed, reads, roots, written
from symbp.program.operations import Op, Scalar, View
from symbp.program.program import ONCE, Array, Chain, Item, Program, Routine, Statement
from symbp.program.rowwise import parts

# Measured by `python -m benchmarks.thresholds chains`, on a machine whose last-level cache has 32 MB
LARGE = 24 << 20  # bytes that a chain needs at one time: from so many on they do not stay in the cache
LONG = 4  # operations: shorter chains gain next to nothing
BLOCK = 1 << 18  # numbers that a block has of the array with the longest rows
WIDE = 1 << 22  # numbers in a row: wider ones were not measured


def chained(program: Program, keep: frozenset[str], batch: int) -> Program:
    """The program with such chains."""
    operations = [op for routine in program.routines.values() for item in routine.statements for op in item.operations]
    views = {op.out: op for op in operations if isinstance(op, View)}
    chaining = _Chaining(program, Sizes(program.arrays, batch, 4), roots(operations), views)
    left = {ONCE, "update"}
    routines = {
        name: routine if name in left else Routine(name, tuple(chaining.carried(routine.statements)))
        for name, routine in program.routines.items()
    }
    if not any(isinstance(item, Chain) for routine in routines.values() for item in routine.statements):
        return program
    made = replace(program, routines=routines)
    return replace(made, arrays=_with_scratch(made, keep))


@dataclass(frozen=True)
class _Rows:
    """The arrays of which a sequence of operations needs the rows that it is about, and those that it needs whole."""

    extent: Dim
    parts: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()

    def along(self, statement: Statement, arrays: Mapping[str, Array]) -> _Rows | None:
        """The same with a statement; None where one array is needed both ways, or no rows would do."""
        rows, whole = set(self.parts), set(self.whole)
        for op in statement.operations:
            of_rows = parts(op, arrays)
            if of_rows is None or arrays[op.out].storage != "workspace":
                return None
            if arrays[op.out].shape[:1] != (self.extent,):
                if not is_alias(op):
                    return None
                of_rows = frozenset()
            rows |= of_rows
            whole |= {op.out, *reads(op)} - of_rows
        return None if rows & whole else _Rows(self.extent, frozenset(rows), frozenset(whole))


@dataclass(frozen=True)
class _Chaining:
    """A program whose routines become chains where they can."""

    program: Program
    sizes: Sizes
    root: Mapping[str, str]  # of views, the arrays that they look into
    views: Mapping[str, View]

    def carried(self, items: Iterable[Item]) -> Iterator[Item]:
        """The statements and loops of a routine, long chains in place of their statements."""
        for _, group in groupby(items, key=lambda item: item.block):
            members = list(group)
            operations = [op for item in members for op in item.operations]
            touched = {self.root.get(name, name) for op in operations for name in (op.out, *reads(op))}
            large = sum(map(self.sizes.bytes, touched)) >= LARGE  # else no chain of the block pays
            yield from self.changed(members) if large else members

    def changed(self, items: Iterable[Item]) -> Iterator[Item]:
        """The same of the statements and loops of one block."""
        run: list[Statement] = []
        rows: _Rows | None = None
        for item in items:
            longer = self.longer(rows, item) if run else None
            if not longer:
                yield from self.ended(run)
                run, longer = [], self.along([item]) if isinstance(item, Statement) else None
            rows = longer
            if isinstance(item, Statement) and rows:  # one of views alone joins a run, and begins none
                run.append(item)
            else:
                yield item
        yield from self.ended(run)

    def longer(self, rows: _Rows | None, item: Item) -> _Rows | None:
        """The rows that a run can be carried out along with another statement."""
        return rows.along(item, self.program.arrays) if rows and isinstance(item, Statement) else None

    def along(self, run: Sequence[Statement]) -> _Rows | None:
        """The rows that statements of one block can be carried out along."""
        stored = [self.program.arrays[op.out].shape for op in run[0].operations if is_stored(op)]
        rows = _Rows(stored[0][0]) if stored and stored[0] else None
        for statement in run:
            rows = rows.along(statement, self.program.arrays) if rows else None
        return rows

    def ended(self, run: Sequence[Statement]) -> Iterator[Item]:
        """The statements as a chain where that pays."""
        long_enough = sum(is_stored(op) for statement in run for op in statement.operations) >= LONG
        seen: list[Statement] = []
        for statement in run if long_enough else ():
            seen.append(self.with_views(statement, seen))
        rows = self.along(seen) if seen else None
        count = self.rows(seen, rows) if rows else 0
        if not rows or not count:
            yield from run
            return
        extent = BATCH_SIZE if rows.extent == BATCH else sp.Integer(rows.extent)
        index = "n" if rows.extent == BATCH else "row"
        yield Chain(run[0].block, index, Scalar(extent), tuple(seen), count, rows.parts)

    def with_views(self, statement: Statement, before: Sequence[Statement]) -> Statement:
        """The statement with the views of rows that it reads and that are made elsewhere: a block makes its own."""
        made = {op.out for each in (*before, statement) for op in each.operations}
        found: dict[str, View] = {}
        wanted = [name for op in statement.operations for name in reads(op)]
        while wanted:
            view = self.views.get(wanted.pop())
            if view and view.out not in made and parts(view, self.program.arrays):
                found[view.out] = view
                wanted.append(view.operand)
        return replace(statement, operations=(*reversed(found.values()), *statement.operations))

    def rows(self, run: Sequence[Statement], rows: _Rows) -> int:
        """How many rows a block has; 0 where a chain does not pay."""
        operations = [op for statement in run for op in statement.operations]
        made = {op.out for op in operations}
        if seen_otherwise(operations, self.root) or not self.views.keys() & rows.parts <= made:
            return 0
        extent = entries((rows.extent,), self.sizes.batch)
        longest = max(self.sizes.count(name) for name in rows.parts) // extent
        count = max(1, BLOCK // longest)
        return count if count < extent and longest <= WIDE and self.needed(operations) >= LARGE else 0

    def needed(self, operations: Sequence[Op]) -> int:
        """The bytes of all arrays that operations touch before and after one of them, at most."""
        touched = [{self.root.get(name, name) for name in (op.out, *reads(op))} for op in operations]
        changes = [0] * (len(touched) + 1)
        for name in set().union(*touched):
            times = [time for time, names in enumerate(touched) if name in names]
            changes[times[0]] += self.sizes.bytes(name)
            changes[times[-1] + 1] -= self.sizes.bytes(name)
        return max(accumulate(changes))


def seen_otherwise(operations: Sequence[Op], root: Mapping[str, str]) -> bool:
    """Whether they read what they write through views that are made elsewhere, which may show other rows."""
    made = {op.out for op in operations}
    changed = {root.get(op.out, op.out) for op in operations if not is_alias(op)}
    return any(root.get(name) in changed and name not in made for op in operations for name in reads(op))


def _with_scratch(program: Program, keep: frozenset[str]) -> dict[str, Array]:
    """The arrays, of those that chains alone make and read the rows of a block."""
    items = [item for routine in program.routines.values() for item in routine.statements]
    root = roots(op for item in items for op in item.operations)
    keep |= {root.get(name, name) for name in keep}
    touched: dict[str, list[Item]] = {}
    for item in items:
        every = {*written(item), *needed(item), *(name for op in item.operations for name in (op.out, *reads(op)))}
        for name in {root.get(name, name) for name in every}:
            touched.setdefault(name, []).append(item)
    arrays = dict(program.arrays)
    for name, array in program.arrays.items():
        by = touched.get(name, [])
        rows = {item.rows if isinstance(item, Chain) and _makes(item, name) else 0 for item in by}
        if array.storage == "workspace" and name not in keep and name not in root and len(rows) == 1:
            arrays[name] = replace(array, rows=rows.pop())
    return arrays


def _makes(chain: Chain, name: str) -> bool:
    """Whether the chain writes an array before it reads it."""
    first = next((op for op in chain.operations if name in (op.out, *reads(op))), None)
    return first is not None and first.out == name and name not in reads(first)
