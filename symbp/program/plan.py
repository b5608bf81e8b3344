"""The memory plan: which arrays of the workspace share a buffer, found by when each is last read.

Two arrays share where one is never needed again when the other is first written and their shapes and kinds are the
same. Results stay where they are, as does what has a border or an edge, and what a check holds; a forward value stays
until the backward statement that reads it last. A view lives as long as the array it looks into. A part of a stack that
nothing else reads is computed where it stands in the stack.

Where training and inference differ, their statements are merged into one sequence, for the plan alone: an array that
both compute has one buffer, and each mode carries out a part of the sequence, in its order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from symbp.forward.network import BATCH
from symbp.program.operands import is_alias, is_bordered, is_stop, needed, reads, written
from symbp.program.program import Array, Loop, Map, Op, Program, Range, Select, Stack, Statement


@dataclass(frozen=True)
class Plan:
    """`buffer_of` names, for each array of the workspace, the first array that has its buffer.

    `places` says of parts that are computed in a stack: the stack, its axis, the position.
    """

    buffer_of: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, tuple[str, int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Moment:
    """One operation, or the start or end of a loop: the arrays that it makes, and all that it touches."""

    made: tuple[str, ...]
    touched: tuple[str, ...]
    op: Op | None = None


def _moments(items: Sequence[Statement | Loop]) -> Iterator[_Moment]:
    """Operations in order; what a loop writes step by step is made at its start, and what it reads stays to its end."""
    for item in items:
        around: tuple[str, ...] = ()
        if isinstance(item, Loop):
            inside = {op.out for op in item.operations}
            made = tuple(n for n in written(item) if n not in inside)
            around = tuple(n for n in dict.fromkeys((*made, *needed(item))) if n not in inside)
            yield _Moment(made, around)
        for op in item.operations:
            yield _Moment((op.out,), (op.out, *reads(op)), op)
        if isinstance(item, Loop):
            yield _Moment((), around)


def in_order(program: Program) -> list[Statement | Loop]:
    """The statements of every pass over the network, each that both modes share twice.

    A statement of inference stands before the one of training that computes the same, or after its predecessor.
    """
    first, *others = (program.items(sequence) for sequence in program.sequences)
    if not others:
        return first
    place: dict[str, int] = {}
    for position, item in enumerate(first):
        for name in written(item):
            place.setdefault(name, position)
    merged: list[Statement | Loop] = []
    done = 0
    for item in others[0]:
        until = max((place[name] for name in written(item) if name in place), default=done)
        merged += first[done:until]
        merged.append(item)
        done = max(done, until)
    return merged + first[done:]


def plan_buffers(program: Program, keep: frozenset[str]) -> Plan:
    """Assign buffers in order of first use; a free buffer of the same shape and kind is used again."""
    items = in_order(program)
    moments = list(_moments(items))
    operations = [m.op for m in moments if m.op is not None]
    operations = list(dict.fromkeys(operations)) if program.has_modes else operations
    places = _places(program, operations, keep)
    root: dict[str, str] = {}
    pinned: set[str] = set()  # what a name is a view of in one mode, where it is of another array in the other
    for item in items:
        for piece in item.slices if isinstance(item, Loop) else ():
            root[piece.out] = root.get(piece.array, piece.array)
        for op in filter(is_alias, item.operations):
            (operand,) = reads(op)
            whole = root.get(operand, operand)
            if root.setdefault(op.out, whole) != whole:
                pinned |= {root[op.out], whole}
            root[op.out] = whole
    for part, (stack, _, _) in places.items():
        root[part] = root.get(stack, stack)
    last: dict[str, int] = {}
    for time, moment in enumerate(moments):
        for name in moment.touched:
            last[root.get(name, name)] = time
    alone = {root.get(op.out, op.out) for op in operations if is_bordered(op) or is_stop(op)}
    alone |= {edge.array for item in items if isinstance(item, Loop) for edge in item.edges}
    for name in (*keep, *pinned, *alone):
        last[root.get(name, name)] = len(moments)
    buffer_of: dict[str, str] = {}
    free: dict[tuple[object, ...], list[str]] = {}
    for time, moment in enumerate(moments):
        for made in moment.made:
            whole = root[made] if made in places else made
            array = program.arrays[whole]
            constant = isinstance(moment.op, Range)  # made with the workspace, and never written again
            if array.storage == "workspace" and whole not in buffer_of and whole not in root and not constant:
                own = whole == made and whole not in alone
                dying = [n for n in moment.touched if n != made and last.get(root.get(n, n)) == time]
                inherited = _inherited(moment.op, array, dying, program, buffer_of, root) if own else None
                waiting = [] if whole in alone else free.get(_format(array), [])
                buffer_of[whole] = inherited or (waiting.pop(0) if waiting else whole)
        for name in dict.fromkeys(root.get(n, n) for n in moment.touched):
            if last.get(name) == time and name in buffer_of:
                taken = any(buffer_of.get(made) == buffer_of[name] and name != made for made in moment.made)
                if not taken:
                    free.setdefault(_format(program.arrays[name]), []).append(buffer_of[name])
    return Plan(buffer_of, places)


def _format(array: Array) -> tuple[object, ...]:
    """What two arrays must have in common to share a buffer."""
    return array.shape, array.kind, array.margin


def _places(program: Program, operations: Sequence[Op], keep: frozenset[str]) -> dict[str, tuple[str, int, int]]:
    """Parts that can be computed in their stack: read by it alone, each at a position of its own, without a base."""
    readers = Counter(name for op in operations for name in reads(op))
    makers = {op.out: op for op in operations}
    found: dict[str, tuple[str, int, int]] = {}
    for op in operations:
        if not isinstance(op, Stack) or op.base is not None or program.arrays[op.out].shape[op.axis] == BATCH:
            continue
        positions = [int(p.value) for p in op.positions]
        for part, position in zip(op.parts, positions, strict=True):
            alone = readers[part] == 1 and part not in keep and positions.count(position) == 1
            if alone and program.arrays[part].storage == "workspace" and not is_alias(makers[part]):
                found[part] = (op.out, op.axis, position)
    return found


def _inherited(
    op: object, array: Array, dying: list[str], program: Program, buffer_of: Mapping[str, str], root: Mapping[str, str]
) -> str | None:
    """The buffer of an operand that an elementwise operation reads last."""
    if not isinstance(op, Map | Select):
        return None
    for name in dying:
        held = program.arrays[name]
        whole = root.get(name, name) == name
        if whole and name in buffer_of and _format(held) == _format(array):
            return buffer_of[name]
    return None
