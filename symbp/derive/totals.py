"""Sums that an equation states: where F is linear in one sum, the saved value says what that sum is.

    m[n] = sum[k](x[n,k])/K        sum[k](2*x[n,k] - 2*m[n])  ->  2*K*m[n] - 2*K*m[n]  ->  0

A sum of terms in the derivative is taken apart for this. Where that alone is cheaper, it is a step of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sympy as sp

from symbp.derive.algebra import tidy
from symbp.derive.deltas import sum_of_product
from symbp.derive.differentiate import outermost, stand_in
from symbp.formula.equation import Equation
from symbp.formula.expression import Element, SumOver, elements

Canonical = Callable[[sp.Expr], sp.Expr]


def by_total(equation: Equation, derivative: sp.Expr, canonical: Canonical) -> Iterator[sp.Expr]:
    """The derivative with every such sum replaced by its value, where any is found."""
    stated = _stated(equation)
    if stated is None:
        return
    total, value = stated

    def replaced(node: sp.Expr) -> sp.Expr:
        places = same_at(total, node, equation, canonical)
        return node if places is None else value.xreplace(places)

    swapped = {}
    for node, spread in _apart(total, equation, derivative, canonical):
        stating = {s: replaced(s) for s in spread.atoms(SumOver)}
        if any(s != known for s, known in stating.items()):
            swapped[node] = spread.xreplace(stating)
    if swapped:
        yield tidy(canonical(derivative.xreplace(swapped)))


def spread(equation: Equation, derivative: sp.Expr, canonical: Canonical) -> sp.Expr:
    """The derivative with the sums that read what the equation adds up taken apart, a sum for each term."""
    stated = _stated(equation)
    if stated is None:
        return derivative
    changed = derivative.xreplace(dict(_apart(stated[0], equation, derivative, canonical)))
    return derivative if changed == derivative else tidy(canonical(changed))


def _apart(
    total: sp.Expr, equation: Equation, derivative: sp.Expr, canonical: Canonical
) -> Iterator[tuple[sp.Expr, sp.Expr]]:
    """Sums that read a tensor of the total, each with the same taken apart."""
    for node in derivative.atoms(SumOver):
        if any(elements(node, next(elements(total)).tensor)):
            terms = sp.Add.make_args(sp.expand(node.body))
            parts = (sum_of_product(sp.Mul.make_args(t), node.bound, equation.sizes) for t in terms)
            yield node, canonical(sp.Add(*parts))


def _stated(equation: Equation) -> tuple[sp.Expr, sp.Expr] | None:
    """The sum that the equation is linear in, times a number or sizes, and its value in terms of the target."""
    sums = [s for s in outermost(equation.body) if isinstance(s, SumOver)]
    if len(sums) != 1 or not any(elements(sums[0])):
        return None
    total, held = sums[0], stand_in(sums[0])
    body = equation.body.xreplace({total: held})
    slope = body.diff(held) if body.is_polynomial(held) else held
    if slope == 0 or slope.has(held, Element):
        return None
    return total, (equation.target - body.xreplace({held: sp.Integer(0)})) / slope


def same_at(pattern: sp.Expr, node: sp.Expr, equation: Equation, canonical: Canonical) -> dict[sp.Expr, sp.Expr] | None:
    """The indices at which `node` is `pattern`, a part of the equation's body; None where it is not.

    They are read off tensors that each of the two reads once.
    """
    free = {s for s in equation.target.indices if s.is_Symbol}
    found: dict[sp.Expr, sp.Expr] = {}
    for read in elements(pattern):
        others = list(elements(node, read.tensor))
        if len(others) == 1 and len(list(elements(pattern, read.tensor))) == 1:
            for mine, theirs in zip(read.indices, others[0].indices, strict=True):
                if mine in free and found.setdefault(mine, theirs) != theirs:
                    return None
    if set(found) != free or canonical(pattern.xreplace(found)) != canonical(node):
        return None
    return found
