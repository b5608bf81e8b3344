"""One step of a derivation as a part of the document: its title, its reason, what stood before and after."""

from __future__ import annotations

import re

import sympy as sp

from symbp.derive.derivation import Step
from symbp.explain import mathematics as m
from symbp.explain.document import Code, Derived, Inline
from symbp.explain.identity import read_identity
from symbp.explain.naming import COST, Naming
from symbp.explain.notation import write
from symbp.explain.words.language import Language
from symbp.formula.equation import Formula
from symbp.formula.expression import Partial

_INDEX_EQUATION = re.compile(r"([A-Za-z]'*) = ([A-Za-z]'*)(?: ([+-]) (\d+))?")  # t' = t + 1
SHORT = 30  # nodes of an equation that fits into a sentence


def step_part(step: Step, number: int, formula: Formula, language: Language) -> Derived:
    """The step as a part of the document, with its reason and both of its sides."""
    naming = Naming()
    left = write(step.target, naming)
    before, after = (_explicit(side, write(side, naming)) for side in (step.before, step.after))
    lines = (m.Line(left, after),) if before == left else (m.Line(left, before), m.Line(None, after))
    detail = _detail(step, formula, language)
    reason = language.say(f"{step.rule}.of", detail=detail) if detail else language.say(f"{step.rule}.bare")
    return Derived(number, language.text(f"{step.rule}.title"), reason, lines)


def _detail(step: Step, formula: Formula, language: Language) -> Inline:
    """What a rule was applied to: tensors, an equation of the formula, of two indices, or an identity."""
    if step.rule == "chain rule" and not step.detail:
        tensors = sorted({partial.of.tensor for partial in step.after.atoms(Partial)})
        return language.listed(map(Naming().tensor, tensors))
    for equation in formula.equations:
        if step.detail and step.detail in (str(equation), equation.text):
            left, right = write(equation.target, Naming()), write(equation.body, Naming())
            short = sum(1 for _ in sp.preorder_traversal(equation.body)) <= SHORT
            return (m.Relation((left, right), ("=",)) if short else left,)
    pieces: list[str | m.Math | Code] = []
    for part in step.detail.split("; ") if step.detail else ():
        between = _INDEX_EQUATION.fullmatch(part)
        equal = _index_equation(between) if between else read_identity(part)
        pieces.extend(["; " if pieces else "", equal or Code(part)])
    return tuple(pieces)


def _index_equation(found: re.Match[str]) -> m.Math:
    """Two indices that are equal, or some positions apart."""
    left, right, sign, away = found.groups()
    shifted = m.Sum(((1, m.Name(right)), (1 if sign == "+" else -1, m.Number(away)))) if sign else m.Name(right)
    return m.Relation((m.Name(left), shifted), ("=",))


def _explicit(side: sp.Expr, written: m.Math) -> m.Math:
    """A chain rule with the cost's own partial derivative marked: the other tensors in it are held fixed there."""
    through = sorted({partial.of.tensor for partial in side.atoms(Partial)} - {COST})
    if not through or not isinstance(written, m.Sum):
        return written
    fixed = tuple(Naming().tensor(tensor) for tensor in through)
    return m.Sum(tuple((sign, m.Held(term, fixed) if _is_of_cost(term) else term) for sign, term in written.terms))


def _is_of_cost(term: m.Math) -> bool:
    return isinstance(term, m.Derivative) and term.of == m.Name(COST)
