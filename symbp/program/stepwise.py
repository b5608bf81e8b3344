"""Rows of a table that only the steps of a loop read: each step takes its own, and reads them while they are cached.

    k[t,n,j] = T[x[t,n],j] ; at every t: z[n,j] += k[t,n,j]
    becomes
    at every t: k[n,j] = T[x[t,n],j] ; z[n,j] += k[n,j]

The rows of all steps are never held.

Not here: steps that take few numbers, where a call more costs what it saves; labels along another axis than the steps.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from symbp.program.cost import entries
from symbp.program.fresh import Fresh
from symbp.program.operands import reads, renamed
from symbp.program.operations import Gather, Op
from symbp.program.program import Array, Item, Loop, Program, Slice, Statement
from symbp.program.sequences import SEQUENCES, over

LEAST = 4096  # numbers that a step takes


def taken_by_steps(program: Program, keep: frozenset[str], batch: int) -> Program:
    """The program with rows taken where they are read, for batches of this size."""
    for sequence in SEQUENCES:
        steps = _Steps(Fresh(dict(program.arrays)), keep, batch)
        program = replace(over(program, sequence, steps.changed), arrays=steps.fresh.arrays)
    return program


@dataclass
class _Steps:
    """A sequence of statements on its way."""

    fresh: Fresh
    keep: frozenset[str]
    batch: int
    gone: list[Op] = field(default_factory=list)

    def changed(self, items: list[Item]) -> list[Item]:
        """The statements without what loops take, and the loops that take it."""
        readers = Counter(name for item in items for op in item.operations for name in reads(op))
        readers.update(s.array for item in items if isinstance(item, Loop) for s in item.slices)
        readers.update(e.source for item in items if isinstance(item, Loop) for e in item.edges)
        taken = {
            op.out: op
            for item in items
            if isinstance(item, Statement)
            for op in item.operations
            if isinstance(op, Gather) and op.indices[0] and not any(op.indices[1:]) and self.may_go(op, readers)
        }
        done = [self.loop(item, taken) if isinstance(item, Loop) else item for item in items]
        return [item.with_statements(self.without_gone) for item in done]

    def without_gone(self, statement: Statement) -> Statement:
        """The statement without what a loop takes."""
        return replace(statement, operations=tuple(op for op in statement.operations if op not in self.gone))

    def may_go(self, op: Gather, readers: Counter[str]) -> bool:
        """Whether what is taken is read once, and so much of it at a step that a call more is worth it."""
        array = self.fresh.arrays[op.out]
        many = entries(array.shape[1:], self.batch) >= LEAST
        return many and readers[op.out] == 1 and op.out not in self.keep and array.storage == "workspace"

    def loop(self, loop: Loop, taken: dict[str, Gather]) -> Loop:
        """The loop with what it reads of this taken by its steps."""
        for each in loop.slices:
            if each.array in taken and not each.axis and not each.shift:
                loop = self.taking(loop, each, taken[each.array])
        return loop

    def taking(self, loop: Loop, each: Slice, op: Gather) -> Loop:
        """The loop with a slice of labels in place of a slice of rows."""
        arrays, label = self.fresh.arrays, op.indices[0] or ""
        held, room = arrays[label], arrays[each.out]
        at_step = self.fresh.array(label, loop.index, replace(held, shape=held.shape[1:]))
        arrays[at_step] = replace(arrays[at_step], storage="slice")
        rows = self.fresh.array(each.out, "rows", Array("", room.shape, room.kind, "workspace"))
        take: list[Op] = [Gather(rows, op.source, (at_step, *op.indices[1:]))]
        self.gone.append(op)
        statements = []
        for statement in loop.statements:
            operations = list(statement.operations)
            if take and any(each.out in reads(o) for o in operations):
                first = next(k for k, o in enumerate(operations) if each.out in reads(o))
                operations[first:first] = take
                take = []
            statements.append(replace(statement, operations=tuple(renamed(o, {each.out: rows}) for o in operations)))
        slices = tuple(Slice(at_step, label, 0) if s is each else s for s in loop.slices)
        return replace(loop, slices=slices, statements=tuple(statements))
