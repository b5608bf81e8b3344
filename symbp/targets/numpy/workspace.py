"""The workspace: an array for each name that a routine writes; names whose arrays share a buffer are one array.

Ranges, positions and scratch that NumPy's calls need besides (`Scope.extras`) have their own; views have none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from symbp.forward.network import NetworkTensor
from symbp.program.plan import Plan
from symbp.program.program import Array, Program, Shift
from symbp.targets.numpy import names, routines, source
from symbp.targets.numpy.scope import Scope

DTYPES = {"float": "dtype", "int": "np.intp", "bool": "np.bool_", "byte": "np.uint8"}


def lines(
    program: Program, plan: Plan, tensors: Mapping[str, NetworkTensor], scope: Scope, separator: str
) -> Iterator[str]:
    """The statements that allocate the arrays, in order of first use."""
    yield from (f"self.{attribute} = {made}" for attribute, made in scope.extras.items())
    for array in program.arrays.values():
        if array.storage == "constant":
            values = tensors[array.name].value
            yield f"self.{names.identifier(array.name, separator)} = np.array({values}, dtype)"
    passes = [routine for name, routine in program.routines.items() if name != "update"]
    written = [op for r in passes for op in routines.operations(r.statements) if routines.stored(op)]
    borders = {op.out: op.border for op in written if isinstance(op, Shift) and op.border is not None}
    for name in dict.fromkeys(op.out for op in written):
        array = program.arrays[name]
        if array.storage == "workspace":
            border = scope.operand(borders[name]) if name in borders else ""
            yield _allocated(array, plan.buffer_of.get(name, name), separator, border)


def _allocated(array: Array, buffer: str, separator: str, border: str) -> str:
    attribute = f"self.{names.identifier(array.name, separator)}"
    if buffer != array.name:
        return f"{attribute} = self.{names.identifier(buffer, separator)}"
    shape, dtype = source.shape(array.shape), DTYPES[array.kind]
    if border:
        made = f"np.zeros({shape}, {dtype})" if border == "0" else f"np.full({shape}, {border}, {dtype})"
        return f"{attribute} = {made}  # with its border"
    return f"{attribute} = np.empty({shape}, {dtype})"
