"""What is right, in a claim's own words: the derived equation with the names that claims use.

Cotangents that the claim reads stay; the others between it and the quantity are put in place, one after the other.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import sympy as sp

from symbp.audit.setting import Setting
from symbp.audit.syntax import DERIVATIVE, Statement
from symbp.derive.algebra import everywhere
from symbp.derive.deltas import factor_out
from symbp.derive.derivation import Gradient, Step
from symbp.derive.jacobian import Derivative, simplifier_of
from symbp.derive.simplify import Simplifier
from symbp.derive.stable import Shifts
from symbp.errors import UserError
from symbp.expression.closed import closed
from symbp.formula.equation import Equation
from symbp.formula.expression import Element, SumOver, element
from symbp.formula.indices import Names


@dataclass(frozen=True)
class Subject:
    """What a claim is about: the cotangent of `by` where `of` is the cost, the derivative of `of`, or `of` itself."""

    of: str
    by: str = ""

    def is_cotangent(self, setting: Setting) -> bool:
        """Whether it is a derivative of the cost."""
        cost = setting.formula.output
        return bool(self.by) and self.of == cost.name and not cost.axes


def subject(statement: Statement, setting: Setting) -> Subject:
    """The quantity on the left; UserError where there is none."""
    node = statement.left.value if isinstance(statement.left, ast.Subscript) else statement.left
    cost = setting.formula.output
    if isinstance(node, ast.Call) and len(node.args) == 2:
        names = [n.value if isinstance(n, ast.Subscript) else n for n in node.args]
        of, by = (setting.vocabulary.find(n.id).tensor if isinstance(n, ast.Name) else "" for n in names)
        return Subject(of, by)
    assert isinstance(node, ast.Name)
    found = setting.vocabulary.find(node.id)
    if found.cotangent and cost.axes:
        raise UserError(
            f"`{node.id}`: the result `{cost.name}` is not a number, so no cost is differentiated; claim an entry "
            f"of the Jacobian, `d{cost.name}[...]/d{found.tensor}[...]`"
        )
    if not found.cotangent and all(e.target.tensor != found.tensor for e in setting.formula.equations):
        raise UserError(f"`{node.id}` is given, not computed; a claim is about a derivative or what is computed")
    return Subject(cost.name, found.tensor) if found.cotangent else Subject(found.tensor)


def cotangents_read(statement: Statement, setting: Setting) -> set[str]:
    """The tensors whose cotangents the right side reads."""
    found = set()
    for node in ast.walk(statement.right):
        if isinstance(node, ast.Name):
            quantity = setting.vocabulary.known(node.id)
            if quantity is not None and quantity.cotangent:
                found.add(quantity.tensor)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == DERIVATIVE:
            names = [n.value if isinstance(n, ast.Subscript) else n for n in node.args]
            tensors = [setting.vocabulary.find(n.id).tensor for n in names if isinstance(n, ast.Name)]
            if len(tensors) == 2 and Subject(*tensors).is_cotangent(setting):
                found.add(tensors[1])
    return found


def derived(about: Subject, setting: Setting, keep: Collection[str] = ()) -> Equation | None:
    """The derived equation of the subject, in terms of the cotangents in `keep` and the forward pass."""
    if not about.by:
        made = {e.target.tensor: e for e in setting.formula.equations}
        return made.get(about.of)
    if not about.is_cotangent(setting):
        jacobian = setting.jacobian(about.of, about.by)
        *others, last = jacobian.derivatives
        known = {d.equation.target.tensor: plain(d) for d in others}
        return closed(plain(last), known, simplifier_of(jacobian, about.by))[0]
    found = {g.tensor: g for g in setting.derivation.backward}
    if about.by not in found:
        return None
    simplifier = Simplifier(setting.derivation.formula, Shifts(Names([*setting.derivation.formula.tensors])), "d_")
    said = {n: with_targets(plain(g), setting) for n, g in found.items()}
    made = {f"d_{n}": equation for n, equation in said.items() if n not in keep and n != about.by}
    return _one_in_a_row(closed(said[about.by], made, simplifier)[0], setting)


def _one_in_a_row(equation: Equation, setting: Setting) -> Equation:
    """The equation where a row of one-hot `y` adds up to 1."""
    hot = {e.target.tensor: e for e in setting.one_hot.values()}
    if not hot:
        return equation

    def is_row(node: sp.Basic) -> bool:
        if not isinstance(node, SumOver) or not isinstance(node.body, Element) or node.body.tensor not in hot:
            return False
        known = hot[node.body.tensor]
        places = zip(known.target.indices, node.body.indices, strict=True)
        return node.bound == tuple(place for own, place in places if own in known.body.args)

    body = factor_out(equation.body, equation.sizes).replace(is_row, lambda node: sp.Integer(1))
    return replace(equation, body=everywhere(body, sp.factor_terms))


def plain(found: Gradient | Derivative) -> Equation:
    """The equation before its stable form, which may read shifts."""
    stable = next((s for s in found.steps if s.rule == "stable form"), None)
    return found.equation if stable is None else replace(found.equation, body=stable.before, sizes=stable.sizes)


def at_deltas(expression: sp.Expr) -> sp.Expr:
    """delta(i, e) * f(i) is delta(i, e) * f(e)."""

    def moved(term: sp.Expr) -> sp.Expr:
        for factor in sp.Mul.make_args(term):
            if isinstance(factor, sp.KroneckerDelta):
                for place, other in (factor.args, factor.args[::-1]):
                    if place.is_Symbol and not other.has(place):
                        return factor * (term / factor).xreplace({place: other})
        return term

    return sp.Add(*(moved(t) for t in sp.Add.make_args(sp.expand_mul(expression))))


def with_targets(equation: Equation, setting: Setting) -> Equation:
    """The equation with `y[k]` for the delta of a class and a label."""
    body = equation.body
    if not setting.one_hot:
        return equation
    terms = sp.Add.make_args(sp.expand_mul(at_deltas(body)))
    body = everywhere(sp.Add(*map(_at_index, terms)), sp.factor_terms)

    def read(delta: sp.KroneckerDelta) -> sp.Expr:
        label = next((a for a in delta.args if isinstance(a, Element) and a.tensor in setting.one_hot), None)
        if label is None:
            return delta
        hot = setting.one_hot[label.tensor]
        other = next(a for a in delta.args if a is not label)
        at = iter(label.indices)
        return element(hot.target.tensor, *(other if i in hot.body.args else next(at) for i in hot.target.indices))

    return replace(equation, body=body.replace(lambda e: isinstance(e, sp.KroneckerDelta), read))


def _at_index(term: sp.Expr) -> sp.Expr:
    """delta(i, e) * f(e) as delta(i, e) * f(i), which reads better."""
    for factor in sp.Mul.make_args(term):
        if isinstance(factor, sp.KroneckerDelta):
            place = next((a for a in factor.args if a.is_Symbol), None)
            label = next((a for a in factor.args if isinstance(a, Element)), None)
            if place is not None and label is not None:
                return factor * (term / factor).xreplace({label: place})
    return term


def as_taken(equation: Equation, steps: tuple[Step, ...]) -> Equation:
    """The equation before saved values and stable forms."""
    for step in steps:
        if step.rule in ("saved value", "stable form"):
            return Equation(step.target, step.before, step.sizes)
    return equation


def in_words(equation: Equation, setting: Setting) -> Equation:
    """The equation with `delta2` for the cotangent of `z2`, `grad_W2` for that of `W2`; scaled where deltas are."""
    called: Mapping[str, str] = {f"d_{n}": cotangent_name(n) for n in setting.formula.tensors}

    def spelt(expression: sp.Expr) -> sp.Expr:
        return expression.replace(
            lambda e: isinstance(e, Element) and e.tensor in called,
            lambda e: element(called[e.tensor], *e.indices) / _scale(e.tensor, setting),
        )

    target = equation.target
    name = called.get(target.tensor, target.tensor)
    body = factor_out(spelt(equation.body), equation.sizes) * _scale(target.tensor, setting)
    return replace(equation, target=element(name, *target.indices), body=body)


def _scale(cotangent: str, setting: Setting) -> sp.Expr:
    name = cotangent.removeprefix("d_")
    scaled = cotangent != name and name in setting.formula.tensors and setting.scaled(name)
    return sp.Symbol("N", integer=True, positive=True) if scaled else sp.Integer(1)


def cotangent_name(tensor: str) -> str:
    """What claims call the cotangent of a tensor."""
    return f"delta{tensor[1:]}" if tensor[:1] == "z" and not tensor[1:].strip("0123456789") else f"grad_{tensor}"
