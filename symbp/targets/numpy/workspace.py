"""The workspace: an array for each name that a routine writes; names whose arrays share a buffer are one array.

Ranges, positions and scratch that NumPy's calls need besides (`Scope.extras`) have their own; views have none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from symbp.forward.network import NetworkTensor
from symbp.program.operands import is_stop, written
from symbp.program.plan import Plan, in_order
from symbp.program.program import Array, Loop, Offset, Program, Shift, Statement
from symbp.targets.numpy import names, routines, source
from symbp.targets.numpy.scope import Scope, moved

DTYPES = {"float": "dtype", "int": "np.intp", "bool": "np.bool_", "byte": "np.uint8"}


def lines(
    program: Program, plan: Plan, tensors: Mapping[str, NetworkTensor], scope: Scope, separator: str
) -> Iterator[str]:
    """The statements that allocate the arrays, in order of first use."""
    yield from (f"self.{attribute} = {made}" for attribute, made in scope.extras.items())
    for array in program.arrays.values():
        if array.storage == "constant":
            yield from _constant(names.identifier(array.name, separator), tensors[array.name].value or ())
    for array in program.arrays.values():
        if array.storage == "random":
            yield from _allocated(array, array.name, separator, "", ())
    items = in_order(program)
    shifts = _shifts(items)
    operations = routines.operations(items)
    if any(map(is_stop, operations)):
        yield "self.held = False  # whether results of stop(...) are left as they are"
    unstored = {op.out for op in operations if not routines.stored(op)}
    borders = {op.out: op.border for op in operations if isinstance(op, Shift) and op.border is not None}
    for name in dict.fromkeys(name for item in items for name in written(item)):
        array = program.arrays[name]
        if array.storage == "workspace" and name not in plan.places and name not in unstored:
            border = scope.operand(borders[name]) if name in borders else ""
            yield from _allocated(
                array, plan.buffer_of.get(name, name), separator, border, sorted(shifts.get(name, ()))
            )


def _constant(attribute: str, values: tuple[float, ...]) -> list[str]:
    """The numbers of a constant."""
    line = f"self.{attribute} = np.array({values}, dtype)"
    if len(line) <= source.WIDTH - len(2 * source.INDENT):
        return [line]
    entries = source.call("", [*map(repr, values)], 3, tail=",")
    lines = [f"self.{attribute} = np.array(", *entries, f"{source.INDENT}dtype,", ")"]
    return [broken.removeprefix(2 * source.INDENT) for broken in lines]


def _shifts(items: Iterable[Statement | Loop]) -> dict[str, set[int]]:
    """By how many steps each array with a margin is read shifted."""
    found: dict[str, set[int]] = {}
    for item in items:
        for each in item.slices if isinstance(item, Loop) else ():
            found.setdefault(each.array, set()).add(each.shift)
        for edge in item.edges if isinstance(item, Loop) else ():
            found.setdefault(edge.array, set()).add(1 if edge.after else -1)
        for op in item.operations:
            if isinstance(op, Offset):
                found.setdefault(op.operand, set()).add(op.start)
    return {name: shifts - {0} for name, shifts in found.items()}


def _allocated(array: Array, buffer: str, separator: str, border: str, shifts: Sequence[int]) -> Iterator[str]:
    attribute, owner = (f"self.{names.identifier(name, separator)}" for name in (array.name, buffer))
    shape, dtype = source.shape(array.shape), DTYPES[array.kind]
    before, after = array.margin
    if buffer != array.name:
        yield from (line.removeprefix(2 * source.INDENT) for line in source.assigned(f"{attribute} = {owner}", 2))
    elif border:
        made = f"np.zeros({shape}, {dtype})" if border == "0" else f"np.full({shape}, {border}, {dtype})"
        yield f"{attribute} = {made}  # with its border"
    elif not (before or after):
        yield f"{attribute} = np.empty({shape}, {dtype})"
    else:
        steps, *rest = array.shape
        padded = source.shape((int(steps) + before + after, *rest))
        yield f"{attribute}_padded = np.zeros({padded}, {dtype})"
        yield f"{attribute} = {attribute}_padded[{before or ''}:{before + int(steps) if after else ''}]"
    for shift in shifts:
        start, stop = before + shift, before + shift + int(array.shape[0])
        part = f"[{start or ''}:{stop if shift < after else ''}]"
        yield f"{moved(attribute, shift)} = {owner}_padded{part}"
