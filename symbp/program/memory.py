"""What must hold for a memory plan: whatever is read stands where it was written, with nothing written over it since.

Checked by going through the operations of each pass over the network, without the lives that the plan was made from.
"""

from __future__ import annotations

from collections.abc import Sequence

from symbp.forward.network import BATCH
from symbp.program.operands import is_alias, may_stand_on, needed, reads, written
from symbp.program.operations import Op, Range
from symbp.program.plan import Plan, common, lasting
from symbp.program.program import TRAINING, Chain, Item, Loop, Program, Size
from symbp.program.verify import ProgramError

Place = tuple[str, int, int]  # an array or flat memory, from where to where


def verify_plan(program: Program, plan: Plan, keep: frozenset[str], shown: frozenset[str] = frozenset()) -> None:
    """Raise `ProgramError` at the first read of what is no longer there, or at a result that is not.

    What is computed once is a result of every sequence, so that the next one finds it whichever it is; what is `shown`
    is one of inference alone.
    """
    keep |= lasting(program)
    for sequence in program.sequences:
        results = keep - shown if sequence == TRAINING else keep
        _Memory(program, plan).go_through(program.items(sequence), results)


class _Memory:
    """What stands where, as the operations are carried out one after the other."""

    def __init__(self, program: Program, plan: Plan) -> None:
        self.program = program
        self.plan = plan
        self.whole: dict[str, str] = {}  # of views and slices, and of parts of a stack
        self.standing: dict[str, dict[str, Place]] = {}  # by memory, the arrays that were written and not written over
        self.lost: set[str] = set()
        self.of_rows: dict[str, tuple[Size, ...]] = {}  # by memory, of which rows of a block it holds numbers

    def go_through(self, items: Sequence[Item], keep: frozenset[str]) -> None:
        for part, (stack, _, _) in self.plan.places.items():
            self.whole[part] = stack
        for item in items:
            if isinstance(item, Loop):
                self.step_through(item)
                continue
            self.carry_out(item.operations)
            if isinstance(item, Chain):
                self.apart_in_blocks(item)
        results = {self.root(name) for name in keep}
        if gone := results & self.lost:
            raise ProgramError(f"the results {', '.join(sorted(gone))} are written over")

    def step_through(self, loop: Loop) -> None:
        for each in loop.slices:
            self.whole[each.out] = self.root(each.array)
        inside = {op.out for op in loop.operations}
        for name in written(loop):
            if name not in inside:
                self.write(name)
        for _ in range(2):  # a step finds what the one before it left
            self.carry_out(loop.operations)
        self.read([name for name in needed(loop) if name not in inside], loop)

    def root(self, name: str) -> str:
        return self.whole.get(name, name)

    def carry_out(self, operations: Sequence[Op]) -> None:
        for op in operations:
            self.read(reads(op), op)
            if is_alias(op):
                self.whole[op.out] = self.root(reads(op)[0])
            elif not isinstance(op, Range):
                self.apart(op)
                self.write(op.out)

    def read(self, names: Sequence[str], by: object) -> None:
        for name in names:
            if self.root(name) in self.lost:
                raise ProgramError(f"`{name}` is read after it was written over, in {by}")

    def apart(self, op: Op) -> None:
        """A result stands apart from the operands, or exactly where one stands that the operation may write to."""
        own, memory = self.root(op.out), self.place(self.root(op.out))
        for name in reads(op):
            other, place = self.root(name), self.place(self.root(name))
            exactly = place == memory and may_stand_on(op, name)
            if other != own and _overlap(memory, place) and not exactly:
                raise ProgramError(f"`{op.out}` is written where `{name}` stands, which is read, in {op}")

    def apart_in_blocks(self, chain: Chain) -> None:
        """What a block writes stands apart from all that another block reads, or exactly where its own rows are."""
        made = {self.root(op.out) for op in chain.operations if not is_alias(op)}
        every = {self.root(name) for op in chain.operations for name in (op.out, *reads(op))}
        parts = {self.root(name) for name in chain.parts}
        for name in sorted(made):
            for other in sorted(every - {name}):
                one, two = (self.program.arrays[each] for each in (name, other))
                exactly = {name, other} <= parts and one.shape == two.shape and self.place(name) == self.place(other)
                scratch = one.rows and two.rows
                if _overlap(self.place(name), self.place(other)) and not exactly and not scratch:
                    raise ProgramError(f"`{name}` is written where `{other}` stands, in blocks of {chain.rows} rows")

    def write(self, name: str) -> None:
        name = self.root(name)
        place = self.place(name)
        there = self.standing.setdefault(place[0], {})
        array = self.program.arrays[name]
        of_rows = common(array) if array.rows else ()
        if self.of_rows.setdefault(place[0], of_rows) != of_rows:
            raise ProgramError(f"`{name}`, which holds numbers of {of_rows} rows, is written where others hold more")
        _, start, stop = place
        over = [n for n, (_, low, high) in there.items() if low < stop and start < high and n != name]
        for each in over:
            del there[each]
        self.lost.update(over)
        self.lost.discard(name)
        there[name] = place

    def place(self, name: str) -> Place:
        """Where an array stands; what is no array of the workspace stands alone."""
        buffer = self.plan.buffer_of.get(name, name)
        memory, start = self.plan.within.get(buffer, (buffer, 0))
        array, count = self.program.arrays[name], 1
        for dim in array.shape[bool(array.rows) :]:
            count *= 1 if dim == BATCH else dim
        return memory, start, start + count


def _overlap(one: Place, other: Place) -> bool:
    return one[0] == other[0] and one[1] < other[2] and other[1] < one[2]
