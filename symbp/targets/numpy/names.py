"""Identifiers of the generated module: `dense_1.z` is `ws.dense_1_z`, its cotangent `ws.d_dense_1_z`.

Names of a network hold dots where Python needs another character; the fewest underscores that keep them all distinct
take their place. A routine's own variables must hide none of its arguments, and nothing else that it reads.
"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import count

from symbp.program.program import Array, Storage

OWNERS: Mapping[Storage, str] = {
    "argument": "",
    "parameter": "params.",
    "gradient": "gradients.",
    "constant": "ws.",
    "random": "ws.",
    "workspace": "ws.",
    "state": "self.",
    "running": "params.state.",
    "slice": "",
}

ARGUMENTS = {  # of routines, and their types: numbers are factors of what is folded
    "params": "Parameters",
    "gradients": "Parameters",
    "into": "Parameters",
    "ws": "Workspace",
    "x": "Array",
    "y": "Array",
    "keep": "float",
    "scale": "float",
}
LOOPS = ("u", "v", "w", "s", "r", "k", "i", "j")  # over windows, and over stacks of matrices
VARIABLES = (  # of a routine, where an operation takes several lines
    *("n", "row", "rows", "start", "end", "count", "bounds", "places", "taken", "copied", "held"),
    *("columns", "product", "part", "window", "left", "right", "out"),
)
IMPORTED = ("np", "math", "blas", "pairwise")
TAKEN = frozenset((*ARGUMENTS, *LOOPS, *VARIABLES, *IMPORTED, *dir(builtins), *keyword.kwlist))  # by a routine itself
LASTING = TAKEN - {*LOOPS}  # from one block of a routine to the next: a loop names what it runs over anew


def own(name: str, taken: Container[str] = TAKEN) -> str:
    """An index or a slice as a variable of a routine: `x` is `x_`."""
    return f"{name}_" if name in taken else name


PADDED = "padded"  # what an array with a margin is called with its margin


def away(shift: int) -> str:
    """What the view of an array with a margin is called that is some steps away."""
    return ("before" if shift < 0 else "after") + (f"_{abs(shift)}" if abs(shift) > 1 else "")


def views(arrays: Mapping[str, Array]) -> Iterator[str]:
    """The names of arrays with their margin, and of their views some steps away."""
    for name, array in arrays.items():
        before, after = array.margin
        if before or after:
            yield f"{name}.{PADDED}"
            yield from (f"{name}.{away(shift)}" for shift in range(-before, after + 1) if shift)


def separator(names: Iterable[str]) -> str:
    """The underscores that replace the dots of names: one, or more where two names would become the same."""
    distinct = set(names)
    return next("_" * n for n in count(1) if len({identifier(name, "_" * n) for name in distinct}) == len(distinct))


def identifier(name: str, between: str = "_") -> str:
    """The name as an identifier: `loss.shift'` is `loss_shift_prime`."""
    return name.replace(".", between).replace("'", f"{between}prime")


def references(
    arrays: Mapping[str, Array], between: str, given: Mapping[str, str] | None = None, gradients: str = "gradients"
) -> dict[str, str]:
    """Every array as a routine reads it: `params.dense_1_W`, `ws.dense_1_z`, an argument as it is given."""
    owners = {**OWNERS, "gradient": f"{gradients}."}
    found = {name: owners[a.storage] + identifier(_of(a), between) for name, a in arrays.items()}
    return {**found, **(given or {})}


def _of(array: Array) -> str:
    """The array's name; of a gradient, the name of its parameter."""
    return array.name.removeprefix("d_") if array.storage == "gradient" else array.name
