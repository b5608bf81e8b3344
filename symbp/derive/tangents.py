"""Forward mode: the derivative of every tensor along a path, in the order of the formula's equations.

For each equation y = F(x, ...):  t_y = sum over x of Partial(y, x) * t_x,  then simplified as cotangents are. The
Jacobian is never formed: the sum over the indices of x is carried out by the delta algebra.

Nothing here reads a backward derivation: that <J t, v> = <t, transpose(J) v> holds is a test of both.
"""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from symbp.derive.derivation import Tangent, TangentDerivation
from symbp.derive.differentiate import differentiate, reads
from symbp.derive.primal import Primal, evaluated, prepare
from symbp.derive.simplify import Record, Simplifier, indices_of
from symbp.derive.stable import Shifts
from symbp.formula.equation import Equation, Formula
from symbp.formula.expression import Partial, SumOver, element
from symbp.formula.indices import Names, rename_bound
from symbp.formula.recurrence import in_order

PATH = "tau"  # what a path is parametrized by


def derive_tangents(formula: Formula, *, moving: Iterable[str] | None = None) -> TangentDerivation:
    """Derive the tangents of whatever depends on the formula's inputs and parameters (on `moving` where given)."""
    primal = prepare(formula)
    given = [t.name for t in primal.formula.with_role("input", "parameter") if t.kind == "float"]
    active = primal.between(given if moving is None else moving)
    prefix = _prefix(primal.formula)
    simplifier = Simplifier(primal.formula, Shifts(Names([*primal.formula.tensors, *primal.formula.scalars])), prefix)
    found = {
        e.target.tensor: _tangent(primal, simplifier, e, active)
        for e in primal.formula.equations
        if e.target.tensor in active
    }
    order = in_order([t.equation for t in found.values()])
    tangents = tuple(found[e.target.tensor.removeprefix(prefix)] for e in order)
    held, forward, steps = evaluated(primal, simplifier, order)
    moving = tuple(name for name in primal.formula.tensors if name in active - found.keys())
    return TangentDerivation(held, forward, steps, tangents, moving, prefix)


def _prefix(formula: Formula) -> str:
    """What the names of tangents start with, so that none is a tensor's."""
    prefix = "t_"
    while any(f"{prefix}{name}" in formula.tensors for name in formula.tensors):
        prefix += "_"
    return prefix


def _tangent(primal: Primal, simplifier: Simplifier, equation: Equation, active: set[str]) -> Tangent:
    own = equation.target
    names = Names(s.name for s in equation.sizes)
    sizes = dict(equation.sizes)
    body = rename_bound(primal.body(equation), names, sizes)
    record = Record(element(simplifier.prefix + own.tensor, *own.indices), sizes)
    chained, taken = [], []
    for tensor in (t for name, t in primal.formula.tensors.items() if name in active and reads(body, name)):
        by = primal.place(tensor, names, sizes)
        moved = element(simplifier.prefix + tensor.name, *by.indices)
        chained.append(SumOver(Partial(own, by) * moved, *indices_of(by)))
        taken.append(SumOver(differentiate(body, by, names, sizes) * moved, *indices_of(by)))
    expression = record.step("chain rule", Partial(own, element(PATH)), sp.Add(*chained))
    expression = record.step("differentiate", expression, sp.Add(*taken))
    result = simplifier.equation(expression, record)
    return Tangent(own.tensor, result, tuple(record.steps))
