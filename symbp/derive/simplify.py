"""From a derivative as calculus gives it to the equation that is evaluated, each step recorded.

contract deltas  ->  factor out  ->  collect  ->  saved values  ->  stable form

Cotangents and tangents alike end here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import sympy as sp

from symbp.derive.algebra import larger, tidy
from symbp.derive.deltas import Term, contract_once, from_terms, terms_in, to_terms
from symbp.derive.derivation import DerivationError, Rule, Step
from symbp.derive.saved import Spelling, apart, eliminate
from symbp.derive.signs import Signs
from symbp.derive.stable import Shifts, stabilize
from symbp.formula.equation import Equation, Formula
from symbp.formula.expression import Element, Flat
from symbp.formula.indices import Names, bound_indices, canonical

Sizes = dict[sp.Symbol, sp.Expr]
Rewrite = Callable[[Equation, sp.Expr, Spelling], sp.Expr]
LARGEST = 4_000  # nodes of a derivative as it is taken; the catalog's have some hundred
MOST_TERMS = 500


class Record:
    """The steps that lead to one left side, noted as they are taken; `sizes` learns every index on the way."""

    def __init__(self, target: Element, sizes: Sizes) -> None:
        self.target = target
        self.sizes = sizes
        self.steps: list[Step] = []

    def step(self, rule: Rule, before: sp.Expr, after: sp.Expr, detail: str = "") -> sp.Expr:
        """Note a step, if it changed anything, and give what it led to."""
        if before != after:
            self.steps.append(Step(rule, self.target, before, after, self.sizes, detail))
        return after


class Simplifier:
    """Simplifies derivatives of one formula. Shifts found on the way are gathered in `shifts`.

    `prefix` is what names of derivatives start with: the axes of `d_z` are those of `z`. `saved` says whether
    derivatives are written in values that the formula computed.
    """

    def __init__(self, formula: Formula, shifts: Shifts, prefix: str, saved: bool = True) -> None:
        self.formula = formula
        self.shifts = shifts
        self.shift_sizes: dict[sp.Expr, Sizes] = {}
        self.prefix = prefix
        self.saved = saved
        self.signs = Signs(formula.equations)

    def equation(self, expression: sp.Expr, record: Record) -> Equation:
        """The left side of the record with the simplest form found on the right.

        DerivationError where the derivative is too large to be looked at.
        """
        if larger(expression, LARGEST) or terms_in(expression) > MOST_TERMS:
            raise DerivationError(
                f"the derivative `{record.target.tensor}` has more than {LARGEST} parts, or {MOST_TERMS} terms with "
                "deltas; give parts of the formula names of their own, as in `u = ...; v = ...`",
                self.formula.name,
            )
        expression = self.contracted(expression, record)
        respelt = self.canonical(expression, record.target, record.sizes)
        if record.steps and record.steps[-1].after == expression:
            record.steps[-1] = replace(record.steps[-1], after=respelt)
        collected = self.canonical(tidy(respelt), record.target, record.sizes)
        expression = record.step("collect", respelt, collected)
        for equation in self.formula.equations:
            expression = record.step("factor out", expression, self.with_saved(equation, expression, record, apart))
            if self.saved:
                better = self.with_saved(equation, expression, record, eliminate)
                if better != expression:
                    expression = record.step("saved value", expression, better, str(equation))
        stable, applied = self.stable(expression, record.sizes)
        expression = record.step("stable form", expression, stable, "; ".join(applied))
        held = {*expression.free_symbols, *record.target.free_symbols, *bound_indices(expression)}
        return Equation(record.target, expression, {s: v for s, v in record.sizes.items() if s in held})

    def stable(self, expression: sp.Expr, sizes: Sizes) -> tuple[sp.Expr, tuple[str, ...]]:
        """The stable form, and the names of its rules; a shift that is new has the sizes of its indices here."""
        stable, applied = stabilize(expression, self.shifts)
        for maximum in self.shifts.equations:
            held = {*maximum.free_symbols, *bound_indices(maximum)}
            self.shift_sizes.setdefault(maximum, {s: sizes[s] for s in held if s in sizes})
        return stable, applied

    def contracted(self, expression: sp.Expr, record: Record) -> sp.Expr:
        """The expression after the delta algebra; the record's left side moves where a merged axis is split."""
        terms, made = to_terms(expression), dict[Term, sp.Expr]()
        spread = from_terms(terms, record.sizes, made)
        while True:
            done = contract_once(terms, indices_of(record.target), self.axis_size, record.sizes)
            if done is None:
                return record.step("factor out", expression, spread)
            terms = done.terms
            record.target = record.target.xreplace(done.moved)
            spread = from_terms(terms, record.sizes, made)
            rule: Rule = "move to the left" if done.moved else "contract delta"
            expression = record.step(rule, expression, spread, done.detail)

    def with_saved(self, equation: Equation, expression: sp.Expr, record: Record, rewrite: Rewrite) -> sp.Expr:
        """The expression as an equation lets it be rewritten, where that is cheaper; both are spelt alike meanwhile."""
        equation = _apart(equation, record.sizes)
        free = tuple(dict.fromkeys((*indices_of(record.target), *indices_of(equation.target))))
        body, used = canonical(equation.body, free, equation.sizes, self.formula.letters)
        known = {**record.sizes, **used}

        def spell(e: sp.Expr) -> sp.Expr:
            spelt, found = canonical(e, free, known, self.formula.letters)
            known.update(found)
            return spelt

        spelling = Spelling(spell, known, self.axis_size, self.signs)
        better = rewrite(replace(equation, body=body, sizes=known), expression, spelling)
        if better == expression:
            return expression
        record.sizes.update({s: extent for s, extent in known.items() if s not in record.sizes})
        return self.canonical(better, record.target, record.sizes)

    def axis_size(self, tensor: str, axis: int) -> sp.Expr:
        """The size of one axis of a tensor or of a derivative, which has the axes of its tensor."""
        tensors = self.formula.tensors
        return tensors[tensor if tensor in tensors else tensor.removeprefix(self.prefix)].axes[axis]

    def canonical(self, expression: sp.Expr, target: Element, sizes: Sizes) -> sp.Expr:
        """The expression with bound indices spelt as the formula spells them."""
        spelt, used = canonical(expression, indices_of(target), sizes, self.formula.letters)
        sizes.update(used)
        return spelt


def _apart(equation: Equation, sizes: Sizes) -> Equation:
    """The equation with other letters for those of its left side that run over another size elsewhere."""
    names = Names(s.name for s in (*sizes, *equation.sizes))
    renaming = {
        s: names.fresh(s.name) for s in indices_of(equation.target) if s in sizes and sizes[s] != equation.sizes[s]
    }
    return replace(
        equation,
        target=equation.target.xreplace(renaming),
        body=equation.body.xreplace(renaming),
        sizes={renaming.get(s, s): extent for s, extent in equation.sizes.items()},
    )


def indices_of(target: Element) -> tuple[sp.Symbol, ...]:
    """The free indices of a left side."""
    return tuple(s for i in target.indices for s in (i.args if isinstance(i, Flat) else (i,)))
