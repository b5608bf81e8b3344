"""Parameters that are read when they may have changed already: derivatives that are added to them as they are found."""

from __future__ import annotations

from symbp.program.operands import is_alias, reads
from symbp.program.program import Loop, Program


def read_late(program: Program) -> str:
    """A parameter that the backward pass reads after it wrote to its derivative; empty where there is none."""
    done: set[str] = set()
    whole: dict[str, str] = {}
    for item in program.items(("forward", "loss", "running", "backward")):
        for each in item.slices if isinstance(item, Loop) else ():
            whole[each.out] = whole.get(each.array, each.array)
        for op in item.operations:
            sources = {whole.get(name, name) for name in reads(op)}
            if is_alias(op):
                (whole[op.out],) = sources
                continue
            if program.arrays[op.out].storage == "gradient":
                done.add(op.out.removeprefix("d_"))
            if late := sorted(sources & done):
                return late[0]
    return ""
