"""The memory plan: which arrays of the workspace share a buffer, found by when each is last read.

Two arrays share where one is never needed again when the other is first written and their shapes and kinds are the
same. Results stay where they are, as does what has a border; a forward value stays until the backward statement that
reads it last. A view lives as long as the array it looks into.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symbp.forward.network import BATCH
from symbp.program.operands import is_alias, is_bordered, reads
from symbp.program.program import Array, Map, Program, Select

BYTES = {"float": 4, "int": 8, "bool": 1, "byte": 1}
SEQUENCE = ("forward", "predict", "loss", "backward", "input")


@dataclass(frozen=True)
class Plan:
    """`buffer_of` names, for each array of the workspace, the first array that has its buffer.

    `per_example` and `fixed` count the bytes of all buffers together, in single precision.
    """

    buffer_of: Mapping[str, str]
    per_example: int
    fixed: int


def plan_buffers(program: Program, keep: frozenset[str]) -> Plan:
    """Assign buffers in order of first use; a free buffer of the same shape and kind is used again."""
    operations = [
        op
        for name in SEQUENCE
        if name in program.routines
        for s in program.routines[name].statements
        for op in s.operations
    ]
    root: dict[str, str] = {}
    for op in operations:
        if is_alias(op):
            (operand,) = reads(op)
            root[op.out] = root.get(operand, operand)
    last: dict[str, int] = {}
    for time, op in enumerate(operations):
        for name in (op.out, *reads(op)):
            last[root.get(name, name)] = time
    for name in (*keep, *(op.out for op in operations if is_bordered(op))):
        last[root.get(name, name)] = len(operations)
    buffer_of: dict[str, str] = {}
    free: dict[tuple[object, ...], list[str]] = {}
    for time, op in enumerate(operations):
        array = program.arrays[op.out]
        if array.storage == "workspace" and op.out not in buffer_of and not is_alias(op):
            shape = (array.shape, array.kind)
            dying = [n for n in reads(op) if last.get(root.get(n, n)) == time]
            inherited = _inherited(op, array, dying, program, buffer_of, root)
            waiting = [] if is_bordered(op) else free.get(shape, [])
            buffer_of[op.out] = inherited or (waiting.pop(0) if waiting else op.out)
        for name in dict.fromkeys(root.get(n, n) for n in (op.out, *reads(op))):
            if last.get(name) == time and name in buffer_of:
                held = program.arrays[name]
                taken = buffer_of.get(op.out) == buffer_of[name] and name != op.out
                if not taken:
                    free.setdefault((held.shape, held.kind), []).append(buffer_of[name])
    per_example = fixed = 0
    for name in dict.fromkeys(buffer_of.values()):
        size = _bytes(program.arrays[name])
        if BATCH in program.arrays[name].shape:
            per_example += size
        else:
            fixed += size
    return Plan(buffer_of, per_example, fixed)


def _inherited(
    op: object, array: Array, dying: list[str], program: Program, buffer_of: Mapping[str, str], root: Mapping[str, str]
) -> str | None:
    """The buffer of an operand that an elementwise operation reads last."""
    if not isinstance(op, Map | Select):
        return None
    for name in dying:
        held = program.arrays[name]
        whole = root.get(name, name) == name
        if whole and name in buffer_of and (held.shape, held.kind) == (array.shape, array.kind):
            return buffer_of[name]
    return None


def _bytes(array: Array) -> int:
    size = BYTES[array.kind]
    for dim in array.shape:
        size *= 1 if dim == BATCH else int(dim)
    return size
