"""The order in which arrays hold the axes of feature maps: the batch last, `(c, h, w, n)`, between layers with windows.

A slice of a window is then one long run of numbers for every position, the columns of a convolution are made by few
long copies, and one product makes its output in the order in which the next layer reads it. The order travels through
layers without products (activations, pooling, normalization, flatten), since they compute alike in any order. What the
caller gives or receives has the batch first.
"""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from symbp.derive.derivation import Derivation, FormulaDerivation
from symbp.formula.equation import Equation
from symbp.formula.expression import Element, InRange, SumOver, elements
from symbp.forward.network import BATCH, Block


def batch_last(derivation: Derivation) -> frozenset[str]:
    """The network's tensors that are held with the batch last."""
    network = derivation.network
    given = network.outside
    kinds = {name: (_has_windows(d), _has_products(d)) for name, d in derivation.formulas.items()}
    chosen: set[str] = set()
    for block in network.blocks:
        if kinds[block.formula.name][0]:
            chosen |= {name for name, rank in _batches(block) if rank > 2} - given
    before = -1
    while before != len(chosen):
        before = len(chosen)
        for block in network.blocks:
            windows, products = kinds[block.formula.name]
            tensors = {name for name, rank in _batches(block) if rank > 1}
            if tensors & chosen and (windows or not products):
                chosen |= tensors - given
    return frozenset(chosen)


def turned(equation: Equation, tensors: Iterable[str]) -> Equation:
    """The equation with the first axis last of these tensors and of their cotangents."""
    names = {name for tensor in tensors for name in (tensor, f"d_{tensor}")}

    def turn(node: sp.Expr) -> sp.Expr:
        return node.replace(
            lambda n: isinstance(n, Element) and n.tensor in names,
            lambda n: Element(n.args[0], *n.indices[1:], n.indices[0]),
        )

    return Equation(turn(equation.target), turn(equation.body), equation.sizes, equation.text)


def _batches(block: Block) -> Iterable[tuple[str, int]]:
    """The network's tensors of a block that have a row for each example, and their ranks."""
    for local, name in block.binding.items():
        shape = block.shape(local)
        if shape[:1] == (BATCH,):
            yield name, len(shape)


def _equations(derivation: FormulaDerivation) -> Iterable[Equation]:
    yield from derivation.forward
    yield from (g.equation for g in derivation.backward)


def _has_windows(derivation: FormulaDerivation) -> bool:
    """Whether some axis is read at a place with several indices."""
    for equation in _equations(derivation):
        places = {p for e in elements(equation.body) for p in e.indices}
        places |= {p for node in equation.body.atoms(InRange, sp.KroneckerDelta) for p in node.args}
        for place in places:
            if place.is_Add and len([s for s in place.free_symbols if s in equation.sizes]) > 1:
                return True
    return False


def _has_products(derivation: FormulaDerivation) -> bool:
    """Whether some sum runs over an index of two factors: a product of matrices."""
    for equation in derivation.forward:
        for node in equation.body.atoms(SumOver):
            factors = [f for f in sp.Mul.make_args(node.body) if isinstance(f, Element)]
            if any(sum(b in f.free_symbols for f in factors) > 1 for b in node.bound):
                return True
    return False
