"""What holds for every program, checked between passes: operands are known, shapes and kinds fit, nothing is lost.

Every array is written by one statement, though the same view may be named by several. An update in place is legal for
an elementwise operation whose output has the shape of the operand it overwrites.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

from symbp.errors import DefectError
from symbp.forward.network import BATCH, Dim
from symbp.program.functions import FUNCTIONS
from symbp.program.late import read_late
from symbp.program.operands import is_alias, reads, roots, written
from symbp.program.operations import (
    Columns,
    Contract,
    Convolve,
    Fold,
    Gather,
    Map,
    Offset,
    Op,
    OverlapAdd,
    Pick,
    Place,
    Pool,
    Product,
    Scalar,
    Scatter,
    Select,
    Shift,
    Stack,
    Winners,
)
from symbp.program.program import GRADIENT, ONCE, PARAMETERS, TRAINING, Chain, Folding, Loop, Program, Statement
from symbp.program.rowwise import parts
from symbp.program.slices import leads

GIVEN = ("argument", "parameter", "constant", "random", "state", "running")


class ProgramError(DefectError):
    """A program that breaks an invariant: an error of symbp itself, never of a spec."""


class _InvariantError(Exception):
    """What is wrong with an operation, before it is told where: equations are spelt only for programs that fail."""


def verify(program: Program) -> None:
    """Raise `ProgramError` at the first operation that breaks an invariant."""
    start = "inference" if program.has_modes else "forward"
    given = {name for name, array in program.arrays.items() if array.storage in GIVEN}
    gradients = {name for name, array in program.arrays.items() if array.storage == "gradient"}
    behind: dict[tuple[str, ...], set[str]] = {}  # what is known after routines with which several sequences begin
    for sequence in (TRAINING, (ONCE, start, "predict"), (ONCE, start, "evaluation"), ("update",)):
        known = given | _given_of(gradients, sequence, program)
        for count, name in enumerate(sequence, 1):
            if sequence[:count] not in behind:
                behind[sequence[:count]] = _behind(name, known, program)
            known = behind[sequence[:count]]
    _check_scratch(program)
    if program.folding:
        _check_folding(program, program.folding)


def _behind(name: str, known: set[str], program: Program) -> set[str]:
    """Check a routine, before which this much is known; what is known after it."""
    known = set(known)
    for item in program.items((name,)):
        if isinstance(item, Chain):
            _check_chain(item, program, known, name)
        elif isinstance(item, Loop):
            _check_loop(item, program, known, name)
        else:
            _check_statement(item, program, known, name)
    return known


def _given_of(gradients: set[str], sequence: tuple[str, ...], program: Program) -> set[str]:
    """Those that are there before the sequence: where they are parts of what a step keeps, and all in an update."""
    of_update = {GRADIENT} & gradients if sequence == ("update",) else set()
    return gradients - of_update if program.folding else of_update


def _check_folding(program: Program, folding: Folding) -> None:
    """Nothing of what a gradient holds is lost, and no parameter is read after it was changed."""
    for item in program.items(("backward", "input")):
        for op in item.operations:
            if program.arrays[op.out].storage == "gradient" and op.out not in reads(op):
                raise ProgramError(f"`{op.out}` is overwritten, where its derivative was to be added: {op}")
    if folding.into == PARAMETERS and (late := read_late(program)):
        raise ProgramError(f"`{late}` is read after its derivative was added to it")


def _check_statement(
    statement: Statement, program: Program, known: set[str], routine: str, zeros: frozenset[str] = frozenset()
) -> None:
    """`zeros` are the arrays that are zeros at the first step of a loop in which the statement stands."""
    for op in statement.operations:
        try:
            if isinstance(op, Contract) and op.later and (op.base or zeros.isdisjoint(reads(op))):
                raise _InvariantError("no operand is zeros at the first step")
            _check(op, program, known)
        except _InvariantError as broken:
            where = f"{routine}, {statement.block}, `{statement.equation}`"
            raise ProgramError(f"{where}: {broken}, in {op}") from None
        known.add(op.out)


def _check_loop(loop: Loop, program: Program, known: set[str], routine: str) -> None:
    """Slices fit their arrays; a step reads what is known before the loop, or what it or an earlier step wrote."""
    where = f"{routine}, {loop.block}, steps over {loop.index}"
    made = written(loop)
    inside = set(known)
    outs = {op.out for op in loop.operations}
    for each in loop.slices:
        array, shape = program.arrays[each.array], program.arrays[each.out].shape
        if shape != array.shape[: each.axis] + array.shape[each.axis + 1 :]:
            raise ProgramError(f"{where}: {shape} is no slice of {array.shape} along axis {each.axis}, {each}")
        if program.arrays[each.out].storage != "slice" or (each.out in outs and each.shift):
            raise ProgramError(f"{where}: only a slice at the step itself can be written, {each}")
        margin = array.margin[each.shift > 0] if each.axis == 0 else 0
        if abs(each.shift) > margin:
            raise ProgramError(f"{where}: the margin {array.margin} does not reach so far, {each}")
        if each.array in made and each.shift * (-1 if loop.backwards else 1) > 0:
            raise ProgramError(f"{where}: a step is read before it is written, {each}")
        if each.array in known or (each.array in made and each.shift):
            inside.add(each.out)
        elif each.array not in made:
            raise ProgramError(f"{where}: `{each.array}` is read before it is computed, {each}")
    for edge in loop.edges:
        array, source = program.arrays[edge.array], program.arrays[edge.source]
        if edge.source not in known or source.shape != array.shape[1:] or not array.margin[edge.after]:
            raise ProgramError(f"{where}: the margin {array.margin} of `{array.name}` cannot hold {source}, {edge}")
        if edge.array not in made:
            raise ProgramError(f"{where}: only an array that the loop writes has an edge, {edge}")
    zeros = _zeros_at_first(loop, program)
    for statement in loop.statements:
        _check_statement(statement, program, inside, routine, zeros)
    known |= {each.array for each in loop.slices if each.out in outs}


def _zeros_at_first(loop: Loop, program: Program) -> frozenset[str]:
    """The slices that show, at the first step, a margin into which no edge is written."""
    made, edges = written(loop), {(edge.array, edge.after) for edge in loop.edges}
    found = set()
    for each in (each for each in loop.slices if each.axis == 0 and each.shift and each.array in made):
        extent = int(program.arrays[each.array].shape[0])
        place = each.shift + (extent - 1 if loop.backwards else 0)
        if not 0 <= place < extent and (each.array, each.shift > 0) not in edges:
            found.add(each.out)
    return frozenset(found)


def _check_chain(chain: Chain, program: Program, known: set[str], routine: str) -> None:
    """Every operation can be carried out row by row, with the same rows of each array that the chain takes rows of."""
    where = f"{routine}, {chain.block}, {chain.rows} rows at a time"
    dims = {program.arrays[name].shape[:1] for name in chain.parts}
    extent = BATCH if chain.extent.value.free_symbols else int(chain.extent.value)
    if dims != {(extent,)} or chain.rows < 1:
        raise ProgramError(f"{where}: a chain over {extent} has parts with {dims}")
    for op in chain.operations:
        found = parts(op, program.arrays)
        if is_alias(op) and found and program.arrays[op.out].shape[:1] != (extent,):
            found = frozenset()
        if found is None or found - chain.parts or chain.parts & {op.out, *reads(op)} - found:
            raise ProgramError(f"{where}: a row needs more than the same row of the parts, in {op}")
    root = roots(op for routine in program.routines.values() for item in routine.statements for op in item.operations)
    own = {op.out for op in chain.operations}
    changed = {root.get(op.out, op.out) for op in chain.operations if not is_alias(op)}
    for op in chain.operations:
        if any(root.get(name) in changed for name in {*reads(op)} - own):
            raise ProgramError(f"{where}: what is written is read through a view from elsewhere, in {op}")
    for statement in chain.statements:
        _check_statement(statement, program, known, routine)


def _check_scratch(program: Program) -> None:
    """What is held for the rows of a block is written by its chain before it is read, and touched by none other."""
    of = {name: array.rows for name, array in program.arrays.items() if array.rows}
    for item in (item for routine in program.routines.values() for item in routine.statements if of):
        there: set[str] = set()
        for op in item.operations:
            for name in reads(op):
                if name in of and name not in there:
                    raise ProgramError(
                        f"`{name}`, of which {of[name]} rows are held, is read before they are computed: {op}"
                    )
            if op.out in of and not (isinstance(item, Chain) and item.rows == of[op.out] and op.out in item.parts):
                raise ProgramError(f"`{op.out}`, of which {of[op.out]} rows are held, is no part of a chain: {op}")
            if is_alias(op) and (operand := reads(op)[0]) in of:
                of.setdefault(op.out, of[operand])
            if op.out in of:
                there.add(op.out)


def _check(op: Op, program: Program, known: set[str]) -> None:
    read, arrays = reads(op), program.arrays
    for name in (op.out, *read):
        if name not in arrays:
            raise _InvariantError(f"`{name}` is not an array of the program")
    for name in read:
        if name not in known:
            raise _InvariantError(f"`{name}` is read before it is computed")
    storage = arrays[op.out].storage
    if storage in ("argument", "constant", "random"):
        raise _InvariantError(f"`{op.out}` is given and cannot be written")
    if storage == "workspace" and op.out in known and op.out not in read and not is_alias(op):
        raise _InvariantError(f"`{op.out}` is written twice")
    if op.out in read and not _may_overwrite(op):
        raise _InvariantError(f"`{op.out}` is overwritten while it is read")
    kept, held = vars(op), [arrays[name] for name in (op.out, *read)]
    if kept.get("fits") != held:  # most operations stand in several sequences, and pass through a pass unchanged
        _check_fit(op, program)
        kept["fits"] = held


def _check_fit(op: Op, program: Program) -> None:
    """Whether it can be carried out on arrays of these shapes and margins, which it reads and writes."""
    read = reads(op)
    shape = program.arrays[op.out].shape
    if isinstance(op, Map):
        if op.function not in FUNCTIONS or len(op.operands) != FUNCTIONS[op.function].arity:
            raise _InvariantError(f"no function `{op.function}` of {len(op.operands)} operands")
        operands = [program.arrays[o].shape for o in op.operands if isinstance(o, str)]
        _broadcast([*operands, *([program.arrays[op.where].shape] if op.where else [])], shape)
    elif isinstance(op, Select):
        _broadcast([program.arrays[n].shape for n in read], shape)
    elif isinstance(op, Contract):
        _sizes(op, program)
    elif isinstance(op, Convolve):
        sizes = {**dict(op.extents), **_sizes(op, program)}
        if not leads(op, op.block):
            raise _InvariantError(f"no blocks of {op.block}")
        for letters, name, places in op.columns:
            _places(places, {letter: sizes[letter] for letter in letters}, program.arrays[name].shape)
    if isinstance(op, Product | Fold):
        if op.base not in (None, op.out):
            raise _InvariantError(f"`{op.base}` is no array that a sum is added to in place")
        if op.base is None and (op.keep or op.scale):
            raise _InvariantError("there are factors, and no base")
        if op.base is not None and isinstance(op, Convolve) and not op.added_up:
            raise _InvariantError(f"the products of blocks of {op.block} are not added up, and so to no base")
    if isinstance(op, Fold):
        held = program.arrays[op.operand].shape
        left = tuple(d for a, d in enumerate(held) if a not in op.axes)
        if not op.keepdims and left != shape:
            raise _InvariantError(f"folding {held} over {op.axes} gives {left}, not {shape}")
        if op.function != "sum" and (op.factor or op.base):
            raise _InvariantError(f"a {op.function} has neither a factor nor a base")
    elif isinstance(op, Gather):
        taken = _indexed(op.indices, program.arrays[op.source].shape, program)
        if shape != taken:
            raise _InvariantError(f"the labels take {taken}, not {shape}")
    elif isinstance(op, Scatter):
        added = [program.arrays[op.source].shape] if isinstance(op.source, str) else []
        _broadcast(added, _indexed(op.indices, shape, program))
    elif isinstance(op, Columns | Pool | Winners | OverlapAdd):
        _windows(op, program)
    elif isinstance(op, Shift):
        held = program.arrays[op.operand].shape
        inside = all(
            (s == 0 and d == h) or (d != BATCH and h != BATCH and 0 <= s <= h - d)
            for s, d, h in zip(op.starts, shape, held, strict=True)
        )
        if op.border is None and not inside:
            raise _InvariantError(f"{shape} at {op.starts} leaves {held}, which has no border")
    elif isinstance(op, Pick):
        held = program.arrays[op.operand].shape
        if shape != held[: op.axis] + held[op.axis + 1 :] or not _inside(op.position, held[op.axis]):
            raise _InvariantError(f"{shape} is not one position of axis {op.axis} of {held}")
    elif isinstance(op, Stack):
        part = shape[: op.axis] + shape[op.axis + 1 :]
        fits = all(program.arrays[p].shape == part for p in op.parts) and len(op.parts) == len(op.positions)
        if not fits or not all(_inside(p, shape[op.axis]) for p in op.positions):
            raise _InvariantError(f"the parts do not stand at positions of axis {op.axis} of {shape}")
        if op.base is not None and program.arrays[op.base].shape != shape:
            raise _InvariantError(f"`{op.base}` has not the shape {shape}")
    elif isinstance(op, Offset):
        array = program.arrays[op.operand]
        if shape != array.shape or abs(op.start) > array.margin[op.start > 0]:
            raise _InvariantError(f"the margin {array.margin} does not reach so far")


def _sizes(op: Product, program: Program) -> dict[str, Dim]:
    """The size of every letter, the same in every array."""
    sizes: dict[str, Dim] = {}
    for axes, name in op.held:
        for letter, dim in zip(axes, program.arrays[name].shape, strict=True):
            if sizes.setdefault(letter, dim) != dim:
                raise _InvariantError(f"index {letter} is {sizes[letter]} and {dim}")
    return sizes


def _inside(position: Scalar, extent: Dim) -> bool:
    """Whether a position is one of an axis."""
    return bool(position.value.is_Integer and position.value >= 0 and (extent == BATCH or position.value < extent))


def _indexed(indices: tuple[str | None, ...], shape: tuple[Dim, ...], program: Program) -> tuple[Dim, ...]:
    """The shape of `array[indices]`: axes of labels that are not side by side come first."""
    labels = [program.arrays[name].shape for name in indices if name is not None]
    together = tuple(
        next((d for d in dims if d != 1), 1) for dims in zip_longest(*(label[::-1] for label in labels), fillvalue=1)
    )[::-1]
    at = [axis for axis, name in enumerate(indices) if name is not None]
    before = at[0] if at[-1] - at[0] == len(at) - 1 else 0
    whole = [dim for dim, name in zip(shape, indices, strict=True) if name is None]
    return (*whole[:before], *together, *whole[before:])


def _windows(op: Columns | Pool | Winners | OverlapAdd, program: Program) -> None:
    """The windows are inside, and what goes with them has their shape."""
    windows = op.windows
    letters, array = (op.source, op.out) if isinstance(op, OverlapAdd) else (op.out, op.operand)
    shape, held = program.arrays[letters].shape, program.arrays[array].shape
    extents: dict[str, Dim] = {**dict(zip(windows.axes, shape, strict=True)), **dict(windows.over)}
    _places(windows.places, extents, held)
    for other in (op.best,) if isinstance(op, Winners) else (op.chosen,) if isinstance(op, OverlapAdd) else ():
        if other is not None and program.arrays[other].shape != shape:
            raise _InvariantError(f"`{other}` has not the shape {shape}")


def _places(places: Sequence[Place], extents: Mapping[str, Dim], held: tuple[Dim, ...]) -> None:
    """Every letter has one place, and every place is inside its axis."""
    named = [letter for place in places for letter, _ in place.steps]
    if len(set(named)) < len(named) or set(named) != set(extents):
        raise _InvariantError(f"of {', '.join(extents)}, each has to stand in one place")
    for place, dim in zip(places, held, strict=True):
        if dim == BATCH or any(extents[letter] == BATCH for letter, _ in place.steps):
            whole = place.start == 0 and [(extents[letter], step) for letter, step in place.steps] == [(dim, 1)]
        else:
            ends = [step * (int(extents[letter]) - 1) for letter, step in place.steps]
            low, high = place.start + sum(min(0, e) for e in ends), place.start + sum(max(0, e) for e in ends)
            whole = 0 <= low <= high < dim
        if not whole:
            raise _InvariantError(f"{place} leaves an axis of {dim}")


def _may_overwrite(op: Op) -> bool:
    if isinstance(op, Product):
        return op.base is not None and op.out not in (op.left, op.right)
    if isinstance(op, Fold):
        return op.base is not None and op.out != op.operand
    if isinstance(op, Scatter):
        return op.base == op.out and op.out not in (op.source, *op.indices)
    return isinstance(op, Map | Select)


def _broadcast(shapes: Iterable[tuple[Dim, ...]], out: tuple[Dim, ...]) -> None:
    for shape in shapes:
        if len(shape) > len(out) or any(d not in (1, o) for d, o in zip(shape[::-1], out[::-1], strict=False)):
            raise _InvariantError(f"{shape} does not spread over {out}")
