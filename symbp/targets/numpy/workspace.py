"""The workspace: one array for each name a routine writes, where they may, several in one buffer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from symbp.forward.network import NetworkTensor
from symbp.program.program import Array, Program
from symbp.targets.numpy import names, source

DTYPES = {"float": "dtype", "int": "np.intp", "bool": "np.bool_"}


def lines(program: Program, tensors: Mapping[str, NetworkTensor], separator: str) -> Iterator[str]:
    """The statements that allocate the arrays."""
    for array in program.arrays.values():
        attribute = f"self.{names.identifier(array.name, separator)}"
        if array.storage == "constant":
            yield f"{attribute} = np.array({tensors[array.name].value}, dtype).reshape{source.shape(array.shape)}"
        elif array.storage == "workspace" and "n" in array.shape or array.storage == "workspace":
            yield f"{attribute} = np.empty({source.shape(array.shape)}, {DTYPES[array.kind]})"
