"""Each distinct formula, derived step by step: rule, reason, before, after; then the result in each of its forms."""

from __future__ import annotations

from symbp.derive.derivation import FormulaDerivation, Gradient, Seam
from symbp.explain import mathematics as m
from symbp.explain.document import Code, Display, Equations, Heading, Link, Paragraph, Part
from symbp.explain.forward import index_form
from symbp.explain.listing import listing
from symbp.explain.matrix import matrix_form
from symbp.explain.naming import COST, Naming
from symbp.explain.notation import write
from symbp.explain.numbering import EVALUATED, GRADIENT, SEAM, WRITTEN
from symbp.explain.steps import step_part
from symbp.explain.view import View
from symbp.formula.equation import Formula
from symbp.formula.expression import Winner


def seams(view: View) -> list[Part]:
    """The joints between two formulas that were derived as one."""
    shown = {block.formula.name for block in view.blocks}
    joined = [s for s in view.derivation.seams if s.joint in shown]
    parts: list[Part] = [Heading(1, view.say("seam.heading"))] if joined else []
    for seam in joined:
        parts.extend(_seam(view, seam))
    return parts


def _seam(view: View, seam: Seam) -> list[Part]:
    formula = view.derivation.formulas[seam.joint].formula
    parts: list[Part] = [Paragraph(view.say("seam.opening", first=Code(seam.first), second=Code(seam.second)))]
    for position, step in enumerate(seam.steps):
        parts.append(step_part(step, view.numbers[SEAM, seam.joint, "", position], formula, view.language))
    return parts


def formulas(view: View) -> list[Part]:
    """Every formula that the blocks shown use."""
    parts: list[Part] = [Heading(1, view.say("formula.heading"))]
    for derived in view.formulas():
        parts.extend(_formula(view, derived))
    return parts


def _formula(view: View, derived: FormulaDerivation) -> list[Part]:
    formula = derived.formula
    used_by = (Link(name, f"layer {name}") for name in view.users(formula.name))
    users = view.language.listed(used_by, last="list.comma")
    parts: list[Part] = [Heading(2, (formula.name,), f"formula {formula.name}")]
    parts.append(Paragraph(view.say("formula.users", users=users)))
    if formula.source:
        parts.append(Paragraph(view.say("formula.source", source=formula.source)))
    for position, equation in enumerate(formula.equations):
        number = view.numbers[WRITTEN, formula.name, equation.target.tensor, position]
        parts.append(Equations(number, (index_form(equation, Naming()),)))
    for position, step in enumerate(derived.forward_steps):
        parts.append(step_part(step, view.numbers[EVALUATED, formula.name, "", position], formula, view.language))
    parts.extend(_helpers(view, derived))
    for gradient in derived.backward:
        parts.extend(_gradient(view, formula, gradient))
    return parts + listing(view, formula.name)


def _helpers(view: View, derived: FormulaDerivation) -> list[Part]:
    """What is evaluated beside the formula's own equations: shifts and winners."""
    own = {e.target.tensor for e in derived.formula.equations}
    helpers = [e for e in derived.forward if e.target.tensor not in own]
    if not helpers:
        return []
    lines = tuple(index_form(e, Naming()) for e in helpers)
    parts: list[Part] = [Paragraph(view.say("formula.beside")), Display(lines)]
    winners = any(e.body.has(Winner) for e in helpers)
    return [*parts, Paragraph(view.say("formula.winners"))] if winners else parts


def _gradient(view: View, formula: Formula, gradient: Gradient) -> list[Part]:
    naming = Naming()
    equation = gradient.equation
    sought = naming.tensor(equation.target.tensor, tuple(write(i, naming) for i in equation.target.indices))
    of = naming.tensor(gradient.tensor)
    parts: list[Part] = [Heading(3, view.say("formula.derivative", C=m.Name(COST), tensor=of))]
    for position, step in enumerate(gradient.steps):
        number = view.numbers[GRADIENT, formula.name, equation.target.tensor, position]
        parts.append(step_part(step, number, formula, view.language))
    if not gradient.steps:
        number = view.numbers[GRADIENT, formula.name, equation.target.tensor, 0]
        parts.append(Equations(number, (m.Line(sought, write(equation.body, naming)),)))
    parts.extend(_result(view, gradient, Naming(stepwise=view.stepwise(formula.name))))
    return parts


def _result(view: View, gradient: Gradient, naming: Naming) -> list[Part]:
    """The result: in index form before saved values, in saved values, and between matrices."""
    equation = gradient.equation
    before = next((s.before for s in gradient.steps if s.rule == "saved value"), None)
    left = write(equation.target, naming)
    body = write(equation.body, naming)
    lines = [m.Line(left, body)] if before is None else [m.Line(left, write(before, naming)), m.Line(None, body)]
    matrix = matrix_form(equation, naming)
    lines.extend([] if matrix is None else [matrix])
    named = {"form.index": True, "form.saved": before is not None, "form.matrices": matrix is not None}
    forms = view.language.listed((view.say(form) for form, has in named.items() if has), last="list.comma")
    return [Paragraph(view.say("formula.result", forms=forms)), Display(tuple(lines))]
