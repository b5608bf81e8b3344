"""The memory plan: which arrays of the workspace share memory, found by when each is first written and last read.

Two arrays share where one is never needed again when the other is first written. An elementwise operation writes where
an operand of its shape stood that nothing reads after it, and what adds at positions of an array, where that stood. All
others are packed (`symbp.program.packing`): sizes are `k` or `n * k` numbers, and those of one kind and one power of n
share, so that the plan holds for every batch. Arrays of one shape at one place are one buffer; a piece of memory that
holds several shapes is flat, and each array is a view.

Results stay where they are, as does what is computed once for others to read, what has a border or an edge, and what
a check holds. Those that inference alone shows stay until its last statement, in arrays of their own: who holds one
then holds nothing else. What has a margin, or is a single number of each example, shares with its like. A forward
value stays until the backward statement that reads it last. A view lives as long as the array it looks into. A part
of a stack that nothing else reads is computed where it stands in the stack. What a chain touches stays from its start
to its end, since every block touches it, but a result may be where an operand was, at the same rows; what is held for
the rows of a block shares with its like, operation by operation.

The statements of training and of inference are merged into one sequence, for the plan alone: an array that both
compute has one buffer, and each carries out a part of the sequence, in its order.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from symbp.forward.network import BATCH, Dim
from symbp.program.operands import is_alias, is_bordered, is_stop, may_stand_on, needed, reads, written
from symbp.program.operations import Op, Range, Stack
from symbp.program.packing import Life, packed, pieces
from symbp.program.program import ONCE, Array, ArrayKind, Chain, Item, Loop, Program, Size


@dataclass(frozen=True)
class Flat:
    """Memory that arrays of several shapes share: as many numbers as an array of this shape has."""

    kind: ArrayKind
    shape: tuple[Size, ...]


@dataclass(frozen=True)
class Plan:
    """`buffer_of` names, for each array of the workspace, the first array that has its buffer.

    `within` says of that array where it starts in which of the `flats`, if it stands in one: of every n numbers, where
    its shape has an n. `places` says of parts that are computed in a stack: the stack, its axis, the position.
    """

    buffer_of: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, tuple[str, int, int]] = field(default_factory=dict)
    within: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    flats: Mapping[str, Flat] = field(default_factory=dict)


@dataclass(frozen=True)
class _Moment:
    """One operation, or the start or end of a loop: the arrays that it makes, and all that it touches.

    `since` is the time when the chain starts that it stands in, or ends.
    """

    made: tuple[str, ...]
    touched: tuple[str, ...]
    op: Op | None = None
    since: int | None = None


def _moments(items: Sequence[Item]) -> list[_Moment]:
    """Operations in order; what a loop writes step by step is made at its start, and what it reads stays to its end."""
    found: list[_Moment] = []
    for item in items:
        if isinstance(item, Chain):
            since, every = len(found), {name for op in item.operations for name in (op.out, *reads(op))}
            found += (_Moment((op.out,), (op.out, *reads(op)), op, since) for op in item.operations)
            found.append(_Moment((), tuple(sorted(every)), None, since))
        else:
            found += _of(item)
    return found


def _of(item: Item) -> Iterator[_Moment]:
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


def in_order(program: Program) -> list[Item]:
    """The statements of training and inference, once where they are the same."""
    return [item for item, _ in _merged(program)]


def _merged(program: Program) -> list[tuple[Item, bool]]:
    """The statements in order, and whether inference carries it out.

    One of inference stands before that of training which computes the same in another way, or after its predecessor.
    """
    training, inference = (program.items([n for n in sequence if n != ONCE]) for sequence in program.sequences)
    place: dict[str, int] = {}
    for position, item in enumerate(training):
        for name in written(item):
            place.setdefault(name, position)
    merged = [(item, True) for item in program.items((ONCE,))]
    done = 0
    for item in inference:
        until = max((place[name] for name in written(item) if name in place), default=done)
        merged += [(each, False) for each in training[done:until]]
        merged.append((item, True))
        done = max(done, until + (until < len(training) and training[until] == item))
    return merged + [(each, False) for each in training[done:]]


def lasting(program: Program) -> frozenset[str]:
    """What is computed once for others to read: it stays where it is for good."""
    made = {name for item in program.items((ONCE,)) for name in written(item)}
    others = program.items([name for name in program.routines if name != ONCE])
    return frozenset(made.intersection(name for item in others for name in needed(item)))


def plan_buffers(program: Program, keep: frozenset[str], shown: frozenset[str] = frozenset()) -> Plan:
    """Find when each array is needed, and pack those of one format.

    What is to `keep` stands there after every sequence that computes it; what is `shown`, after inference alone.
    """
    merged = _merged(program)
    items = [item for item, _ in merged]
    moments = list(_moments(items))
    inferred = len(_moments(items[: 1 + max(k for k, (_, inference) in enumerate(merged) if inference)]))
    operations = list(dict.fromkeys(m.op for m in moments if m.op is not None))
    keep |= lasting(program)
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
    read: dict[str, int] = {}  # when an operation touches it last; other blocks of its chain may do so later
    for time, moment in enumerate(moments):
        for whole in (root.get(name, name) for name in moment.touched):
            ends = moment.op is None and moment.since is not None
            read[whole] = read[whole] if ends else time
            last[whole] = read[whole] if program.arrays[whole].rows else time
    alone = {root.get(op.out, op.out) for op in operations if is_bordered(op) or is_stop(op)}
    alone |= {edge.array for item in items if isinstance(item, Loop) for edge in item.edges}
    for name in shown:
        whole = root.get(name, name)
        last[whole] = read[whole] = max(read.get(whole, 0), inferred)
    for name in (*(keep - shown), *pinned, *alone):
        last[root.get(name, name)] = read[root.get(name, name)] = len(moments)
    lives: dict[str, Life] = {}  # of the first array of each buffer that is handed on in place
    heir_of: dict[str, str] = {}
    for time, moment in enumerate(moments):
        for made in moment.made:
            whole = root[made] if made in places else made
            array = program.arrays[whole]
            constant = isinstance(moment.op, Range)  # made with the workspace, and never written again
            if array.storage != "workspace" or whole in heir_of or whole in root or constant:
                continue
            own = whole == made and whole not in alone
            dying = [n for n in moment.touched if n != made and read.get(root.get(n, n)) == time]
            before = _inherited(moment.op, array, dying, program, heir_of, root) if own else None
            heir_of[whole] = before or whole
            since = time if moment.since is None or array.rows else moment.since
            first = lives[before].first if before else since
            lives[heir_of[whole]] = Life(heir_of[whole], numbers(array), first, last[whole])
    alone |= {heir_of[whole] for whole in (root.get(name, name) for name in shown) if whole in heir_of}
    formats = {name: (name,) if name in alone else _format(program.arrays[name]) for name in lives}
    loops = [item for item in items if isinstance(item, Loop)]
    again = frozenset(heir_of[op.out] for loop in loops for op in loop.operations if op.out in heir_of)
    return replace(_packed(lives.values(), heir_of, formats, program, again), places=places)


def _packed(
    lives: Iterable[Life],
    heir_of: Mapping[str, str],
    formats: Mapping[str, tuple[object, ...]],
    program: Program,
    again: frozenset[str],
) -> Plan:
    """Those of one format packed; a piece of memory with arrays of several shapes is flat.

    Where one of them is written `again` by every step of a loop, the largest arrays stand last: the result of a product
    behind the temporaries that are computed of it. Kernels of a BLAS fetch some rows behind the result too, on every
    core, and writing there is slow where another core has just fetched it.
    """
    same: dict[tuple[object, ...], list[Life]] = {}
    for life in lives:
        same.setdefault(formats[life.name], []).append(life)
    order = {name: number for number, name in enumerate(heir_of)}
    first: dict[str, str] = {}  # of each buffer that is handed on, the first array of any at its place
    within: dict[str, tuple[str, int]] = {}
    flats: dict[str, Flat] = {}
    starts = {name: start for members in same.values() for name, start in packed(members).items()}
    apart = [
        sorted(piece, key=lambda each: order[each.name])
        for members in same.values()
        for piece in pieces(members, starts)
    ]
    for piece in sorted(apart, key=lambda each: order[each[0].name]):
        at: dict[tuple[int, tuple[Dim, ...]], str] = {}
        for life in piece:
            first[life.name] = at.setdefault((starts[life.name], program.arrays[life.name].shape), life.name)
        if len(at) > 1:
            low = min(starts[each.name] for each in piece)
            high = max(starts[each.name] + each.size for each in piece)
            array = program.arrays[piece[0].name]
            flat = f"shared_{len(flats) + 1}"
            flats[flat] = Flat(array.kind, (*common(array), high - low))
            mirrored = not again.isdisjoint(each.name for each in piece)
            within |= {
                name: (flat, high - start - numbers(program.arrays[name]) if mirrored else start - low)
                for (start, _), name in at.items()
            }
    return Plan({name: first[heir] for name, heir in heir_of.items()}, {}, within, flats)


def numbers(array: Array) -> int:
    """How many numbers it has, of each example where it has an axis of the batch, of each row where it holds some."""
    return math.prod(dim for dim in array.shape[bool(array.rows) :] if dim != BATCH)


def common(array: Array) -> tuple[Size, ...]:
    """Of how many examples and rows it holds so many numbers."""
    return (*array.held[: bool(array.rows)], *(dim for dim in array.shape[bool(array.rows) :] if dim == BATCH))


def _format(array: Array) -> tuple[object, ...]:
    """What arrays must have in common to share memory."""
    if array.rows:
        return array.kind, common(array)
    if any(array.margin) or numbers(array) == 1:
        return array.kind, array.shape, array.margin
    return array.kind, sum(dim == BATCH for dim in array.shape)


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
    op: Op | None, array: Array, dying: list[str], program: Program, heir_of: Mapping[str, str], root: Mapping[str, str]
) -> str | None:
    """The buffer of an operand that is read last by an operation which may write there."""
    for name in dying:
        if not may_stand_on(op, name):
            continue
        held = program.arrays[name]
        whole = root.get(name, name) == name
        alike = replace(held, name=array.name, storage=array.storage) == array
        if whole and name in heir_of and alike:
            return heir_of[name]
    return None
