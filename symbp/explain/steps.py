"""Steps of a derivation as parts of the document: their rule, their reason, what stood before and after.

At the level `full` each step stands alone. At `steps`, those of one rule that follow each other are told as one, and
what stood before is left out where it is what the line above ends with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sympy as sp

from symbp.derive.derivation import Step
from symbp.explain import mathematics as m
from symbp.explain.choices import Level
from symbp.explain.document import Derived, Part
from symbp.explain.naming import COST, OWN, Naming
from symbp.explain.notation import write
from symbp.explain.reasons import reason
from symbp.explain.words.language import Language
from symbp.formula.equation import Formula
from symbp.formula.expression import Partial


def step_parts(
    steps: Sequence[Step],
    numbers: Sequence[int],
    formula: Formula,
    level: Level,
    language: Language,
    naming: Naming = OWN,
) -> Iterator[Part]:
    """The steps with their numbers, as the level tells them; none at the level of results."""
    above: Step | None = None
    for run in _runs(list(zip(steps, numbers, strict=True)), level, naming):
        told = [step for step, _ in run if not _is_silent(step, naming)] or [run[0][0]]
        before = above if level == "steps" else None
        yield _part(told, (run[0][1], run[-1][1]), formula, language, naming, before)
        above = run[-1][0]


def _runs(numbered: list[tuple[Step, int]], level: Level, naming: Naming) -> list[list[tuple[Step, int]]]:
    """The steps that are told as one; what changes nothing on the page goes with the step before it."""
    if level == "summary":
        return []
    runs: list[list[tuple[Step, int]]] = []
    for step, number in numbered:
        before = runs[-1][-1][0] if runs else None
        alike = before is not None and (before.rule, before.target.tensor) == (step.rule, step.target.tensor)
        if runs and (_is_silent(step, naming) or (alike and level == "steps")):
            runs[-1].append((step, number))
        else:
            runs.append([(step, number)])
    return runs


def _is_silent(step: Step, naming: Naming) -> bool:
    """True for a step that changes nothing on the page: of the one example that is looked at, for one."""
    return bool(_seen(step, step.before, naming) == _seen(step, step.after, naming))


def _part(
    run: list[Step],
    numbers: tuple[int, int],
    formula: Formula,
    language: Language,
    naming: Naming,
    above: Step | None,
) -> Derived:
    """Steps of one rule as one part; `above` is the step that is shown just before them."""
    first, last = run[0], run[-1]
    left = write(last.target, naming)
    before, after = (
        _explicit(first.before, _side(first, first.before, naming), naming),
        _explicit(last.after, _side(last, last.after, naming), naming),
    )
    seen = above is not None and (above.after, above.target) == (first.before, first.target)
    lines: tuple[m.Line, ...] = (m.Line(left, after),)
    if before != left and not seen:
        lines = (m.Line(write(first.target, naming), before), m.Line(None, after))
    rule, then = language.text(f"{last.rule}.title"), language.text("list.rule")
    return Derived(numbers[1], rule, reason(run, formula, language, naming), lines, since=numbers[0], then=then)


def _side(step: Step, side: sp.Expr, naming: Naming) -> m.Math:
    return write(_seen(step, side, naming), naming)


def _seen(step: Step, side: sp.Expr, naming: Naming) -> sp.Basic:
    """One side of a step as it is on the page, as an expression."""
    return naming.layout.seen(naming.layout.scaled(step.target.tensor, side))


def _explicit(side: sp.Expr, written: m.Math, naming: Naming) -> m.Math:
    """A chain rule with the cost's own partial derivative marked: the other tensors in it are held fixed there."""
    through = sorted({partial.of.tensor for partial in side.atoms(Partial)} - {COST})
    if not through or not isinstance(written, m.Sum):
        return written
    fixed = tuple(naming.tensor(tensor) for tensor in through)
    terms = ((sign, m.Held(t, fixed) if _is_of_cost(t, naming) else t) for sign, t in written.terms)
    return m.Sum(tuple(terms))


def _is_of_cost(term: m.Math, naming: Naming) -> bool:
    return isinstance(term, m.Derivative) and isinstance(term.of, m.Name) and term.of.base == naming.cost.base
