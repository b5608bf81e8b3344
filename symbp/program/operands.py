"""What an operation reads and writes, and the same operation with other names: one place for every pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, get_args

from symbp.program.operations import (
    Fold,
    Map,
    Offset,
    Op,
    Operand,
    Pick,
    Product,
    Range,
    Scalar,
    Scatter,
    Select,
    Shift,
    Stack,
    View,
)
from symbp.program.program import Item, Loop

READS = ("left", "right", "operand", "condition", "yes", "no", "source", "base", "where", "best", "chosen")
SEVERAL = ("operands", "indices", "parts")
ALIASES = (View, Pick, Offset)
NUMBERS = ("positions", "position", "border", "value", "factor", "keep", "scale")

# the fields of every kind of operation, the output first; those that name what is read, and whether one names several;
# those that hold arrays or numbers
_FIELDS: dict[type, tuple[str, ...]] = {kind: tuple(f.name for f in fields(kind)) for kind in get_args(Op)}
_READ = {
    kind: tuple((name, name in SEVERAL) for name in names if name in READS + SEVERAL) for kind, names in _FIELDS.items()
}
_OPERANDS = frozenset({"out", *READS, *SEVERAL, *NUMBERS})


def reads(op: Op) -> tuple[str, ...]:
    """The arrays that the operation reads, in order; kept beside its fields, since every pass asks for them."""
    known: tuple[str, ...] | None = op.__dict__.get("reads")
    if known is None:
        known = op.__dict__["reads"] = tuple(_read(op))
    return known


def _read(op: Op) -> Iterator[str]:
    for part, several in _READ[type(op)]:
        value = getattr(op, part)
        if several:
            yield from (v for v in value if isinstance(v, str))
        elif isinstance(value, str):
            yield value


def numbers(op: Op) -> tuple[Scalar, ...]:
    """The numbers that the operation takes, in order."""
    values = (getattr(op, part) for part in _FIELDS[type(op)] if part in _OPERANDS)
    each = (v for value in values for v in (value if isinstance(value, tuple) else (value,)))
    return tuple(v for v in each if isinstance(v, Scalar))


def renamed(op: Op, names: Mapping[str, str]) -> Op:
    """The operation with arrays that it reads or writes renamed."""
    if names.keys().isdisjoint((op.out, *reads(op))):
        return op
    changes: dict[str, Any] = {"out": names.get(op.out, op.out)}
    for part, several in _READ[type(op)]:
        value = getattr(op, part)
        if several:
            changes[part] = tuple(names.get(v, v) if isinstance(v, str) else v for v in value)
        elif isinstance(value, str):
            changes[part] = names.get(value, value)
    return replace(op, **changes)


def changed(op: Op, change: Callable[[Operand], Operand]) -> Op:
    """The operation with every array and every number of it changed."""
    kind, values = type(op), list[Any]()
    for part in _FIELDS[kind]:
        value = getattr(op, part)
        if part in _OPERANDS and value is not None:
            several = isinstance(value, tuple)
            value = tuple(v if v is None else change(v) for v in value) if several else change(value)
        values.append(value)
    return kind(*values)


def computation(op: Op) -> tuple[object, ...]:
    """What the operation computes, whatever the name of its result."""
    kind = type(op)
    return kind, *(getattr(op, part) for part in _FIELDS[kind][1:])


def is_alias(op: Op) -> bool:
    """Whether the result shares memory with its operand."""
    return isinstance(op, ALIASES)


def roots(operations: Iterable[Op]) -> dict[str, str]:
    """Of each view, the array that it looks into."""
    root: dict[str, str] = {}
    for op in filter(is_alias, operations):
        (operand,) = reads(op)
        root[op.out] = root.get(operand, operand)
    return root


def is_stored(op: Op) -> bool:
    """Whether the result is written to memory: neither a view nor a range, which a target makes where it is read."""
    return not is_alias(op) and not isinstance(op, Range)


def is_bordered(op: Op) -> bool:
    """Whether the result has a border that was written when its array was made: no other operation may write there."""
    return isinstance(op, Shift) and op.border is not None


def is_stop(op: Op) -> bool:
    """Whether the result is a constant to derivatives, which a check holds: no other may share its memory."""
    return isinstance(op, Map) and op.function == "stop"


def written(item: Item) -> tuple[str, ...]:
    """The arrays that a statement or loop writes, each once; slices count as the arrays that they are of, and first."""
    of = _arrays_of(item)
    outs = dict.fromkeys(op.out for op in item.operations)
    return tuple(dict.fromkeys((*(of[name] for name in outs if name in of), *(n for n in outs if n not in of))))


def needed(item: Item) -> tuple[str, ...]:
    """The arrays that a statement or loop reads, each once, its own among them."""
    of = _arrays_of(item)
    read = (of.get(name, name) for op in item.operations for name in reads(op))
    edges = (e.source for e in item.edges) if isinstance(item, Loop) else ()
    return tuple(dict.fromkeys((*edges, *read)))


def _arrays_of(item: Item) -> dict[str, str]:
    return {s.out: s.array for s in item.slices} if isinstance(item, Loop) else {}


def may_stand_on(op: Op | None, name: str) -> bool:
    """Whether the result may be where this operand is: of a function any, else what is written over or added to."""
    if isinstance(op, Map):
        return True
    if isinstance(op, Select):
        return name == op.no
    return isinstance(op, Product | Fold | Scatter | Stack) and name == op.base
