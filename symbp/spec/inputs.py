"""The section `input`: one example's shape, or several inputs by name, of real numbers or of whole ones.

input: 64                                                     one input, `x`
input: [1, 28, 28]
input: {shape: [20], kind: integer, classes: 96}              one input of tokens, `x`
input: {image: [1, 28, 28], age: 1, user: {shape: [], kind: integer, classes: 500}}
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symbp.spec.model import InputSpec
from symbp.spec.names import hint, objection, quoted, shown
from symbp.spec.yaml import Path

KEYS = ("shape", "kind", "classes")
KINDS = {"real": "float", "integer": "int"}
LARGEST = 2**31 - 1
MOST_AXES = 4
MOST_INPUTS = 32
ONLY = "x"  # the name of an input that has none


def read_inputs(value: Any, problem: Callable[[Path, str], None]) -> tuple[InputSpec, ...]:
    """The inputs, also those of which something is told. What is no mapping is for the structure's model to check."""
    if not isinstance(value, dict):
        axes = value if isinstance(value, list) else [value]
        return (InputSpec(ONLY, tuple(v for v in axes if isinstance(v, int))),)
    if "shape" in value:
        return (_described(ONLY, value, ("input",), problem),)
    if not 0 < len(value) <= MOST_INPUTS:
        problem(("input",), f"a network has 1 to {MOST_INPUTS} inputs; got {len(value)}")
        return (InputSpec(ONLY, ()),)
    return tuple(_named(name, item, ("input", name), problem) for name, item in value.items())


def _named(name: str, item: Any, path: Path, problem: Callable[[Path, str], None]) -> InputSpec:
    reason = "" if name == ONLY else objection(name)
    if reason or name in KEYS:
        problem(path, reason or f"`{name}` describes one input; `shape` is missing beside it")
        return InputSpec(name, ())
    return _described(name, item, path, problem)


def _described(name: str, given: Any, path: Path, problem: Callable[[Path, str], None]) -> InputSpec:
    """An input from `shape`, `kind` and `classes`, or from a shape alone."""
    item = given if isinstance(given, dict) else {"shape": given}
    for key in item:
        if key not in KEYS:
            problem((*path, key), f"{quoted(key)} is not a key of an input{hint(key, KEYS)}")
    shape, kind, classes = item.get("shape"), item.get("kind", "real"), item.get("classes", 0)
    axes = shape if isinstance(shape, list) else [shape]
    if not all(_whole(axis) for axis in axes) or len(axes) > MOST_AXES:
        wanted = f"a whole number from 1 up, or a list of at most {MOST_AXES} of them"
        where = (*path, "shape") if given is item else path
        problem(where, f"the shape of one example is {wanted}; got {shown(shape)}")
    if not isinstance(kind, str) or kind not in KINDS:
        problem((*path, "kind"), f"expected real or integer; got {shown(kind)}")
    elif "classes" in item and kind != "integer":
        problem((*path, "classes"), "only an input of `kind: integer` has classes")
    if "classes" in item and not _whole(classes):
        wanted = "how many values there are, a whole number from 1 up"
        problem((*path, "classes"), f"expected {wanted}; got {shown(classes)}")
    sizes = tuple(axis for axis in axes if isinstance(axis, int))
    return InputSpec(name, sizes, "int" if kind == "integer" else "float", classes if _whole(classes) else 0)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LARGEST
