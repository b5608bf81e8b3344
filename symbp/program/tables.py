"""What is computed of rows taken from a table is computed of the table, where it has fewer rows than are taken.

    E[x] W + b         (E W + b)[x]     products and elementwise functions of single rows; the order of the labels
    sum E[x] D         E' S             a sum over all rows that are taken; S adds up the rows of D of equal labels
    sum D W', at x     S W'             rows added at labels

Labels such as the characters of a text are few, and each is met many times. Sums of rows are shared by all derivatives
that need them. Whether the table has fewer rows, and whether sums pay, is decided for batches of the usual size; that
a single example takes not much longer is seen to.

A row that no example takes is computed too, and multiplied by 0: functions that are undefined somewhere, or overflow,
stay where they are. The parameters are finite.

Not here: labels along other axes than the first, loops, sums and maxima along a row.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace

from symbp.forward.network import Dim
from symbp.program.fresh import Fresh, permutation
from symbp.program.functions import FUNCTIONS
from symbp.program.labels import Labels, order_of, straight
from symbp.program.operands import is_stop, reads, renamed
from symbp.program.operations import Contract, Fold, Gather, Map, Op, Scatter, Select, Side
from symbp.program.program import Item, Loop, Program, Statement
from symbp.program.sequences import SEQUENCES, over


def of_tables(program: Program, batch: int) -> Program:
    """The program with products and functions of tables, for batches of this size."""
    for sequence in SEQUENCES:
        labels = Labels(Fresh(dict(program.arrays)), batch)
        changed = over(program, sequence, _Tables(labels).changed)
        program = replace(changed, arrays=labels.fresh.arrays)
    return program


@dataclass(frozen=True)
class _Taken:
    """`source[label]`: rows of a table, one for each of the labels, whose array has `rank` axes."""

    source: str
    label: str
    rank: int

    def gather(self, out: str, shape: tuple[Dim, ...]) -> Gather:
        """The rows in an array of this shape."""
        return Gather(out, self.source, (self.label, *(None for _ in shape[self.rank :])))


@dataclass
class _Tables:
    """A sequence of statements on its way: which operation computes an array, and how many read it."""

    labels: Labels
    made: dict[str, Op] = field(default_factory=dict)
    readers: Counter[str] = field(default_factory=Counter)

    def changed(self, items: list[Item]) -> list[Item]:
        """The statements, with what pays computed of tables."""
        self.readers.update(name for item in items for op in item.operations for name in reads(op))
        self.readers.update(s.array for item in items if isinstance(item, Loop) for s in item.slices)
        return [self.statement(item) if isinstance(item, Statement) else item for item in items]

    def statement(self, statement: Statement) -> Statement:
        """The operations, each with what it needs before it."""
        operations: list[Op] = []
        for op in statement.operations:
            instead = self.instead(op)
            new, self.labels.new = [*self.labels.new, instead], []
            operations += new
            self.made |= {each.out: each for each in new}
        return replace(statement, operations=tuple(operations))

    def instead(self, op: Op) -> Op:
        """The operation itself where nothing is better."""
        match op:
            case Map(function="copy", operands=(str(operand),), where=None):
                return self.copied(op, operand) or op
            case Map() | Select():
                return self.mapped(op) or op
            case Contract(base=None):
                found = (self.of_rows(op, *side) or self.over_rows(op, *side) for side in op.operands)
                return next((each for each in found if each), op)
            case Scatter(source=str(source), indices=(str(label), *others), base=None) if not any(others):
                return self.added(op, source, label)
            case Fold(function="sum", base=None, keepdims=False):
                return self.folded(op)
        return op

    def shape(self, name: str) -> tuple[Dim, ...]:
        """That of an array of the program, or of one that was added."""
        return self.labels.fresh.arrays[name].shape

    def table(self, out: str, rows: _Taken) -> str:
        """The array of what is computed of the table, where `out` is what is computed of the rows."""
        like = self.labels.fresh.arrays[out]
        shape = (self.shape(rows.source)[0], *like.shape[rows.rank :])
        return self.labels.fresh.array(out, "table", replace(like, shape=shape))

    def taken(self, name: str) -> _Taken | None:
        """What an array is taken from, if rows were taken."""
        match self.made.get(name):
            case Gather(source=source, indices=(str(label), *others)) if not any(others):
                return _Taken(source, label, self.labels.rank(label))
        return None

    def of_parameters(self, name: str) -> _Taken | None:
        """The same, of parameters or of what was made of them here: every row is finite, whichever are taken."""
        rows, arrays = self.taken(name), self.labels.fresh
        finite = rows and (arrays.arrays[rows.source].storage == "parameter" or rows.source in arrays.given)
        return rows if finite else None

    def permuted(self, name: str, rank: int) -> tuple[str, tuple[int, ...]] | None:
        """The array of which this is a view with the axes of labels, the first `rank`, in another order."""
        found = permutation(self.made.get(name), self.labels.fresh.arrays)
        return (found[0], found[1][:rank]) if found and found[1][rank:] == straight(len(found[1]))[rank:] else None

    def copied(self, op: Map, operand: str) -> Op | None:
        """Rows that are copied into another order are taken in that order."""
        found = permutation(self.made.get(operand), self.labels.fresh.arrays)
        rows = self.taken(found[0]) if found else None
        if rows is None or (inner := self.permuted(operand, rows.rank)) is None:
            return None
        label = self.labels.in_order(rows.label, inner[1])
        return replace(rows, label=label).gather(op.out, self.shape(op.out))

    def mapped(self, op: Map | Select) -> Op | None:
        """A function of rows of tables and of what is the same for every row; one that is defined for every row."""
        tables = {name: rows for name in reads(op) if (rows := self.of_parameters(name))}
        if not tables or is_stop(op) or (isinstance(op, Map) and (op.where or FUNCTIONS[op.function].guarded)):
            return None
        first, out = next(iter(tables.values())), self.shape(op.out)
        count, columns = self.shape(first.source)[0], out[first.rank :]
        fits = all(
            rows.label == first.label and self.shape(rows.source)[0] == count and len(self.shape(name)) == len(out)
            for name, rows in tables.items()
        )
        alike = all(len(self.shape(name)) <= len(columns) for name in reads(op) if name not in tables)
        labelled = out[: first.rank] == self.shape(first.label)
        if not (fits and alike and labelled and self.labels.are_many(first.label, count)):
            return None
        table = self.table(op.out, first)
        of_table = renamed(op, {name: rows.source for name, rows in tables.items()})
        self.labels.new.append(replace(of_table, out=table))
        return replace(first, source=table).gather(op.out, out)

    def of_rows(self, op: Contract, side: Side, name: str, axes: str, others: str) -> Op | None:
        """A product of rows of a table, each with the same matrix."""
        rows = self.of_parameters(name)
        if rows is None or not self.labels.are_many(rows.label, self.shape(rows.source)[0]):
            return None
        lead, out = axes[: rows.rank], op.out_axes
        if not _of_each_row(op, lead, out, others):
            return None
        table = self.table(op.out, rows)
        of_table = op.with_operand(side, rows.source, lead[0] + axes[rows.rank :])
        self.labels.new.append(replace(of_table, out=table, out_axes=lead[0] + out[rows.rank :], stack=""))
        label = self.labels.in_order(rows.label, order_of(out[: rows.rank], lead))
        return replace(rows, source=table, label=label).gather(op.out, self.shape(op.out))

    def over_rows(self, op: Contract, side: Side, name: str, axes: str, others: str) -> Op | None:
        """A sum over rows of a table, each times something of its own."""
        rows = self.of_parameters(name)
        if rows is None or op.stack:
            return None
        lead, (opposite, other) = axes[: rows.rank], _opposite(op, side)
        if {*others[: rows.rank]} != {*lead} or {*lead} & {*op.out_axes}:
            return None
        count, *columns = self.shape(rows.source)
        if not self.labels.sums_pay(rows.label, count, other, math.prod(map(int, columns))):
            return None
        label = self.labels.in_order(rows.label, order_of(others[: rows.rank], lead))
        sums = self.labels.sums(other, label, count)
        of_table = op.with_operand(side, rows.source, lead[0] + axes[rows.rank :])
        return of_table.with_operand(opposite, sums, lead[0] + others[rows.rank :])

    def added(self, op: Scatter, source: str, label: str) -> Op:
        """Rows added at labels: in the order in which they are, and before they are multiplied."""
        rank = self.labels.rank(label)
        match self.made.get(source):
            case Map(function="copy", operands=(str(copied),)) if found := self.permuted(copied, rank):
                source, order = found
                label = self.labels.in_order(label, [order.index(axis) for axis in range(rank)])
        product = self.made.get(source)
        if isinstance(product, Contract) and self.readers[source] == 1:
            for side, name, axes, others in product.operands:
                if multiplied := self.multiplied(op, product, label, (side, name, axes, others)):
                    return multiplied
        return self.labels.sorted(replace(op, source=source, indices=(label, *op.indices[1:])))

    def multiplied(self, op: Scatter, product: Contract, label: str, operand: tuple[Side, str, str, str]) -> Op | None:
        """The product of sums of rows, in place of the sums of products."""
        (side, name, axes, others), rank = operand, self.labels.rank(label)
        lead, (count, *columns) = product.out_axes[:rank], self.shape(op.out)
        if not _of_each_row(product, axes[:rank], lead, others):
            return None
        if not self.labels.sums_pay(label, count, name, math.prod(map(int, columns))):
            return None
        sums = self.labels.sums(name, self.labels.in_order(label, order_of(axes[:rank], lead)), count)
        by_sums = product.with_operand(side, sums, lead[0] + axes[rank:])
        return replace(by_sums, out=op.out, out_axes=lead[0] + product.out_axes[rank:], stack="")

    def folded(self, op: Fold) -> Op:
        """A sum of all rows from their sums by label, where there are such."""
        for (name, label), sums in self.labels.known.items():
            if name == op.operand and op.axes == straight(self.labels.rank(label)):
                return replace(op, operand=sums, axes=(0,))
        return op


def _of_each_row(op: Contract, lead: str, out: str, others: str) -> bool:
    """Whether the result has the labels' letters first too, which the other operand lacks."""
    return {*out[: len(lead)]} == {*lead} and not {*lead} & {*others} and {*op.stack} <= {*lead}


def _opposite(op: Contract, side: Side) -> tuple[Side, str]:
    return ("right", op.right) if side == "left" else ("left", op.left)
