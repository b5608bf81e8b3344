"""The routines that a pass over programs sees as one sequence of statements, and a sequence changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from symbp.program.program import Item, Program, Routine

COST_IN_INFERENCE = ("inference", "evaluation")
SEQUENCES = (("forward", "loss", "backward", "input"), COST_IN_INFERENCE, ("predict",))


def over(program: Program, names: Sequence[str], change: Callable[[list[Item]], list[Item]]) -> Program:
    """The program with the statements of these routines, as one sequence, changed; each stays in its routine."""
    present = [n for n in names if n in program.routines]
    tagged = [(n, s) for n in present for s in program.routines[n].statements]
    changed = change([s for _, s in tagged])
    routines = dict(program.routines)
    for name in present:
        mine = [c for (n, _), c in zip(tagged, changed, strict=True) if n == name]
        routines[name] = Routine(name, tuple(s for s in mine if s.operations))
    return replace(program, routines=routines)
