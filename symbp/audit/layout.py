"""Conventions: how a network's tensors are laid out, and what its deltas are the derivatives of.

A convention of claims is a notation of derivations (`symbp.explain.notations`) by the same name, of which only the
layout counts here: names are those of `symbp.audit.vocabulary` in all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from symbp.explain.notations import NOTATIONS, Notation

Deltas = Literal["mean", "example"]


@dataclass(frozen=True)
class Layout:
    """One convention.

    `batch`: examples are `rows` or `columns`, or `one` is looked at, a column.
    `outputs_first`: a weight's first axis is that of its outputs.
    `deltas`: of what has a value for each example, derivatives of the cost, a `mean`, or of each `example`'s own.
    """

    name: str
    batch: Literal["rows", "columns", "one"]
    outputs_first: bool
    deltas: Deltas

    def __str__(self) -> str:
        """What a layer of neurons computes, as those who use the convention write it: `Z = X W + b`, `z = W a + b`."""
        z, x, a = ("z", "x", "a") if self.batch == "one" else ("Z", "X", "A")
        if self.batch == "rows":
            return f"{z} = {x} {'W^T' if self.outputs_first else 'W'} + b"
        return f"{z} = W {a} + b" if self.outputs_first else f"{z} = W^T {x} + b"

    @property
    def axes(self) -> tuple[str, bool]:
        """What two conventions share that lay tensors out alike."""
        return self.batch, self.outputs_first


def _of(notation: Notation) -> Layout:
    deltas: Deltas = "example" if notation.mean == "parameters" else "mean"
    return Layout(notation.name, notation.batch, notation.weights == "outputs", deltas)


LAYOUTS = {name: _of(notation) for name, notation in NOTATIONS.items() if notation.matrices}
