"""Each distinct formula, derived step by step: rule, reason, before, after; then the result in each of its forms."""

from __future__ import annotations

from symbp.derive.derivation import FormulaDerivation, Gradient, Seam
from symbp.explain import mathematics as m
from symbp.explain.document import Code, Display, Equations, Heading, Paragraph, Part
from symbp.explain.forward import index_form
from symbp.explain.matrix import matrix_form
from symbp.explain.naming import COST, Naming
from symbp.explain.notation import write
from symbp.explain.numbering import EVALUATED, GRADIENT, SEAM, WRITTEN
from symbp.explain.steps import step_part
from symbp.explain.view import View
from symbp.formula.equation import Formula


def seams(view: View) -> list[Part]:
    """The joints between two formulas that were derived as one."""
    shown = {block.formula.name for block in view.blocks}
    joined = [s for s in view.derivation.seams if s.joint in shown]
    parts: list[Part] = [Heading(1, ("Through the seam",))] if joined else []
    for seam in joined:
        parts.extend(_seam(view, seam))
    return parts


def _seam(view: View, seam: Seam) -> list[Part]:
    formula = view.derivation.formulas[seam.joint].formula
    parts: list[Part] = [
        Paragraph(
            (
                "The formulas ", Code(seam.first), " and ", Code(seam.second),
                " are derived as one, because what they compute together is simpler than either cotangent alone.",
            )
        )
    ]  # fmt: skip
    for position, step in enumerate(seam.steps):
        parts.append(step_part(step, view.numbers[SEAM, seam.joint, "", position], formula))
    return parts


def formulas(view: View) -> list[Part]:
    """Every formula that the blocks shown use."""
    parts: list[Part] = [Heading(1, ("Every formula, derived",))]
    for derived in view.formulas():
        parts.extend(_formula(view, derived))
    return parts


def _formula(view: View, derived: FormulaDerivation) -> list[Part]:
    formula = derived.formula
    users: list[str | m.Math | Code] = []
    for name in view.users(formula.name):
        users.extend([", " if users else "", Code(name)])
    parts: list[Part] = [Heading(2, (formula.name,)), Paragraph(("Used by ", *users, "."))]
    if formula.source:
        parts.append(Paragraph((f"Source: {formula.source}.",)))
    for position, equation in enumerate(formula.equations):
        number = view.numbers[WRITTEN, formula.name, equation.target.tensor, position]
        parts.append(Equations(number, (index_form(equation, Naming()),)))
    for position, step in enumerate(derived.forward_steps):
        parts.append(step_part(step, view.numbers[EVALUATED, formula.name, "", position], formula))
    parts.extend(_helpers(derived))
    for gradient in derived.backward:
        parts.extend(_gradient(view, formula, gradient))
    return parts


def _helpers(derived: FormulaDerivation) -> list[Part]:
    """What is evaluated beside the formula's own equations: shifts and winners."""
    own = {e.target.tensor for e in derived.formula.equations}
    helpers = [e for e in derived.forward if e.target.tensor not in own]
    if not helpers:
        return []
    lines = tuple(index_form(e, Naming()) for e in helpers)
    return [Paragraph(("Computed beside it:",)), Display(lines)]


def _gradient(view: View, formula: Formula, gradient: Gradient) -> list[Part]:
    naming = Naming()
    equation = gradient.equation
    sought = naming.tensor(equation.target.tensor, tuple(write(i, naming) for i in equation.target.indices))
    of = write_tensor(gradient.tensor)
    parts: list[Part] = [Heading(3, ("The derivative of ", m.Name(COST), " with respect to ", of))]
    for position, step in enumerate(gradient.steps):
        number = view.numbers[GRADIENT, formula.name, equation.target.tensor, position]
        parts.append(step_part(step, number, formula))
    if not gradient.steps:
        number = view.numbers[GRADIENT, formula.name, equation.target.tensor, 0]
        parts.append(Equations(number, (m.Line(sought, write(equation.body, naming)),)))
    parts.extend(_result(gradient, Naming(stepwise=view.stepwise(formula.name))))
    return parts


def write_tensor(tensor: str) -> m.Math:
    """A formula's tensor as a whole, without indices."""
    return Naming().tensor(tensor)


def _result(gradient: Gradient, naming: Naming) -> list[Part]:
    """The result: in index form before saved values, in saved values, and between matrices."""
    equation = gradient.equation
    before = next((s.before for s in gradient.steps if s.rule == "saved value"), None)
    left = write(equation.target, naming)
    body = write(equation.body, naming)
    lines = [m.Line(left, body)] if before is None else [m.Line(left, write(before, naming)), m.Line(None, body)]
    matrix = matrix_form(equation, naming)
    forms = ["index form", *([] if before is None else ["saved values"]), *([] if matrix is None else ["matrices"])]
    lines.extend([] if matrix is None else [matrix])
    return [Paragraph((f"The result in {', in '.join(forms)}:",)), Display(tuple(lines))]
