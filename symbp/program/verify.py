"""What holds for every program, checked between passes: operands are known, shapes and kinds fit, nothing is lost.

An update in place is legal for an elementwise operation whose output has the shape of the operand it overwrites.
"""

from __future__ import annotations

from collections.abc import Iterable

from symbp.errors import DefectError
from symbp.forward.network import BATCH, Dim
from symbp.program.functions import FUNCTIONS
from symbp.program.operands import reads
from symbp.program.program import (
    Columns,
    Contract,
    Fold,
    Map,
    Op,
    OverlapAdd,
    Pool,
    Program,
    Scatter,
    Select,
    Shift,
    Winners,
)

GIVEN = ("argument", "parameter", "constant", "state")


class ProgramError(DefectError):
    """A program that breaks an invariant: an error of symbp itself, never of a spec."""


def verify(program: Program) -> None:
    """Raise `ProgramError` at the first operation that breaks an invariant."""
    for sequence in (("forward", "loss", "backward", "input"), ("forward", "predict"), ("update",)):
        known = {n for n, a in program.arrays.items() if a.storage in GIVEN or (sequence == ("update",) and n == "g")}
        for name in sequence:
            routine = program.routines.get(name)
            for statement in routine.statements if routine else ():
                for op in statement.operations:
                    _check(op, program, known, f"{name}, {statement.block}, `{statement.equation}`")
                    known.add(op.out)


def _check(op: Op, program: Program, known: set[str], where: str) -> None:
    for name in (op.out, *reads(op)):
        if name not in program.arrays:
            raise ProgramError(f"{where}: `{name}` is not an array of the program, in {op}")
    for name in reads(op):
        if name not in known:
            raise ProgramError(f"{where}: `{name}` is read before it is computed, in {op}")
    if program.arrays[op.out].storage in ("argument", "constant"):
        raise ProgramError(f"{where}: `{op.out}` is given and cannot be written, in {op}")
    if op.out in reads(op) and not _may_overwrite(op):
        raise ProgramError(f"{where}: `{op.out}` is overwritten while it is read, in {op}")
    shape = program.arrays[op.out].shape
    if isinstance(op, Map):
        if op.function not in FUNCTIONS or len(op.operands) != FUNCTIONS[op.function].arity:
            raise ProgramError(f"{where}: no function `{op.function}` of {len(op.operands)} operands")
        operands = [program.arrays[o].shape for o in op.operands if isinstance(o, str)]
        _broadcast([*operands, *([program.arrays[op.where].shape] if op.where else [])], shape, op, where)
    elif isinstance(op, Select):
        _broadcast([program.arrays[n].shape for n in reads(op)], shape, op, where)
    elif isinstance(op, Contract):
        sizes: dict[str, Dim] = {}
        for name, axes in ((op.left, op.left_axes), (op.right, op.right_axes), (op.out, op.out_axes)):
            for letter, dim in zip(axes, program.arrays[name].shape, strict=True):
                if sizes.setdefault(letter, dim) != dim:
                    raise ProgramError(f"{where}: index {letter} is {sizes[letter]} and {dim}, in {op}")
    elif isinstance(op, Fold):
        held = program.arrays[op.operand].shape
        left = tuple(d for a, d in enumerate(held) if a not in op.axes)
        if not op.keep and left != shape:
            raise ProgramError(f"{where}: folding {held} over {op.axes} gives {left}, not {shape}, in {op}")
    elif isinstance(op, Columns | Pool | Winners | OverlapAdd):
        _windows(op, program, where)
    elif isinstance(op, Shift):
        held = program.arrays[op.operand].shape
        inside = all(
            (s == 0 and d == h) or (d != BATCH and h != BATCH and 0 <= s <= h - d)
            for s, d, h in zip(op.starts, shape, held, strict=True)
        )
        if op.border is None and not inside:
            raise ProgramError(f"{where}: {shape} at {op.starts} leaves {held}, which has no border, in {op}")


def _windows(op: Columns | Pool | Winners | OverlapAdd, program: Program, where: str) -> None:
    """Every letter has one place, and every place is inside its axis."""
    windows = op.windows
    letters, array = (op.source, op.out) if isinstance(op, OverlapAdd) else (op.out, op.operand)
    shape, held = program.arrays[letters].shape, program.arrays[array].shape
    extents: dict[str, Dim] = {**dict(zip(windows.axes, shape, strict=True)), **dict(windows.over)}
    named = [letter for place in windows.places for letter, _ in place.steps]
    if len(set(named)) < len(named) or set(named) != set(extents):
        raise ProgramError(f"{where}: of {', '.join(extents)}, each has to stand in one place, in {op}")
    for place, dim in zip(windows.places, held, strict=True):
        if dim == BATCH or any(extents[letter] == BATCH for letter, _ in place.steps):
            whole = place.start == 0 and [(extents[letter], step) for letter, step in place.steps] == [(dim, 1)]
        else:
            ends = [step * (int(extents[letter]) - 1) for letter, step in place.steps]
            low, high = place.start + sum(min(0, e) for e in ends), place.start + sum(max(0, e) for e in ends)
            whole = 0 <= low <= high < dim
        if not whole:
            raise ProgramError(f"{where}: {place} leaves an axis of {dim}, in {op}")
    for other in (op.best,) if isinstance(op, Winners) else (op.chosen,) if isinstance(op, OverlapAdd) else ():
        if other is not None and program.arrays[other].shape != shape:
            raise ProgramError(f"{where}: `{other}` has not the shape {shape}, in {op}")


def _may_overwrite(op: Op) -> bool:
    if isinstance(op, Scatter):
        return op.base == op.out and op.out not in (op.source, *op.indices)
    return isinstance(op, Map | Select)


def _broadcast(shapes: Iterable[tuple[Dim, ...]], out: tuple[Dim, ...], op: Op, where: str) -> None:
    for shape in shapes:
        if len(shape) > len(out) or any(d not in (1, o) for d, o in zip(shape[::-1], out[::-1], strict=False)):
            raise ProgramError(f"{where}: {shape} does not spread over {out}, in {op}")
