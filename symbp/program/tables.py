"""What is computed of rows taken from a table is computed of the table, where it has fewer rows than are taken.

    E[x] W + b         (E W + b)[x]     products and elementwise functions of single rows; the order of the labels
    sum E[x] D         E S              a sum over all rows that are taken; S adds up the rows of D of equal labels
    sum D W, at x      S W              rows added at labels

Labels such as the characters of a text are few, and each is met many times. Sums of rows are shared by all derivatives
that need them. Whether the table has fewer rows, and whether sums pay, is decided for batches of the usual size; that
a single example takes not much longer is seen to.

Not here: labels along other axes than the first, loops.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from symbp.forward.network import Dim
from symbp.program.cost import entries
from symbp.program.operands import needed
from symbp.program.program import Array, Contract, Fold, Gather, Item, Loop, Map, Op, Program, Scatter, View
from symbp.program.sequences import SEQUENCES, over

OFTEN = 2  # how many times each row of the table is taken at the least, in a batch
ALONE = 4  # how many times more rows the table may have than are taken for an example: one alone takes so much longer
SORTING = 25  # operations of a product in the time in which one number is sorted and added
LABEL = 70_000  # the same for one label
SINGLE = 450  # numbers to add one by one, for each label, from which sorting takes less time


def of_tables(program: Program, batch: int) -> Program:
    """The program with products and functions of tables, for batches of this size."""
    for sequence in SEQUENCES:
        tables = _Tables(dict(program.arrays), batch)
        program = replace(over(program, sequence, tables.changed), arrays=tables.arrays)
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
    """A sequence of statements on its way; `made` says which operation computes an array."""

    arrays: dict[str, Array]
    batch: int
    made: dict[str, Op] = field(default_factory=dict)
    readers: dict[str, int] = field(default_factory=dict)
    orders: dict[tuple[str, tuple[int, ...]], str] = field(default_factory=dict)  # labels with their axes in an order
    known: dict[tuple[str, str], str] = field(default_factory=dict)  # sums of an array's rows by label
    new: list[Op] = field(default_factory=list)  # before the operation at hand

    def changed(self, items: list[Item]) -> list[Item]:
        """The statements, with what pays computed of tables."""
        for name in (name for item in items for name in needed(item)):
            self.readers[name] = self.readers.get(name, 0) + 1
        done: list[Item] = []
        for item in items:
            if isinstance(item, Loop):
                done.append(item)
                continue
            operations: list[Op] = []
            for op in item.operations:
                self.new = []
                instead = self.instead(op)
                operations += [*self.new, instead]
                self.made |= {each.out: each for each in (*self.new, instead)}
            done.append(replace(item, operations=tuple(operations)))
        return done

    def instead(self, op: Op) -> Op:
        """The operation itself where nothing is better."""
        match op:
            case Map(function="copy", operands=(str(operand),), where=None):
                return self.copied(op, operand) or op
            case Map():
                return self.mapped(op) or op
            case Contract(base=None):
                sides = (op.left, op.left_axes, op.right_axes), (op.right, op.right_axes, op.left_axes)
                found = (self.of_rows(op, *side) or self.over_rows(op, *side) for side in sides)
                return next((each for each in found if each), op)
            case Scatter(source=str(), base=None):
                return self.added(op)
            case Fold(function="sum", base=None, keepdims=False):
                return self.folded(op)
        return op

    def taken(self, name: str) -> _Taken | None:
        """What an array is taken from, if rows were taken."""
        match self.made.get(name):
            case Gather(source=source, indices=(str(label), *others)) if not any(others):
                return _Taken(source, label, len(self.arrays[label].shape))
        return None

    def copied(self, op: Map, operand: str) -> Op | None:
        """Rows that are copied into another order are taken in that order."""
        found = self.permuted(operand)
        if found and (rows := self.taken(found[0])) and found[1][rows.rank :] == _straight(found[1])[rows.rank :]:
            label = self.in_order(rows.label, found[1][: rows.rank])
            return replace(rows, label=label).gather(op.out, self.arrays[op.out].shape)
        return None

    def permuted(self, name: str) -> tuple[str, tuple[int, ...]] | None:
        """The array of which this is a view with all axes in another order, and the order."""
        view = self.made.get(name)
        if not isinstance(view, View) or None in view.axes:
            return None
        held, order = self.arrays[view.operand].shape, tuple(axis for axis in view.axes if axis is not None)
        return (view.operand, order) if tuple(held[axis] for axis in order) == self.arrays[name].shape else None

    def in_order(self, label: str, order: tuple[int, ...]) -> str:
        """The labels with their axes in this order."""
        if order == _straight(order):
            return label
        if (label, order) not in self.orders:
            shape = tuple(self.arrays[label].shape[axis] for axis in order)
            view, copy = (self.array(f"{label}_turned{end}", shape, "int") for end in ("_view", ""))
            self.new += [View(view, label, order), Map(copy, "copy", (view,))]
            self.orders[label, order] = copy
        return self.orders[label, order]

    def array(self, name: str, shape: tuple[Dim, ...], kind: str = "float") -> str:
        """A new array of the workspace; one that the other mode computes too is the same."""
        wanted, count = Array(name, shape, kind, "workspace"), 1  # type: ignore[arg-type]
        while wanted.name in self.made or self.arrays.get(wanted.name, wanted) != wanted:
            count += 1
            wanted = replace(wanted, name=f"{name}_{count}")
        self.arrays[wanted.name] = wanted
        return wanted.name

    def is_often(self, table: Dim, label: str) -> bool:
        """Whether a table of so many rows has few of them beside the labels of a batch, and not many beside one's."""
        of_batch, of_one = (entries(self.arrays[label].shape, examples) for examples in (self.batch, 1))
        return isinstance(table, int) and OFTEN * table <= of_batch and table <= ALONE * of_one

    def mapped(self, op: Map) -> Op | None:
        """A function of rows of tables and of what is the same for every row."""
        out = self.arrays[op.out]
        names = [o for o in op.operands if isinstance(o, str)]
        tables = {name: rows for name in names if (rows := self.taken(name))}
        if not tables or op.where is not None or op.function == "stop" or out.kind != "float":
            return None
        first = next(iter(tables.values()))
        count, columns = self.arrays[first.source].shape[0], out.shape[first.rank :]
        fits = all(
            rows.label == first.label
            and self.arrays[rows.source].shape[0] == count
            and len(self.arrays[name].shape) == len(out.shape)
            for name, rows in tables.items()
        )
        alike = all(len(self.arrays[name].shape) <= len(columns) for name in names if name not in tables)
        labelled = out.shape[: first.rank] == self.arrays[first.label].shape
        if not (fits and alike and labelled and self.is_often(count, first.label)):
            return None
        table = self.array(f"{op.out}_table", (count, *columns))
        operands = tuple(tables[o].source if isinstance(o, str) and o in tables else o for o in op.operands)
        self.new.append(replace(op, out=table, operands=operands))
        return replace(first, source=table).gather(op.out, out.shape)

    def of_rows(self, op: Contract, side: str, axes: str, others: str) -> Op | None:
        """A product of rows of a table, each with the same matrix."""
        rows = self.taken(side)
        if rows is None or not self.is_often(self.arrays[rows.source].shape[0], rows.label):
            return None
        lead, out = axes[: rows.rank], op.out_axes
        if {*out[: rows.rank]} != {*lead} or {*lead} & {*others} or not {*op.stack} <= {*lead}:
            return None
        count, columns = self.arrays[rows.source].shape[0], self.arrays[op.out].shape[rows.rank :]
        table = self.array(f"{op.out}_table", (count, *columns))
        by_table = replace(_with_side(op, side, axes, rows.source, lead[0] + axes[rows.rank :]), out=table)
        self.new.append(replace(by_table, out_axes=lead[0] + out[rows.rank :], stack=""))
        label = self.in_order(rows.label, tuple(lead.index(letter) for letter in out[: rows.rank]))
        return replace(rows, source=table, label=label).gather(op.out, self.arrays[op.out].shape)

    def over_rows(self, op: Contract, side: str, axes: str, others: str) -> Op | None:
        """A sum over rows of a table, each times something of its own."""
        rows = self.taken(side)
        if rows is None:
            return None
        lead, other = axes[: rows.rank], op.right if side == op.left else op.left
        if {*others[: rows.rank]} != {*lead} or {*lead} & {*op.out_axes} or op.stack:
            return None
        label = self.in_order(rows.label, tuple(lead.index(letter) for letter in others[: rows.rank]))
        table = self.arrays[rows.source].shape
        if not self.sums_pay(table[0], label, self.arrays[other].shape, math.prod(map(int, table[1:]))):
            return None
        summed = _with_side(op, side, axes, rows.source, lead[0] + axes[rows.rank :])
        return _with_side(summed, other, others, self.sums(other, label, table[0]), lead[0] + others[rows.rank :])

    def sums_pay(self, table: Dim, label: str, added: tuple[Dim, ...], width: int) -> bool:
        """Whether adding rows first takes less time than multiplying each by a matrix with `width` columns."""
        numbers = entries(added, self.batch)
        saved = 2 * width * numbers
        return self.is_often(table, label) and saved > SORTING * numbers + LABEL * int(table)

    def sums(self, name: str, label: str, table: Dim) -> str:
        """The rows of an array, those of equal labels added together."""
        if (name, label) not in self.known:
            columns = self.arrays[name].shape[len(self.arrays[label].shape) :]
            out = self.array(f"{name}_sums", (table, *columns))
            self.new.append(self.sorted(Scatter(out, name, (label, *(None for _ in columns)))))
            self.known[name, label] = out
        return self.known[name, label]

    def folded(self, op: Fold) -> Op:
        """A sum of all rows from their sums by label, where there are such."""
        for (name, label), sums in self.known.items():
            if name == op.operand and op.axes == tuple(range(len(self.arrays[label].shape))):
                return replace(op, operand=sums, axes=(0,))
        return op

    def added(self, op: Scatter) -> Op:
        """Rows added at labels: in the order in which they are, and before they are multiplied."""
        label, *others = op.indices
        if label is None or any(others) or not isinstance(op.source, str):
            return op
        source, rank = op.source, len(self.arrays[label].shape)
        copy = self.made.get(source)
        if isinstance(copy, Map) and copy.function == "copy" and isinstance(operand := copy.operands[0], str):
            found = self.permuted(operand)
            if found and found[1][rank:] == _straight(found[1])[rank:]:
                source, order = found
                label = self.in_order(label, tuple(order.index(axis) for axis in range(rank)))
        product = self.made.get(source)
        if isinstance(product, Contract) and self.readers[source] == 1:
            multiplied = self.multiplied(op, product, label, rank)
            if multiplied:
                return multiplied
        return self.sorted(replace(op, source=source, indices=(label, *others)))

    def multiplied(self, op: Scatter, product: Contract, label: str, rank: int) -> Op | None:
        """The product of sums of rows, in place of the sums of products."""
        lead, rest = product.out_axes[:rank], product.out_axes[rank:]
        table = self.arrays[op.out].shape[0]
        for side, axes, others in (
            (product.left, product.left_axes, product.right_axes),
            (product.right, product.right_axes, product.left_axes),
        ):
            if {*axes[:rank]} != {*lead} or {*lead} & {*others} or not {*product.stack} <= {*lead}:
                continue
            turned = self.in_order(label, tuple(lead.index(letter) for letter in axes[:rank]))
            width = math.prod(map(int, self.arrays[op.out].shape[1:]))
            if self.sums_pay(table, turned, self.arrays[side].shape, width):
                sums = self.sums(side, turned, table)
                by_sums = _with_side(product, side, axes, sums, lead[0] + axes[rank:])
                return replace(by_sums, out=op.out, out_axes=lead[0] + rest, stack="")
        return None

    def sorted(self, op: Scatter) -> Scatter:
        """Rows sorted by label before they are added, where there are many for each."""
        numbers = entries(self.arrays[str(op.source)].shape, self.batch)
        labels = self.arrays[op.out].shape[0]
        return replace(op, sorted=isinstance(labels, int) and numbers > SINGLE * labels)


def _straight(order: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(range(len(order)))


def _with_side(op: Contract, side: str, axes: str, instead: str, letters: str) -> Contract:
    """The product with another operand on the side that has these axes."""
    if op.left == side and op.left_axes == axes:
        return replace(op, left=instead, left_axes=letters)
    return replace(op, right=instead, right_axes=letters)
