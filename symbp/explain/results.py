"""The result of a derivation in each of its forms: by indices, in saved values, stable; each between matrices too.

Between matrices every tensor has its shape under a brace, and a sentence says what became of the sum.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import sympy as sp

from symbp.derive.derivation import Gradient
from symbp.explain import mathematics as m
from symbp.explain.document import Display, Equations, Inline, Paragraph, Part
from symbp.explain.forward import index_form
from symbp.explain.matrix import matrix_form
from symbp.explain.naming import Naming
from symbp.explain.notation import write
from symbp.explain.words.language import Language
from symbp.formula.equation import Equation
from symbp.formula.expression import SumOver

FORMS = {"saved value": "form.saved", "stable form": "form.stable"}  # by the rule that leads to each


@dataclass(frozen=True)
class _Form:
    """One form of the result; `phrase` says which."""

    phrase: str
    equation: Equation


def forms(gradient: Gradient, naming: Naming, number: int | None, language: Language) -> list[Part]:
    """Every form of a gradient, the last of them with a number where there is one."""
    found = _forms(gradient)
    parts: list[Part] = []
    for form in found:
        line = index_form(form.equation, naming)
        shown = Equations(number, (line,)) if form is found[-1] and number is not None else Display((line,))
        parts += [Paragraph(language.say(form.phrase)), shown, *between_matrices(form.equation, naming, language)]
    return parts


def _forms(gradient: Gradient) -> list[_Form]:
    """By indices, then in saved values and in stable form where steps lead there."""
    equation = gradient.equation
    sizes = {**(gradient.steps[-1].sizes if gradient.steps else {}), **equation.sizes}
    reached: dict[str, sp.Expr] = {}
    for step in gradient.steps:
        if step.rule in FORMS:
            reached.setdefault("form.index", step.before)
            reached[FORMS[step.rule]] = step.after
    if not reached:
        return [_Form("form.index", equation)]
    return [_Form(phrase, replace(equation, body=body, sizes=sizes)) for phrase, body in reached.items()]


def between_matrices(equation: Equation, naming: Naming, language: Language) -> Iterator[Part]:
    """The equation between matrices, with shapes and what became of its sum; nothing where there is no such form."""
    line = matrix_form(equation, naming, shaped=True)
    bare = matrix_form(equation, naming)
    if line is not None and bare is not None:
        yield Paragraph(_sentence(equation, bare.right, naming, language))
        yield Display((line,))


def _sentence(equation: Equation, right: m.Math, naming: Naming, language: Language) -> Inline:
    """What the sum of an equation is between matrices, where that is one thing."""
    body = naming.layout.equation(equation).body
    if isinstance(right, m.Product) and right.kind == "matrices" and isinstance(body, SumOver):
        indices = language.listed(write(i, naming) for i in body.bound)
        first, last = right.factors[0], right.factors[-1]
        if m.Transposed(m.Ones()) in (first, last) or m.Ones() in (first, last):
            return language.say("matrix.ones", indices=indices)
        if len(right.factors) == 2:
            return language.say("matrix.product", indices=indices, product=right)
    if isinstance(right, m.Product) and right.kind == "elementwise" and not body.has(SumOver):
        return language.say("matrix.elementwise")
    return language.say("matrix.form")
