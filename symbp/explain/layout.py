"""How the tensors of a formula lie on the page in a notation, which may be otherwise than they are stored.

    x[n,j]  ->  z_nj, z_jn where a batch is columns, z_j where one example is looked at
    W[i,j]  ->  W_ij, or W_ji where a matrix of weights has a row for each output

One example is the batch at N = 1: its index is left out, and so is a sum over it. Where the mean over the batch
belongs to the gradients of parameters, a cotangent of what has a value for every example is N times as large.

Weights are found, not named: a parameter with two axes of which some formula sums the first and keeps the second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

import sympy as sp

from symbp.explain.notations import BATCH_ROWS, Notation
from symbp.formula.equation import Equation, Formula
from symbp.formula.examples import BATCH, EXAMPLES, is_batch
from symbp.formula.expression import Element, MaxOver, SumOver, Winner, elements
from symbp.forward.network import Dim

COTANGENT = "d_"


@dataclass(frozen=True)
class Layout:
    """A notation, and of a formula's tensors the `weights` and those that have a value for each example, `batched`.

    `axes` are the sizes of its tensors, where they are known.
    """

    notation: Notation = BATCH_ROWS
    weights: frozenset[str] = frozenset()
    batched: frozenset[str] = frozenset()
    output: str = ""
    axes: Mapping[str, tuple[sp.Expr, ...]] = field(default_factory=dict)

    def is_whole(self, equation: Equation) -> bool:
        """True where every index, as an equation is stored, runs over all of the axis that it stands at."""
        for read in (equation.target, *elements(equation.body)):
            axes = self.axes.get(bare(read.tensor), ())
            if any(equation.sizes.get(i, size) != size for i, size in zip(read.indices, axes, strict=False)):
                return False
        return True

    def is_turned(self, tensor: str) -> bool:
        """True for a tensor, or its cotangent, that is written transposed."""
        name = bare(tensor)
        if name in self.weights:
            return self.notation.weights == "outputs"
        return name in self.batched and self.notation.batch != "rows"

    def hides(self, index: str) -> bool:
        """True for an index that is not written: the batch's, where one example is looked at."""
        return self.notation.batch == "one" and index.rstrip("'") == BATCH

    def seen(self, expression: sp.Basic) -> sp.Basic:
        """The expression without what is not written."""
        return one_example(expression) if self.notation.batch == "one" else expression

    def equation(self, equation: Equation) -> Equation:
        """An equation as it is written: of one example, of cotangents on their scale."""
        target, body = equation.target, self.scaled(equation.target.tensor, equation.body)
        return replace(equation, target=self.seen(target), body=self.seen(body))

    def scaled(self, target: str, body: sp.Expr) -> sp.Expr:
        """The body of an equation for `target`, both with cotangents on the scale of the notation."""
        if self.notation.mean == "cost" or not target.startswith(COTANGENT):
            return body
        batched = frozenset(e for e in elements(body) if self._is_scaled(e.tensor))
        return _rescaled(body, batched, self._is_scaled(target))

    def shape(self, tensor: str, shape: tuple[Dim, ...]) -> tuple[Dim, ...]:
        """The sizes of a tensor's axes in the order of writing."""
        sizes = tuple(size for size in shape if size != BATCH or self.notation.batch != "one")
        return sizes[::-1] if len(sizes) == 2 and self.is_turned(tensor) else sizes

    def _is_scaled(self, tensor: str) -> bool:
        return tensor.startswith(COTANGENT) and bare(tensor) in self.batched


def bare(tensor: str) -> str:
    """The tensor that a cotangent belongs to, or the tensor itself."""
    return tensor.removeprefix(COTANGENT)


def layout_of(formula: Formula, notation: Notation, equations: Iterable[Equation] = ()) -> Layout:
    """The layout of a formula's tensors, and of those that further equations compute."""
    batched = {t.name for t in formula.tensors.values() if t.axes and t.axes[0] == EXAMPLES}
    batched |= {e.target.tensor for e in equations if e.target.indices and is_batch(e.target.indices[0])}
    axes = {t.name: t.axes for t in formula.tensors.values()}
    return Layout(notation, weights_of(formula), frozenset(batched), formula.output.name, axes)


def weights_of(formula: Formula) -> frozenset[str]:
    """The matrices of weights: parameters of two axes, the first summed and the second kept."""
    parameters = {t.name for t in formula.with_role("parameter") if len(t.axes) == 2}
    found: set[str] = set()
    for equation in formula.equations:
        for node in equation.body.atoms(SumOver):
            for read in elements(node.body):
                first, second = read.indices[:2] if len(read.indices) == 2 else (None, None)
                kept = second is not None and not second.free_symbols & set(node.bound)
                if read.tensor in parameters and first in node.bound and kept:
                    found.add(read.tensor)
    return frozenset(found)


@lru_cache(maxsize=4096)
def one_example(node: sp.Basic) -> sp.Basic:
    """The expression for a batch of one example, whose index is left out."""
    if isinstance(node, Element):
        return Element(node.args[0], *(one_example(i) for i in node.indices if not is_batch(i)))
    if isinstance(node, SumOver | MaxOver | Winner):
        return _bound_otherwise(node)
    if isinstance(node, sp.KroneckerDelta) and all(map(is_batch, node.args)):
        return sp.Integer(1)
    if node == EXAMPLES:
        return sp.Integer(1)
    return node.func(*map(one_example, node.args)) if node.args else node


def _bound_otherwise(node: SumOver | MaxOver | Winner) -> sp.Basic:
    bound = tuple(i for i in node.bound if not is_batch(i))
    body = one_example(node.body)
    if isinstance(node, Winner):
        return Winner(body, node.which, *bound)
    return type(node)(body, *bound) if bound else body


@lru_cache(maxsize=4096)
def _rescaled(body: sp.Expr, batched: frozenset[Element], times: bool) -> sp.Expr:
    """What is linear in some cotangents and the rest, each on its new scale: N times as large, or not."""
    factor = EXAMPLES if times else sp.Integer(1)
    if not batched:
        return _times(factor, body)
    terms = sp.Add.make_args(body)
    return sp.Add(*(_times(factor / EXAMPLES if term.has(*batched) else factor, term) for term in terms))


def _times(factor: sp.Expr, body: sp.Expr) -> sp.Expr:
    """A product, of which a division by N within a sum leaves that sum first."""
    if factor == 1:
        return body
    if isinstance(body, sp.Add):
        return sp.Add(*(_times(factor, term) for term in body.args))
    factors = [_pulled(f) for f in sp.Mul.make_args(body)]
    return sp.Mul(factor, *factors)


def _pulled(node: sp.Expr) -> sp.Expr:
    if isinstance(node, SumOver) and isinstance(node.body, sp.Mul) and 1 / EXAMPLES in node.body.args:
        return SumOver(node.body * EXAMPLES, *node.bound) / EXAMPLES
    return node
