"""A derivative in one expression: the derivatives that it reads replaced by theirs, and simplified again."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from symbp.derive.algebra import larger, operations, tidy
from symbp.derive.derivation import Step
from symbp.derive.simplify import Record, Simplifier, Sizes, indices_of
from symbp.derive.stable import stabilize
from symbp.formula.equation import Equation
from symbp.formula.expression import Element, elements
from symbp.formula.indices import Names, bound_indices, rename_bound

LARGEST = 400  # nodes of an expression that is still read


def closed(
    equation: Equation, made: Mapping[str, Equation], simplifier: Simplifier
) -> tuple[Equation, tuple[Step, ...]]:
    """The equation without the tensors that are `made`, and the steps; as it is where that is too large to read."""
    record = Record(equation.target, dict(equation.sizes))
    expression = equation.body
    while True:
        read = [name for name in made if any(elements(expression, name))]
        if not read:
            break
        name = read[-1]
        inside = _put_in(expression, made[name], record.sizes, equation.target)
        if larger(inside, LARGEST):
            return equation, ()
        inside = record.step("substitute", expression, inside)
        expression = simplifier.contracted(inside, record)
        spelt = simplifier.canonical(expression, record.target, record.sizes)
        expression = record.step("collect", expression, simplifier.canonical(tidy(spelt), record.target, record.sizes))
    stable, applied = stabilize(expression, simplifier.shifts)
    expression = record.step("stable form", expression, stable, "; ".join(applied))
    held = {*expression.free_symbols, *record.target.free_symbols, *bound_indices(expression)}
    sizes = {s: v for s, v in record.sizes.items() if s in held}
    return Equation(record.target, expression, sizes), tuple(record.steps)


def _put_in(expression: sp.Expr, definition: Equation, sizes: Sizes, target: Element) -> sp.Expr:
    """The expression with every read of the definition's tensor replaced by its right side there."""
    names = Names({*(s.name for s in sizes), *(s.name for s in definition.sizes)})
    renamed = rename_bound(expression, names, sizes)
    for read in list(elements(renamed, definition.target.tensor)):
        learnt: Sizes = dict(definition.sizes)
        body = rename_bound(definition.body, names, learnt)
        sizes.update({s: v for s, v in learnt.items() if s not in sizes})
        places = dict(zip(indices_of(definition.target), read.indices, strict=True))
        renamed = renamed.xreplace({read: body.xreplace(places)})
    return renamed


def cost(*equations: Equation) -> int:
    """Operations of all equations together."""
    return sum(operations(e.body) for e in equations)
