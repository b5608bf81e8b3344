"""The report: every operation of a step in order, what is saved for the backward pass, memory.

Costs are those of `symbp.program.cost`: a count of the program, not a measurement.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from symbp.means import NONE, Without
from symbp.pipeline import Programmed
from symbp.program.cost import Cost, Sizes, entries, of_addition, of_steps
from symbp.program.operands import is_alias, needed, reads, written
from symbp.program.operations import Fold, Map, Op, Pool, Product, Range
from symbp.program.plan import Plan
from symbp.program.program import ONCE, PARAMETERS, TRAINING, UPDATE, Chain, Item, Loop, Program, Statement
from symbp.program.runs import addition, runs
from symbp.targets.numpy import memory, scratch
from symbp.targets.numpy.routines import formula

DType = Literal["float32", "float64"]
PRODUCT = "product"
DRAWN = "random"  # not a routine of the program: the module draws before the forward pass
ROUTINES = (*TRAINING[1:-1], "update")  # of a training step: nobody asks for the gradient of the input


@dataclass(frozen=True)
class Operation:
    """One operation: what it does, what it makes, the shape with the batch in numbers, the buffer if it is another's.

    `times` is the number of steps of the loop that it stands in; `into` the vector of which the result is a part, to
    which the operation adds, or which it changes. In a chain it is carried out for so many `rows` at a time, in the
    update perhaps for so many numbers.
    """

    does: str
    out: str
    shape: tuple[int, ...]
    cost: Cost
    times: int = 1
    buffer: str = ""
    into: str = ""
    rows: int = 0


@dataclass(frozen=True)
class Line:
    """One equation of a block, in a routine, and the operations that compute it.

    That of a folding has none of its own: what computes the derivatives adds to the vector `into`.
    """

    routine: str
    block: str
    number: int
    equation: str
    operations: tuple[Operation, ...]
    into: str = ""


@dataclass(frozen=True)
class Saved:
    """An array of the forward pass that the backward pass reads, and the blocks that read it."""

    name: str
    shape: tuple[int, ...]
    bytes: int
    readers: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """What a training step of the module computes and holds, and before it what is computed once.

    `memory` is in bytes: of the workspace, the parameters, the gradients, the optimizer's state, the update's scratch.
    """

    name: str
    batch: int
    dtype: DType
    lines: tuple[Line, ...]
    saved: tuple[Saved, ...]
    memory: Mapping[str, int]
    without: Without = NONE

    @property
    def cost(self) -> Cost:
        """Of a step."""
        return sum((operation.cost for operation in self._of_a_step()), Cost())

    @property
    def products(self) -> int:
        """The arithmetic operations of products of matrices."""
        return sum(each.cost.operations for each in self._of_a_step() if each.does == PRODUCT)

    def _of_a_step(self) -> Iterator[Operation]:
        return (operation for line in self.lines if line.routine != ONCE for operation in line.operations)


def plan(made: Programmed, batch: int) -> Report:
    """The report of a module for batches of this size."""
    program, dtype = made.optimized.program, made.spec.dtype
    return Report(
        made.spec.name,
        batch,
        dtype,
        tuple(_lines(made, batch)),
        tuple(_saved(program, sizes_of(program, "backward", batch, dtype))),
        memory(made.spec, made.derivation, made.optimized, batch, dtype),
        made.optimized.without,
    )


def _buffers(program: Program, plan: Plan) -> dict[str, str]:
    """The memory of each array: another array's, a stack's, or flat.

    Where that is of an array that a step does not make, it is called by the first one that a step makes there.
    """
    found = {name: plan.within.get(first, (first, 0))[0] for name, first in plan.buffer_of.items()}
    found |= {part: found.get(stack, stack) for part, (stack, _, _) in plan.places.items()}
    made = dict.fromkeys(op.out for item in program.items((ONCE, *ROUTINES)) for op in item.operations)
    called: dict[str, str] = {name: name for name in (*made, *plan.flats)}
    for name in made:
        called.setdefault(found.get(name, name), name)
    return {name: called.get(memory, memory) for name, memory in found.items()}


def sizes_of(program: Program, routine: str, batch: int, dtype: DType) -> Sizes:
    """Of the update, whose vectors have an entry for each parameter, and of what has one for each example."""
    given = (a.shape for a in program.arrays.values() if a.storage == "parameter" and a.name != PARAMETERS)
    count = sum(entries(shape, 1) for shape in given)
    return Sizes(program.arrays, count if routine == "update" else batch, 4 if dtype == "float32" else 8)


def _lines(made: Programmed, batch: int) -> Iterator[Line]:
    folding = made.optimized.program.folding
    for routine, statement, operations in steps(made, batch, (ONCE,)):
        yield Line(routine, statement.block, statement.number, _equation(statement), operations)
    yield from draws(made, batch)
    for routine, statement, operations in steps(made, batch):
        if folding and routine == "backward":  # as the module states it, before the backward pass
            yield Line(routine, folding.statement.block, 0, _equation(folding.statement), (), _stated(folding.into))
            folding = None
        yield Line(routine, statement.block, statement.number, _equation(statement), operations)


def draws(made: Programmed, batch: int) -> Iterator[Line]:
    """The random numbers of a step, each of which is counted as one operation."""
    network, program = made.derivation.network, made.optimized.program
    sizes = sizes_of(program, "forward", batch, made.spec.dtype)
    for name in network.random:
        block, _, short = name.rpartition(".")
        how = network.tensors[name].distribution
        spent = Cost(sizes.count(name), 0, sizes.bytes(name))
        yield Line(DRAWN, block, 0, f"{short} ~ {how}", (Operation(how, name, _shape(name, sizes), spent),))


def _equation(statement: Statement) -> str:
    return formula(statement.equation.target, statement.equation.body)


def steps(
    made: Programmed, batch: int, routines: Sequence[str] = ROUTINES
) -> Iterator[tuple[str, Statement, tuple[Operation, ...]]]:
    """The statements of a step with their routines, as the module carries them out, and their operations."""
    program, plan = made.optimized.program, made.optimized.plan
    shared, parts = scratch(made.spec, made.derivation, made.optimized)
    buffer_of = _buffers(program, plan) | shared
    at_once = {run.statements[0].operations: addition(run, program.arrays) for run in runs(program)}
    at_once = at_once if made.optimized.library.adds_vectors else {}
    for routine in routines:
        sizes = sizes_of(program, routine, batch, made.spec.dtype)
        for item in program.items((routine,)):
            times = sizes.steps(item)
            for each in item.statements:
                found = at_once.get(each.operations)
                if found is not None:
                    shape = _shape(found.out, sizes)
                    yield routine, each, (Operation("axpy", _stated(found.out), shape, of_addition(found, sizes)),)
                    continue
                costs = [of_steps(op, sizes, times, plan.places) for op in each.operations]
                shown = (
                    Operation(
                        _does(op),
                        _stated(op.out),
                        _shape(op.out, sizes),
                        spent,
                        times,
                        _stated(buffer_of[op.out]) if buffer_of.get(op.out, op.out) != op.out else "",
                        _into(op, program),
                        item.rows if isinstance(item, Chain) and not is_alias(op) else parts.get(op.out, 0),
                    )
                    for op, spent in zip(each.operations, costs, strict=True)
                )
                yield routine, each, tuple(shown)


def _stated(name: str) -> str:
    """An array as equations call it."""
    return name.removeprefix(UPDATE)


def _shape(name: str, sizes: Sizes) -> tuple[int, ...]:
    return tuple(entries((dim,), sizes.batch) for dim in sizes.arrays[name].shape)


def _into(op: Op, program: Program) -> str:
    """What a derivative is added to, where no gradient is stored."""
    folding = program.folding
    return _stated(folding.into) if folding and program.arrays[op.out].storage == "gradient" else ""


def _does(op: Op) -> str:
    """The function of what is elementwise or folds; else the kind of the operation."""
    if isinstance(op, Product):
        return PRODUCT
    return op.function if isinstance(op, Map | Fold | Pool) else type(op).__name__.lower()


def _saved(program: Program, sizes: Sizes) -> Iterator[Saved]:
    """In order of the forward pass. A view counts as the array that it looks into."""
    forward, backward = program.items(("forward", "loss")), program.items(("backward",))
    whole = _wholes([*program.items((ONCE,)), *forward, *backward])
    readers: dict[str, dict[str, None]] = {}
    for item in backward:
        for name in needed(item):
            readers.setdefault(whole.get(name, name), {})[item.block] = None
    counted = {op.out for item in forward for op in item.operations if isinstance(op, Range)}
    for name in dict.fromkeys(whole.get(n, n) for item in forward for n in written(item)):
        if name in readers and name not in counted and sizes.arrays[name].storage == "workspace":
            shape = tuple(entries((dim,), sizes.batch) for dim in sizes.arrays[name].shape)
            yield Saved(name, shape, sizes.bytes(name), tuple(readers[name]))


def _wholes(items: Sequence[Item]) -> dict[str, str]:
    """Of each view and slice, the array that it is a part of."""
    found: dict[str, str] = {}
    for item in items:
        for each in item.slices if isinstance(item, Loop) else ():
            found[each.out] = found.get(each.array, each.array)
        for op in filter(is_alias, item.operations):
            (operand,) = reads(op)
            found[op.out] = found.get(operand, operand)
    return found
