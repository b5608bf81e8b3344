"""Notations: how one and the same derivation is written down, as the field's courses and libraries write it.

A notation says how matrices of weights lie, how a batch lies, how names are written and where the mean over the batch
stands; nothing about any layer. Layout, naming and the finder of matrix forms obey it.

    batch     Z = X W + 𝟏 b           a batch is rows, products with ones
    article   z = Wᵀ x + b            one example, a column; W as it is stored
    nielsen   z^l = w^l a^(l-1) + b^l   Nielsen, Neural Networks and Deep Learning (2015), chapter 2
    ng        Z^[l] = W^[l] A^[l-1] + b^[l]   Ng, Neural Networks and Deep Learning (Coursera), weeks 3 and 4
    rows      Z = X W + b             Stanford's CS231n: dX = dout Wᵀ
    torch     Z = X Wᵀ + b            PyTorch's Linear, whose weight is (out, in)
    index     z_nj = Σ_i x_ni W_ij + b_j   by indices alone
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Notation:
    """How a derivation is written down.

    `weights`: whether a matrix of weights has a row for each input or for each output.
    `batch`: examples are rows or columns of a matrix, or `one` is looked at, a column, and its cost.
    `matrices`: whether there are forms between matrices.
    `ones`: whether a repeated vector and a sum are products with ones; else a vector beside a matrix is added to all of
    its rows or columns.
    `error`: a weighted input's cotangent is δ, and others ∂C/∂x; or each is ∂C/∂x; or a differential dX.
    `gradient`: whether cotangents of whole tensors that are no parameters are ∇_a C.
    `upstream`: what a formula calls the cotangent of its own output; empty: as any other.
    `mean`: the mean over the batch belongs to the cost, or, of a mean cost, to the gradients of `parameters`, so that
    each other cotangent is that of an example's own loss.
    `slopes`: whether the slope of an activation has a name of its own, f′.
    `marks` stand around the number of a layer; `small` weights are called w; `cost` and `examples` are letters.
    """

    name: str
    weights: Literal["inputs", "outputs"] = "inputs"
    batch: Literal["rows", "columns", "one"] = "rows"
    matrices: bool = True
    ones: bool = True
    error: Literal["delta", "derivative", "differential"] = "delta"
    gradient: bool = False
    upstream: str = ""
    mean: Literal["cost", "parameters"] = "cost"
    slopes: bool = False
    marks: Literal["()", "[]", ""] = "()"
    small: bool = False
    cost: str = "C"
    examples: str = "N"


BATCH_ROWS = Notation("batch")
NOTATIONS: Mapping[str, Notation] = {
    notation.name: notation
    for notation in (
        BATCH_ROWS,
        Notation("article", batch="one", slopes=True),
        Notation("nielsen", weights="outputs", batch="one", gradient=True, slopes=True, marks="", small=True),
        Notation(
            "ng", weights="outputs", batch="columns", ones=False, error="differential", mean="parameters",
            slopes=True, marks="[]", cost="J", examples="m",
        ),
        Notation("rows", ones=False, error="differential", upstream="dout", cost="L"),
        Notation("torch", weights="outputs", ones=False, error="derivative", cost="L"),
        Notation("index", matrices=False),
    )
}  # fmt: skip
