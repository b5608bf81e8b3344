"""What no data changes is computed once, with the workspace, and not at every step.

    forward:  t = range ; m = t[:, None] < t ; s = -inf where m else q
    becomes
    once:     t = range ; m = t[:, None] < t
    forward:  s = -inf where m else q

An operation gives the same numbers at every step where it reads nothing but what such operations give, constants of the
network and numbers that a workspace knows. Ranges and views cost nothing: they move where an operation that moves reads
them, or with a whole statement.

Not here: what a loop computes; results, which belong to those who asked for them; the update, which has no workspace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symbp.program.instance import BATCH_SIZE
from symbp.program.operands import is_stop, is_stored, numbers, reads
from symbp.program.operations import Op
from symbp.program.program import ONCE, Item, Loop, Program, Routine, Statement
from symbp.program.values import LOG_MAX, SQRT_MAX

# To a workspace: the number of examples, and what follows from the dtype
KNOWN = frozenset({BATCH_SIZE, LOG_MAX, SQRT_MAX})


def once(program: Program, keep: frozenset[str]) -> Program:
    """The program with what no data changes in a routine of its own, for both modes."""
    names = [n for n in dict.fromkeys(n for sequence in program.sequences for n in sequence) if n in program.routines]
    fixed = _fixed(program, program.items(names), keep)
    moving = _moving(program.items(names), fixed)
    made: list[Statement] = []
    routines = dict(program.routines)
    for name in names:
        stays: list[Item] = []
        for item in program.routines[name].statements:
            own = _part(item, fixed, moving)
            rest = tuple(op for op in item.operations if op not in own)
            if not isinstance(item, Statement) or not own:
                stays.append(item)
                continue
            known = {op for statement in made for op in statement.operations}  # which the other mode computes too
            if new := tuple(op for op in own if op not in known):
                made.append(replace(item, operations=new, number=0 if rest else item.number))
            if rest:
                stays.append(replace(item, operations=rest))
        routines[name] = Routine(name, tuple(stays))
    return replace(program, routines={ONCE: Routine(ONCE, tuple(made)), **routines}) if made else program


def _fixed(program: Program, items: Sequence[Item], keep: frozenset[str]) -> set[str]:
    """The arrays of the workspace that have the same numbers at every step, in both modes."""
    makers: dict[str, set[Op]] = {}
    for op in (op for item in items for op in item.operations):
        makers.setdefault(op.out, set()).add(op)
    inside = {op.out for item in items if not isinstance(item, Statement) for op in item.operations}
    inside |= {each.array for item in items if isinstance(item, Loop) for each in item.slices if each.out in inside}
    given = {name for name, array in program.arrays.items() if array.storage == "constant"}
    found = set[str]()
    for name, ops in makers.items():  # what one reads was made before it
        if name in keep or name in inside or program.arrays[name].storage != "workspace" or len(ops) > 1:
            continue
        (op,) = ops
        known = all(read in found or read in given for read in reads(op)) and not is_stop(op)
        if known and not any(number.value.free_symbols - KNOWN for number in numbers(op)):
            found.add(name)
    return found


def _moving(items: Sequence[Item], fixed: set[str]) -> set[str]:
    """Those that cost something to compute, and what they are computed from."""
    wanted: set[str] = set()
    for item in reversed(items):
        for op in reversed(item.operations):
            if op.out in fixed and (is_stored(op) or op.out in wanted):
                wanted.update((op.out, *reads(op)))
    return wanted


def _part(item: Item, fixed: set[str], moving: set[str]) -> tuple[Op, ...]:
    """The operations of a statement that move: all of them, where all could."""
    own = tuple(op for op in item.operations if op.out in fixed & moving)
    return item.operations if own and all(op.out in fixed for op in item.operations) else own
