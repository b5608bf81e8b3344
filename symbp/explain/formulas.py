"""Each distinct formula, derived step by step: rule, reason, before, after; then the result in each of its forms."""

from __future__ import annotations

from symbp.derive.derivation import FormulaDerivation, Gradient, Seam
from symbp.explain import mathematics as m
from symbp.explain.asked import asked
from symbp.explain.document import Code, Display, Equations, Heading, Inline, Link, NoModule, Paragraph, Part
from symbp.explain.forward import index_form
from symbp.explain.listing import listing
from symbp.explain.notation import write
from symbp.explain.numbering import EVALUATED, GRADIENT, SEAM, WRITTEN
from symbp.explain.results import between_matrices, forms
from symbp.explain.steps import step_parts
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
    first, second = Code(view.called(seam.first)), Code(view.called(seam.second))
    parts: list[Part] = [Paragraph(view.say("seam.opening", first=first, second=second))]
    numbers = [view.numbers[SEAM, seam.joint, "", position] for position in range(len(seam.steps))]
    parts.extend(step_parts(seam.steps, numbers, formula, view.level, view.language, view.own(formula)))
    return parts


def formulas(view: View) -> list[Part]:
    """Every formula that the blocks shown use."""
    parts: list[Part] = [Heading(1, view.say("formula.heading"))]
    if isinstance(view.module, NoModule):
        parts.append(Paragraph(view.say("formula.no_code", reason=view.module.reason)))
    for derived in view.formulas():
        parts.extend(_formula(view, derived))
    return parts


def _formula(view: View, derived: FormulaDerivation) -> list[Part]:
    formula = derived.formula
    parts: list[Part] = [Heading(2, (view.called(formula.name),), f"formula {formula.name}")]
    parts.append(Paragraph(_users(view, formula)))
    if formula.source:
        parts.append(Paragraph(view.say("formula.source", source=formula.source)))
    naming = view.own(formula)
    for position, equation in enumerate(formula.equations):
        number = view.numbers[WRITTEN, formula.name, equation.target.tensor, position]
        parts.append(Equations(number, (index_form(equation, naming),)))
        parts.extend(between_matrices(equation, naming, view.language))
    parts.extend(_evaluated(view, derived))
    for gradient in derived.backward:
        parts.extend(_gradient(view, formula, gradient))
    return parts + listing(view, formula.name)


def _users(view: View, formula: Formula) -> Inline:
    """The blocks that use a formula; those between an output and its prediction are in no table."""
    network = view.derivation.network
    links = (Link(name, f"layer {name}") for name in view.users(formula.name, network.blocks))
    used = view.language.listed(links, last="list.comma")
    said = [view.say("formula.users", users=used)] if used else []
    codes = (Code(name) for name in view.users(formula.name, network.link))
    predicted = view.language.listed(codes, last="list.comma")
    said += [view.say("formula.predicted", users=predicted)] if predicted else []
    return view.language.sentences(said)


def _evaluated(view: View, derived: FormulaDerivation) -> list[Part]:
    """The stable forms in which equations are evaluated, and what is computed beside them: shifts and winners."""
    formula, steps = derived.formula, derived.forward_steps
    naming = view.own(formula)
    numbers = [view.numbers[EVALUATED, formula.name, "", position] for position in range(len(steps))]
    parts = list(step_parts(steps, numbers, formula, view.level, view.language, naming))
    if steps and view.level == "summary":
        parts.append(Paragraph(view.say("form.stable")))
        for step, number in zip(steps, numbers, strict=True):
            parts.append(Equations(number, (m.Line(write(step.target, naming), write(step.after, naming)),)))
    own = {e.target.tensor for e in formula.equations}
    helpers = [e for e in derived.forward if e.target.tensor not in own]
    if helpers:
        lines = tuple(index_form(e, naming) for e in helpers)
        parts += [Paragraph(view.say("formula.beside")), Display(lines)]
    winners = any(e.body.has(Winner) for e in helpers)
    return [*parts, *([Paragraph(view.say("formula.winners"))] if winners else [])]


def _gradient(view: View, formula: Formula, gradient: Gradient) -> list[Part]:
    """The steps that lead to a gradient, then its forms: all of them, or those that no step has shown."""
    equation, steps = gradient.equation, gradient.steps
    naming = view.own(formula)
    places = [(GRADIENT, formula.name, equation.target.tensor, k) for k in range(max(1, len(steps)))]
    numbers = [view.numbers[place] for place in places]
    heading = view.say("formula.derivative", C=naming.cost, tensor=naming.tensor(gradient.tensor))
    parts: list[Part] = [Heading(3, heading)]
    taken = step_parts(steps, numbers, formula, view.level, view.language, naming)
    begins = bool(steps) and steps[0].rule == "chain rule" and view.level != "full"
    parts.extend(asked(taken, after=int(begins)))
    if steps and view.level == "steps":
        return [*parts, *asked(between_matrices(equation, naming, view.language))]
    number = None if steps and view.level == "full" else numbers[-1]
    return [*parts, *asked(forms(gradient, naming, number, view.language))]
