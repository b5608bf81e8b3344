"""The derivative of every element of an output by every element of one tensor, in the order of the formula's equations.

For each equation y = F(u, ...):  D_y[i,q] = sum over u and its indices p of Partial(y[i], u[p]) * D_u[p,q], where q are
the indices of the tensor by which is differentiated, and D_u is the derivative of u by it. This is forward mode with
an axis for each axis of that tensor: for a gradient as the output, the Hessian.

Not supported: recurrences.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from symbp.derive.derivation import DerivationError, Rule, Step
from symbp.derive.differentiate import differentiate, reads
from symbp.derive.primal import Primal, evaluated, prepare
from symbp.derive.simplify import Record, Rewrite, Simplifier, Sizes, indices_of
from symbp.derive.solutions import defining, derivative_of_defined
from symbp.derive.stable import Shifts
from symbp.formula.defined import Determinant, is_defined
from symbp.formula.equation import Equation, Formula, Tensor
from symbp.formula.expression import Element, Partial, SumOver, element, elements, index
from symbp.formula.indices import Names, bound_indices, rename_bound
from symbp.formula.recurrence import in_groups


@dataclass(frozen=True)
class Derivative:
    """How the derivative of `tensor` was found: `equation` is the result, `steps` lead to it."""

    tensor: str
    equation: Equation
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Jacobian:
    """One formula and the derivatives of its tensors by that of `by`, whose indices are the last of each.

    `derivatives` is in order of evaluation, the output's last; that of `z` is the tensor `prefix` + `z`. `forward` is
    what is evaluated before.
    """

    formula: Formula
    forward: tuple[Equation, ...]
    forward_steps: tuple[Step, ...]
    derivatives: tuple[Derivative, ...]
    by: Element
    prefix: str


class _ByOne(Simplifier):
    """Simplifies derivatives that have the axes of their tensor and those of the tensor by which is differentiated."""

    def __init__(self, formula: Formula, shifts: Shifts, prefix: str, by: str) -> None:
        super().__init__(formula, shifts, prefix)
        self.by = by

    def axis_size(self, tensor: str, axis: int) -> sp.Expr:
        if tensor in self.formula.tensors:
            return super().axis_size(tensor, axis)
        own = self.formula.tensors[tensor.removeprefix(self.prefix)].axes
        return (*own, *self.formula.tensors[self.by].axes)[axis]

    def with_saved(self, equation: Equation, expression: sp.Expr, record: Record, rewrite: Rewrite) -> sp.Expr:
        """Exponentials are rewritten only for the saved value itself: they have a stable form as they stand."""
        better = super().with_saved(equation, expression, record, rewrite)
        return better if reads(better, equation.target.tensor) or not better.has(sp.exp) else expression


def derive_jacobian(formula: Formula, by: str) -> Jacobian:
    """Derive the derivative of the formula's output by the tensor."""
    primal = prepare(formula)
    if any(group.direction for group in in_groups(primal.formula.equations)):
        raise DerivationError("the derivative of every element of a recurrence by every element is not derived")
    prefix = "D_"
    while any(f"{prefix}{name}" in primal.formula.tensors for name in primal.formula.tensors):
        prefix += "_"
    shifts = Shifts(Names([*primal.formula.tensors, *primal.formula.scalars]))
    simplifier = _ByOne(primal.formula, shifts, prefix, by)
    sizes: Sizes = {}
    one = _apart(primal, by, sizes)
    active = primal.between([by])
    found = [
        _derivative(primal, simplifier, e, one, active, sizes)
        for e in primal.formula.equations
        if e.target.tensor in active
    ]
    output = primal.formula.output
    if not any(d.tensor == output.name for d in found):
        found.append(_nothing(primal, output, one, prefix, sizes))
    held, forward, steps = evaluated(primal, simplifier, [d.equation for d in found])
    return Jacobian(held, forward, steps, tuple(found), one, prefix)


def _nothing(primal: Primal, output: Tensor, by: Element, prefix: str, sizes: Sizes) -> Derivative:
    """The derivative of an output that does not depend on the tensor."""
    own = next(e for e in primal.formula.equations if e.target.tensor == output.name)
    held = {**{i: own.sizes[i] for i in own.target.indices}, **sizes}
    target = element(prefix + output.name, *own.target.indices, *by.indices)
    return Derivative(output.name, Equation(target, sp.Integer(0), held), ())


def _apart(primal: Primal, by: str, sizes: Sizes) -> Element:
    """The element by which is differentiated, at letters that no left side has, where there are enough."""
    tensor = primal.formula.tensors[by]
    taken = {s.name for e in primal.formula.equations for s in e.sizes}
    free = {s.name for e in primal.formula.equations for s in indices_of(e.target)}
    indices = []
    for extent in tensor.axes:
        letters = [c for c, of in primal.formula.letters.items() if of == extent]
        name = next((c for c in letters if c not in taken), next((c for c in letters if c not in free), letters[0]))
        while name in free:
            name += "'"
        free.add(name)
        taken.add(name)
        symbol = index(name)
        sizes[symbol] = extent
        indices.append(symbol)
    return element(by, *indices)


def _derivative(
    primal: Primal, simplifier: _ByOne, equation: Equation, by: Element, active: set[str], known: Sizes
) -> Derivative:
    own = equation.target
    sizes: Sizes = {**{i: extent for i, extent in equation.sizes.items() if own.has(i)}, **known}
    names = Names(s.name for s in sizes)
    learnt: Sizes = {**equation.sizes, **known}
    body = rename_bound(primal.body(equation), names, learnt)
    sizes.update({s: learnt[s] for s in bound_indices(body)})
    record = Record(element(simplifier.prefix + own.tensor, *own.indices, *by.indices), sizes)
    chained, defined, taken, rules = [], [], [], dict[Rule, list[str]]()
    for name in dict.fromkeys(e.tensor for e in elements(body)):
        if name not in active:
            continue
        at, moved = by, sp.Integer(1)
        if name != by.tensor:
            at = primal.place(primal.formula.tensors[name], names, sizes)
            moved = element(simplifier.prefix + name, *at.indices, *by.indices)
        indices = () if name == by.tensor else indices_of(at)
        chained.append(SumOver(Partial(own, at) * moved, *indices))
        if is_defined(equation.body):
            rules.setdefault("expand" if isinstance(body, Determinant) else "implicit", []).append(defining(equation))
            derivative = derivative_of_defined(own, body, at, primal.formula.equations, names, sizes)
            defined.append(SumOver(derivative * moved, *indices))
        else:
            derivative = differentiate(body, at, names, sizes)
            defined.append(chained[-1])
        taken.append(SumOver(derivative * moved, *indices))
    expression = record.step("chain rule", Partial(own, by), sp.Add(*chained))
    for rule, details in rules.items():
        expression = record.step(rule, expression, sp.Add(*defined), "; ".join(details))
    expression = record.step("differentiate", expression, sp.Add(*taken))
    result = simplifier.equation(expression, record)
    return Derivative(own.tensor, result, tuple(record.steps))


def simplifier_of(jacobian: Jacobian, by: str) -> Simplifier:
    """What simplifies expressions in the derivatives of a Jacobian."""
    shifts = Shifts(Names([*jacobian.formula.tensors, *jacobian.formula.scalars]))
    return _ByOne(jacobian.formula, shifts, jacobian.prefix, by)
