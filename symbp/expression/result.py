"""The derivative of an expression by one of its tensors: gradient, Hessian, or Jacobian of what is no number."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import Literal

from symbp.derive.derivation import FormulaDerivation, Gradient, Step
from symbp.derive.derive import derive_formula
from symbp.derive.jacobian import Derivative, Jacobian, derive_jacobian, simplifier_of
from symbp.derive.simplify import Simplifier
from symbp.derive.stable import Shifts
from symbp.errors import UserError
from symbp.expression.closed import closed, cost
from symbp.formula.equation import Equation, Formula, Role, Tensor
from symbp.formula.expression import elements
from symbp.formula.indices import Names
from symbp.formula.recurrence import in_order

Kind = Literal["gradient", "Hessian", "Jacobian"]
WORTH = 2  # how many times the operations of the pieces one expression may cost


@dataclass(frozen=True)
class Result:
    """The derivative of `formula` by `wrt`: what was derived, and what is evaluated.

    `gradient` is the first derivative of a number, `jacobian` that of what is no number, or of the gradient. `joined`
    are the steps from the last of its equations to `derivative`, which is in terms of the forward pass alone where that
    is readable. `equations` evaluate it, in order.
    """

    formula: Formula
    wrt: str
    kind: Kind
    gradient: FormulaDerivation | None
    jacobian: Jacobian | None
    joined: tuple[Step, ...]
    derivative: Equation
    equations: tuple[Equation, ...]
    first: Result | None = None

    @property
    def output(self) -> str:
        return self.formula.output.name


def differentiate(formula: Formula, wrt: str, order: int = 1) -> Result:
    """The derivative of the formula's output; UserError where there is none of this order by this name."""
    given = {t.name: t for t in formula.with_role("input")}
    if wrt not in given:
        near = difflib.get_close_matches(wrt, given, 1)
        hint = f"; did you mean `{near[0]}`?" if near else ""
        held = ", ".join(f"`{n}`" for n in given) or "nothing but numbers"
        raise UserError(f"the expression has no `{wrt[:80]}`{hint}; it has {held}")
    if given[wrt].kind == "int":
        raise UserError(f"`{wrt}` stands in an index: it holds whole numbers, by which nothing is differentiated")
    if formula.output.axes:
        if order != 1:
            raise UserError(
                f"`{formula.output.name}` is no number, it has {len(formula.output.axes)} axes; second derivatives are "
                "of numbers"
            )
        return _jacobian(formula, wrt, "Jacobian")
    first = _gradient(formula, wrt)
    return first if order == 1 else _hessian(first)


def _gradient(formula: Formula, wrt: str) -> Result:
    derived = derive_formula(formula, wanted=[wrt], cost=formula.output.name)
    found = {g.equation.target.tensor: g for g in derived.backward}
    if f"d_{wrt}" not in found:
        raise UserError(f"`{formula.output.name}` does not depend on `{wrt}`: its gradient is 0")
    last = found[f"d_{wrt}"]
    simplifier = Simplifier(derived.formula, Shifts(Names([*derived.formula.tensors])), "d_")
    others = {name: _plain(g) for name, g in found.items() if g is not last}
    one, joined = closed(_plain(last), others, simplifier)
    pieces = [g.equation for g in derived.backward]
    if cost(one) > WORTH * cost(*pieces) or simplifier.shifts.equations:
        one, joined = last.equation, ()
    elif not joined:
        one = last.equation
    equations = (*derived.forward, *((one,) if joined else pieces))
    return Result(formula, wrt, "gradient", derived, None, joined, one, in_order(equations))


def _plain(found: Gradient | Derivative) -> Equation:
    """The equation before its stable form."""
    stable = next((s for s in found.steps if s.rule == "stable form"), None)
    return found.equation if stable is None else replace(found.equation, body=stable.before, sizes=stable.sizes)


def _jacobian(formula: Formula, wrt: str, kind: Kind) -> Result:
    derived = derive_jacobian(formula, wrt)
    *others, last = derived.derivatives
    simplifier = simplifier_of(derived, wrt)
    made = {d.equation.target.tensor: _plain(d) for d in others}
    one, joined = closed(_plain(last), made, simplifier)
    pieces = [d.equation for d in derived.derivatives]
    if simplifier.shifts.equations or not joined:
        one, joined = last.equation, ()
    equations = (*derived.forward, *((one,) if joined else pieces))
    return Result(formula, wrt, kind, None, derived, joined, one, in_order(equations))


def _before_shifts(first: Result, derived: FormulaDerivation) -> list[Equation]:
    """The equations of a gradient before their stable form: a shift is no function to differentiate."""
    if not first.joined:
        return [_plain(g) for g in derived.backward]
    stable = next((s for s in first.joined if s.rule == "stable form"), None)
    return [first.derivative if stable is None else replace(first.derivative, body=stable.before, sizes=stable.sizes)]


def _hessian(first: Result) -> Result:
    """The gradient as a formula of its own, differentiated again."""
    derived = first.gradient
    assert derived is not None
    held = derived.formula
    known = {t.name for t in held.with_role("input")} | {e.target.tensor for e in held.equations}
    tensors = {
        n: replace(t, role="intermediate") if t.role == "output" else t for n, t in held.tensors.items() if n in known
    }
    own = [first.derivative] if first.joined else [g.equation for g in derived.backward]
    if any(read.tensor not in {*known, *(e.target.tensor for e in own)} for e in own for read in elements(e.body)):
        own = _before_shifts(first, derived)
    for equation in own:
        name = equation.target.tensor
        role: Role = "output" if name == f"d_{first.wrt}" else "intermediate"
        tensors[name] = Tensor(name, tuple(equation.sizes[i] for i in equation.target.indices), role)
    gradient = replace(held, equations=in_order((*held.equations, *own)), tensors=tensors)
    return replace(_jacobian(gradient, first.wrt, "Hessian"), formula=first.formula, first=first)
