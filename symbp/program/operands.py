"""What an operation reads and writes, and the same operation with other names: one place for every pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from symbp.program.program import Op, Shift, View

READS = ("left", "right", "operand", "condition", "yes", "no", "source", "base", "where", "best", "chosen")


def reads(op: Op) -> tuple[str, ...]:
    """The arrays that the operation reads, in order."""
    found: list[str] = []
    for part in fields(op):
        value = getattr(op, part.name)
        if part.name in READS and isinstance(value, str):
            found.append(value)
        elif part.name in ("operands", "indices"):
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
        elif part.name in ("operands", "indices"):
            changes[part.name] = tuple(name(v) if isinstance(v, str) else v for v in value)
    return replace(op, **changes)


def is_alias(op: Op) -> bool:
    """Whether the result shares memory with its operand."""
    return isinstance(op, View)


def is_bordered(op: Op) -> bool:
    """Whether the result has a border that was written when its array was made: no other operation may write there."""
    return isinstance(op, Shift) and op.border is not None
