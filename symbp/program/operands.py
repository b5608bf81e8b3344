"""What an operation reads and writes, and the same operation with other names: one place for every pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from symbp.program.program import Loop, Offset, Op, Pick, Shift, Statement, View

READS = ("left", "right", "operand", "condition", "yes", "no", "source", "base", "where", "best", "chosen")
SEVERAL = ("operands", "indices", "parts")


def reads(op: Op) -> tuple[str, ...]:
    """The arrays that the operation reads, in order."""
    found: list[str] = []
    for part in fields(op):
        value = getattr(op, part.name)
        if part.name in READS and isinstance(value, str):
            found.append(value)
        elif part.name in SEVERAL:
            found.extend(v for v in value if isinstance(v, str))
    return tuple(found)


def renamed(op: Op, names: Mapping[str, str]) -> Op:
    """The operation with arrays that it reads or writes renamed."""

    def name(old: str) -> str:
        return names.get(old, old)

    changes: dict[str, Any] = {"out": name(op.out)}
    for part in fields(op):
        value = getattr(op, part.name)
        if part.name in READS and isinstance(value, str):
            changes[part.name] = name(value)
        elif part.name in SEVERAL:
            changes[part.name] = tuple(name(v) if isinstance(v, str) else v for v in value)
    return replace(op, **changes)


def is_alias(op: Op) -> bool:
    """Whether the result shares memory with its operand."""
    return isinstance(op, View | Pick | Offset)


def is_bordered(op: Op) -> bool:
    """Whether the result has a border that was written when its array was made: no other operation may write there."""
    return isinstance(op, Shift) and op.border is not None


def written(item: Statement | Loop) -> tuple[str, ...]:
    """The arrays that a statement or loop writes, each once; slices count as the arrays that they are of, and first."""
    of = _arrays_of(item)
    outs = dict.fromkeys(op.out for op in item.operations)
    return tuple(dict.fromkeys((*(of[name] for name in outs if name in of), *(n for n in outs if n not in of))))


def needed(item: Statement | Loop) -> tuple[str, ...]:
    """The arrays that a statement or loop reads, each once, its own among them."""
    of = _arrays_of(item)
    read = (of.get(name, name) for op in item.operations for name in reads(op))
    edges = (e.source for e in item.edges) if isinstance(item, Loop) else ()
    return tuple(dict.fromkeys((*edges, *read)))


def _arrays_of(item: Statement | Loop) -> dict[str, str]:
    return {s.out: s.array for s in item.slices} if isinstance(item, Loop) else {}
