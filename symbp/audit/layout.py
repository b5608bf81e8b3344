"""Conventions: how a network's tensors are laid out, and what its deltas are the derivatives of.

article    z = W^T x + b    one example, a column       W from input i to output j
nielsen    z = W a + b      one example, a column       W to output j from input i
ng         Z = W A + b      examples are columns        deltas are of each example's cost, not of the mean
rows       Z = X W + b      examples are rows
torch      Z = X W^T + b    examples are rows
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Batch = Literal["none", "rows", "columns"]
Deltas = Literal["mean", "example"]


@dataclass(frozen=True)
class Layout:
    """One convention. `outputs_first` says whether a weight's first axis is that of its outputs."""

    name: str
    forward: str
    batch: Batch
    outputs_first: bool
    deltas: Deltas = "mean"

    def __str__(self) -> str:
        return self.forward


LAYOUTS = {
    layout.name: layout
    for layout in (
        Layout("article", "z = W^T x + b", "none", outputs_first=False),
        Layout("nielsen", "z = W a + b", "none", outputs_first=True),
        Layout("ng", "Z = W A + b", "columns", outputs_first=True, deltas="example"),
        Layout("rows", "Z = X W + b", "rows", outputs_first=False),
        Layout("torch", "Z = X W^T + b", "rows", outputs_first=True),
    )
}
