"""Passes over a program, each a rewriting that keeps every result: named, ordered, reported on, verified in between.

    tables    what is computed of rows taken from a table with few rows is computed of the table: E[x] W is (E W)[x]
    share     an operation that an earlier one computed already takes its result (shifts, exponentials, sums)
    prune     operations that nothing reads go
    scale     a number that multiplies what sums and products make goes to where it multiplies the fewest numbers
    fold      the optimizer's sum of old values and gradient is computed where the gradient is
    transpose a matrix that every step of a loop multiplies by is laid out once, as products read it fastest
    rows      rows of a table that only the steps of a loop read are taken by each step
    first step a product with the zeros before a loop's first step is not computed
    once      what no data changes is computed with the workspace, and not at every step
    in place  a temporary becomes the array that its last reader writes: z = x W ; z += b
    one loss  the cost in inference is computed as in training, where that needs nothing that only training computes
    chains    chains of elementwise operations over large arrays are carried out for some rows at a time

Passes see the routines forward, loss, backward and input as one sequence, as they do inference and evaluation;
`predict` stands alone. `update` and `running` write what they read, so only `in place` applies to them. A loop is
rewritten as one: what is computed in a step is not known outside, and an array is needed where any step needs it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from symbp.program.chains import chained
from symbp.program.cost import NOMINAL
from symbp.program.fold import folded
from symbp.program.library import PLAIN, Library
from symbp.program.once import once
from symbp.program.operands import (
    computation,
    is_alias,
    is_bordered,
    is_stop,
    needed,
    reads,
    renamed,
    written,
)
from symbp.program.operations import Fill, Fold, Map, Op, Product, Range, Scatter, Select
from symbp.program.program import ONCE, Array, Chain, Item, Loop, Program, Routine, Statement
from symbp.program.scale import scaled
from symbp.program.sequences import COST_IN_INFERENCE, SEQUENCES, over
from symbp.program.start import started
from symbp.program.stepwise import taken_by_steps
from symbp.program.tables import of_tables
from symbp.program.transpose import transposed

Keep = frozenset[str]  # results that must stay under their names
STAYING = ("parameter", "gradient", "argument", "random", "running")  # there whether an operation reads them or not


@dataclass(frozen=True)
class Pass:
    """A rewriting of a program, named as in `symbp.means`."""

    name: str
    apply: Callable[[Program, Keep], Program]


def share(program: Program, keep: Keep) -> Program:
    """Common subexpressions: the first result is used wherever the same operation stands again."""

    def change(items: list[Item]) -> list[Item]:
        held: dict[object, str] = {}
        instead: dict[str, str] = {}
        done: list[Item] = []
        for item in items:
            if isinstance(item, Loop):
                slices = tuple(replace(s, array=instead.get(s.array, s.array)) for s in item.slices)
                known: dict[object, str] = {}
                inside = dict(instead)  # what a step computes is shared within the step
                statements = tuple(shared(s, known, inside) for s in item.statements)
                edges = tuple(replace(e, source=instead.get(e.source, e.source)) for e in item.edges)
                done.append(replace(item, slices=slices, statements=statements, edges=edges))
            else:
                done.append(item.with_statements(lambda statement: shared(statement, held, instead)))
        return done

    def shared(statement: Statement, held: dict[object, str], instead: dict[str, str]) -> Statement:
        operations = []
        for op in statement.operations:
            named = renamed(op, instead)
            op = named if named.out == op.out else replace(named, out=op.out)
            key = computation(op)
            shareable = not isinstance(op, Scatter | Fill) and op.out not in reads(op)
            same = shareable and key in held and program.arrays[held[key]] == _like(program, op.out, held[key])
            if same and op.out not in keep:
                instead[op.out] = held[key]
                continue
            if same and isinstance(op, Product | Fold):  # a result that is asked for under a name of its own
                op = Map(op.out, "copy", (held[key],))
            if shareable:
                held.setdefault(key, op.out)
            operations.append(op)
        return replace(statement, operations=tuple(operations))

    for sequence in SEQUENCES:
        program = over(program, sequence, change)
    return program


def _like(program: Program, name: str, other: str) -> Array:
    return replace(program.arrays[name], name=other)


def prune(program: Program, keep: Keep) -> Program:
    """Dead code: operations whose results nothing reads and nobody asked for."""

    def change(items: list[Item]) -> list[Item]:
        wanted = set(keep)
        done: list[Item] = []
        for item in reversed(items):
            if isinstance(item, Chain):
                done.append(item)
                wanted.update(needed(item))
                continue
            if isinstance(item, Loop):
                done.append(_live_loop(item, wanted))
                continue
            operations: list[Op] = []
            for op in reversed(item.operations):
                if op.out in wanted:
                    operations.append(op)
                    wanted.update(reads(op))
            done.append(replace(item, operations=tuple(reversed(operations))))
        return done[::-1]

    for sequence in SEQUENCES:
        program = over(program, sequence, change)
    return program


def _live_loop(loop: Loop, wanted: set[str]) -> Loop:
    """The loop with the operations that lead to what is wanted after it or in any of its steps; `wanted` grows."""
    of = {s.out: s.array for s in loop.slices}
    count = -1
    while len(wanted) > count:
        count = len(wanted)
        for op in reversed(loop.operations):
            if of.get(op.out, op.out) in wanted:
                wanted.update(of.get(name, name) for name in reads(op))
    statements = (
        replace(s, operations=tuple(op for op in s.operations if of.get(op.out, op.out) in wanted))
        for s in loop.statements
    )
    live = replace(loop, statements=tuple(s for s in statements if s.operations))
    mentioned = {name for op in live.operations for name in (op.out, *reads(op))}
    made = {of.get(op.out, op.out) for op in live.operations}
    edges = tuple(e for e in loop.edges if e.array in made)
    wanted.update(e.source for e in edges)
    return replace(live, slices=tuple(s for s in loop.slices if s.out in mentioned), edges=edges)


def in_place(program: Program, keep: Keep) -> Program:
    """A temporary whose only reader is elementwise and of its shape becomes that reader's output."""
    apart = tuple(name for name in COST_IN_INFERENCE if name in program.routines)
    before = tuple(name for name in (ONCE,) if name in program.routines)
    for names in (tuple(name for name in program.routines if name not in (*before, *apart)), apart):
        program = _in_place(program, names, names, keep)
    program = _in_place(program, before, tuple(program.routines), keep)
    return _without_unused(program)


def _in_place(program: Program, names: Sequence[str], among: Sequence[str], keep: Keep) -> Program:
    """The same in these routines, whose temporaries only those `among` which they are read."""
    items = program.items(among)
    readers = Counter(name for item in items for op in item.operations for name in reads(op))
    readers.update(s.array for item in items if isinstance(item, Loop) for s in item.slices)
    readers.update(e.source for item in items if isinstance(item, Loop) for e in item.edges)

    def change(statement: Statement) -> Statement:
        operations = list(statement.operations)
        for position in reversed(range(len(operations))):
            op = operations[position]
            if not isinstance(op, Map | Select | Scatter):
                continue
            for name in _candidates(op):
                start = next((k for k, o in enumerate(operations[:position]) if o.out == name), None)
                if start is None or readers[name] != 1 or name in keep:
                    continue
                if _takes_the_place(op, name, operations[start:position], program.arrays):
                    operations[start : position + 1] = [
                        renamed(o, {name: op.out}) for o in operations[start : position + 1]
                    ]
                    break
        return replace(statement, operations=tuple(operations))

    changed = {n: Routine(n, tuple(i.with_statements(change) for i in program.routines[n].statements)) for n in names}
    return replace(program, routines={**program.routines, **changed})


def _takes_the_place(op: Op, name: str, between: Sequence[Op], arrays: Mapping[str, Array]) -> bool:
    """Whether the result can stand where an operand does, which the first of the operations before it makes."""
    made, *others = between
    held, out = arrays[name], arrays[op.out]
    alike = held.storage == "workspace" and replace(held, name=op.out) == replace(out, storage=held.storage)
    if not alike or is_alias(made) or is_bordered(made) or isinstance(made, Range):
        return False
    needed_between = op.out in reads(op) or any(op.out in (each.out, *reads(each)) for each in others)
    return not needed_between and (op.out not in reads(made) or isinstance(made, Map | Select))


def _candidates(op: Op) -> list[str]:
    """The operands whose memory the operation may write its result to."""
    if is_stop(op):
        return []
    if isinstance(op, Map):
        return [o for o in op.operands if isinstance(o, str)]
    if isinstance(op, Select):
        return [op.no] if isinstance(op.no, str) else []
    return [op.base] if isinstance(op, Scatter) and op.base else []


def _without_unused(program: Program) -> Program:
    """Only arrays that some operation mentions, and parameters and gradients."""
    items = [s for r in program.routines.values() for s in r.statements]
    mentioned = {name for item in items for op in item.operations for name in (op.out, *reads(op))}
    mentioned |= {name for i in items if isinstance(i, Loop) for s in i.slices for name in (s.out, s.array)}
    mentioned |= {e.source for i in items if isinstance(i, Loop) for e in i.edges}
    arrays = {n: a for n, a in program.arrays.items() if n in mentioned or a.storage in STAYING}
    return replace(program, arrays=arrays)


def one_loss(program: Program, keep: Keep) -> Program:
    """The statements of `loss` in the place of those of `evaluation`, where the blocks are the same."""
    if not program.has_modes:
        return program
    loss, evaluation = (program.routines[name].statements for name in ("loss", "evaluation"))
    there = {name for name, array in program.arrays.items() if array.storage not in ("workspace", "gradient")}
    there |= {name for item in program.items((ONCE, "inference")) for name in written(item)}
    alone = {name for item in loss for name in needed(item)} <= there | {n for item in loss for n in written(item)}
    if not alone or {item.block for item in loss} != {item.block for item in evaluation}:
        return program
    return replace(program, routines={**program.routines, "evaluation": Routine("evaluation", loss)})


def every_pass(library: Library = PLAIN, batch: int = NOMINAL, *, divided: bool = False) -> tuple[Pass, ...]:
    """All of them, for what the library can do; batches usually have this size.

    Of a batch that is divided, each part has gradients of its own, which are stored.
    """
    return (
        Pass("tables", lambda program, _: of_tables(program, batch)),
        Pass("share", share),
        Pass("prune", prune),
        Pass("scale", lambda program, keep: _without_unused(scaled(program, keep, batch))),
        Pass("fold", lambda program, _: program if divided else folded(program, library, batch)),
        Pass("transpose", lambda program, _: program if library.reads_across else transposed(program, batch)),
        Pass("rows by step", lambda program, keep: _without_unused(taken_by_steps(program, keep, batch))),
        Pass("first step", lambda program, _: started(program)),
        Pass("once", once),
        Pass("in place", in_place),
        Pass("one loss", one_loss),
        Pass("chains", lambda program, keep: chained(program, keep, batch)),
    )


PASSES = every_pass()
