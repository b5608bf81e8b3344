"""The derivation as data: what the derive stage hands on, and what every explanation is a view of.

A cotangent of tensor `z` is the tensor `d_z`, of the same shape: `d_z[n,j]` is ∂C/∂z[n,j].

Never here: LaTeX, prose in a natural language, array operations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import sympy as sp

from symbp.errors import NetworkError
from symbp.formula.equation import Equation, Formula
from symbp.formula.expression import Element, elements
from symbp.forward.network import Block, Network


class DerivationError(NetworkError):
    """A formula whose derivative is too large to be worked with or read."""


Rule = Literal[
    "chain rule",  # d_x = sum of d_y * Partial(y, x) over the indices of y, one term per equation that reads x;
    # forward, t_y = sum of Partial(y, x) * t_x over the indices of x, one term per tensor that y reads
    "differentiate",  # every Partial replaced by the derivative that calculus gives, deltas and all
    "implicit",  # a Partial of a tensor that an equation defines, by that equation differentiated and solved
    "expand",  # a Partial of a determinant, by its expansion along the row that moves
    "contract delta",  # sum[i](f(i) * delta(i, e)) -> f(e)
    "move to the left",  # x[f] = sum[c,h](g[c,h] * delta(f, flat(c,h)))  ->  x[flat(c,h)] = g[c,h]
    "factor out",  # what does not depend on a summation index leaves the sum
    "collect",  # equal sums, common factors and powers brought together
    "saved value",  # a forward value takes the place of the expression that computed it
    "stable form",  # the same value, evaluated without overflow or cancellation
    "inline",  # an intermediate replaced by its formula (to cross the seam between two layers)
    "substitute",  # a derivative replaced by what was found for it
    "rewrite",  # a named algebraic rewrite, such as log(a*b) -> log(a) + log(b)
]


COST = "C"


@dataclass(frozen=True)
class Step:
    """`before` and `after` are equal for every value of the tensors; `rule` says why.

    Both sides are the right-hand side of `target`; `detail` names what the rule was applied to, such as
    `delta(i, p)`, or the saved equation. `sizes` gives the size of every index on either side.
    `target` is the left-hand side after the step.
    """

    rule: Rule
    target: Element
    before: sp.Expr
    after: sp.Expr
    sizes: Mapping[sp.Symbol, sp.Expr]
    detail: str = ""


@dataclass(frozen=True)
class Gradient:
    """How ∂C/∂`tensor` was found: `equation` is the result, `d_tensor[...] = ...`; `steps` lead to it."""

    tensor: str
    equation: Equation
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class FormulaDerivation:
    """One formula, derived.

    `forward` is what is evaluated, in order: the formula's equations in stable form, with the helper equations they
    need (a shift, a winner), each a rewriting of the formula's own, shown in `forward_steps`.
    `backward` is in order of evaluation: cotangents of intermediates, then of inputs and parameters. Each may read the
    formula's tensors, the cotangents found before it, and the cotangent of the output.
    `reads` are the forward tensors that the backward equations read (what must be saved). `cost` is the output
    whose own cotangent is 1, where there is one.
    """

    formula: Formula
    forward: tuple[Equation, ...]
    forward_steps: tuple[Step, ...]
    backward: tuple[Gradient, ...]
    cost: str = COST

    @property
    def reads(self) -> frozenset[str]:
        """Names of the forward tensors that the backward pass reads."""
        read = {e.tensor for g in self.backward for e in elements(g.equation.body)}
        return frozenset(name for name in read if not name.startswith("d_"))


@dataclass(frozen=True)
class Tangent:
    """How the derivative of `tensor` along a path was found: `equation` is the result; `steps` lead to it.

    The path is parametrized by tau: every input moves, and its own tangent says how.
    """

    tensor: str
    equation: Equation
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class TangentDerivation:
    """One formula, derived in forward mode: the tangent of every tensor that depends on those that move.

    `forward` is as in a `FormulaDerivation`, with the helpers that the tangents need. `tangents` is in order of
    evaluation; they read the tangents of `moving`, which are given. The tangent of `z` is the tensor `prefix` + `z`, of
    the same shape.
    """

    formula: Formula
    forward: tuple[Equation, ...]
    forward_steps: tuple[Step, ...]
    tangents: tuple[Tangent, ...]
    moving: tuple[str, ...]
    prefix: str


@dataclass(frozen=True)
class Seam:
    """Two formulas that were derived as one, because the algebra across their seam is simpler than on either side.

    `steps` show the joint formula found: the first formula's output replaced by its definition, then simplified.
    """

    first: str
    second: str
    joint: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Derivation:
    """A network's back-propagation. `network` is the one that was derived: seams joined, helpers named.

    `formulas` holds one derivation for each distinct formula, by the formula's name, in order of first use.
    """

    network: Network
    formulas: Mapping[str, FormulaDerivation]
    seams: tuple[Seam, ...] = ()

    def of(self, block: Block) -> FormulaDerivation:
        """The derivation of the block's formula."""
        return self.formulas[block.formula.name]
