"""Labels that choose rows of a table: their axes in an order, how many there are, and sums of rows by label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from symbp.forward.network import Dim
from symbp.program.cost import entries
from symbp.program.fresh import Fresh
from symbp.program.operations import Op, Scatter
from symbp.program.program import Array

OFTEN = 2  # how many times each row of the table is taken at the least, in a batch
ALONE = 4  # how many times more rows the table may have than are taken for an example: one alone takes so much longer
SORTING = 2  # operations of a product in the time in which a number of a row is sorted and added, for two that share it
LABEL = 32_000  # the same in the time that the loop over labels takes for each
SINGLE = 450  # numbers to add one by one, for each label, from which sorting rows takes less time


@dataclass
class Labels:
    """The labels of a sequence of routines; `new` are the operations that were needed for what was asked last."""

    fresh: Fresh
    batch: int
    new: list[Op] = field(default_factory=list)
    orders: dict[tuple[str, tuple[int, ...]], str] = field(default_factory=dict)
    copied: dict[str, tuple[str, tuple[int, ...]]] = field(default_factory=dict)
    known: dict[tuple[str, str], str] = field(default_factory=dict)

    def rank(self, label: str) -> int:
        """How many axes the labels have."""
        return len(self.fresh.arrays[label].shape)

    def in_order(self, label: str, order: Sequence[int]) -> str:
        """The labels with their axes in this order, copied where they are not."""
        base, held = self.copied.get(label, (label, straight(self.rank(label))))
        wanted = tuple(held[axis] for axis in order)
        if wanted == straight(len(wanted)):
            return base
        if (base, wanted) not in self.orders:
            copy, operations = self.fresh.permuted(base, "permuted", wanted)
            self.new += operations
            self.orders[base, wanted], self.copied[copy] = copy, (base, wanted)
        return self.orders[base, wanted]

    def are_many(self, label: str, table: Dim) -> bool:
        """Whether a table of so many rows has few of them beside the labels of a batch, and not many beside one's."""
        shape = self.fresh.arrays[label].shape
        of_batch, of_one = entries(shape, self.batch), entries(shape, 1)
        return isinstance(table, int) and OFTEN * table <= of_batch and table <= ALONE * of_one

    def sums_pay(self, label: str, table: Dim, added: str, width: int) -> bool:
        """Whether adding rows by label takes less time than multiplying each by a matrix with `width` columns."""
        numbers = entries(self.fresh.arrays[added].shape, self.batch)
        return self.are_many(label, table) and 2 * width * numbers > SORTING * numbers + LABEL * int(table)

    def sums(self, name: str, label: str, table: Dim) -> str:
        """The rows of an array, those of equal labels added together."""
        if (name, label) not in self.known:
            array = self.fresh.arrays[name]
            columns = array.shape[self.rank(label) :]
            out = self.fresh.array(name, "sums", Array("", (table, *columns), "float", "workspace"))
            self.new.append(self.sorted(Scatter(out, name, (label, *(None for _ in columns)))))
            self.known[name, label] = out
        return self.known[name, label]

    def sorted(self, op: Scatter) -> Scatter:
        """Rows sorted by label before they are added, where there are many for each."""
        source, (labels, *_) = self.fresh.arrays[str(op.source)], self.fresh.arrays[op.out].shape
        numbers = entries(source.shape, self.batch)
        return replace(op, sorted=isinstance(labels, int) and numbers > SINGLE * labels)


def straight(count: int) -> tuple[int, ...]:
    """The order in which so many axes are."""
    return tuple(range(count))


def order_of(letters: str, lead: str) -> tuple[int, ...]:
    """Where each of these letters stands among those of the labels."""
    return tuple(lead.index(letter) for letter in letters)
