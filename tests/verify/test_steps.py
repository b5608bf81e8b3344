"""Every step of every derivation of the catalog on numbers with fifty digits; a step that is wrong is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from targets.numpy.small_networks import SPECS
from variants import Variation, cases, forward, joint, reverse, variations

from symbp.derive.derivation import FormulaDerivation, Step
from symbp.derive.network import derive_network
from symbp.formula.expression import Element, SumOver, element, index
from symbp.forward.build import build_network
from symbp.verify.modes import compare_modes
from symbp.verify.steps import check_derivation, check_formula, check_steps, worst

MODES = 1e-13  # of what is added up: some 500 eps
OWN = {v.entry.name: v.formula.name for v in reversed(variations())}  # of each row, the first variant


EVERY = cases(variations())
FIRST_AT_ONCE = [  # variants of a row that are not its first are left to the slow tests
    pytest.param(v, id=str(v), marks=[] if OWN[v.entry.name] == v.formula.name else [pytest.mark.slow])
    for v in variations()
]


@pytest.mark.parametrize("variation", EVERY)
def test_steps_of_reverse_mode(variation: Variation) -> None:
    readings = check_formula(reverse(variation.formula.name), scalars=variation.scalars, sizes=variation.sizes)
    assert len(readings) > len(variation.formula.equations)
    assert worst(readings).passed, worst(readings)


@pytest.mark.parametrize("variation", FIRST_AT_ONCE)
def test_steps_of_forward_mode(variation: Variation) -> None:
    readings = check_formula(forward(variation.formula.name), scalars=variation.scalars, sizes=variation.sizes)
    assert worst(readings).passed, worst(readings)


@pytest.mark.parametrize("variation", EVERY)
def test_forward_and_reverse_mode_agree(variation: Variation) -> None:
    """Rung 2 of the ladder: <J t, v> = <t, transpose(J) v>."""
    name = variation.formula.name
    readings = [
        compare_modes(reverse(name), forward(name), scalars=variation.scalars, sizes=variation.sizes, seed=s)
        for s in range(3)
    ]
    assert max(r.scale for r in readings) > 1e-3, "nothing was compared"
    assert max(r.error for r in readings) <= MODES


@pytest.mark.parametrize("variation", [v for v in variations() if v.entry.link], ids=str)
def test_steps_through_the_seam(variation: Variation) -> None:
    found, joined = joint(variation)
    readings = check_formula(found, scalars=variation.scalars, sizes=variation.sizes)
    assert worst(readings).passed, worst(readings)
    across = check_steps(joined.steps, found.formula)
    assert len(across) >= 2
    assert worst(across).passed, worst(across)


@pytest.mark.parametrize("name", ["everything", "binary"])
def test_a_network_is_checked_formula_by_formula(name: str) -> None:
    derivation = derive_network(build_network(SPECS[name]))
    readings = check_derivation(derivation)
    assert set(derivation.formulas) <= set(readings)
    assert any(key.startswith("seam") for key in readings)
    assert all(worst(each).passed for each in readings.values())


def _sign(after: sp.Expr) -> sp.Expr:
    return -after


def _digits(after: sp.Expr) -> sp.Expr:
    return after * (1 + sp.Rational(1, 10**30))


def _square(after: sp.Expr) -> sp.Expr:
    return after.replace(lambda n: isinstance(n, Element) and n.tensor == "a", lambda n: n**2)


def _shift(after: sp.Expr) -> sp.Expr:
    j = index("j")
    return after.replace(
        lambda n: isinstance(n, Element) and n.indices[-1:] == (j,), lambda n: element(n.tensor, *n.indices[:-1], j + 1)
    )


def _twice(after: sp.Expr) -> sp.Expr:
    first = next((n for n in sp.preorder_traversal(after) if isinstance(n, SumOver)), None)
    return after.xreplace({first: 2 * first}) if first else after


CORRUPTIONS: dict[str, Callable[[sp.Expr], sp.Expr]] = {
    "another sign": _sign,
    "wrong from the thirtieth digit on": _digits,
    "a saved value squared": _square,
    "one place further": _shift,
    "a sum counted twice": _twice,
}


def _with_step(derivation: FormulaDerivation, position: int, step: Step) -> FormulaDerivation:
    """The derivation with one step of its last gradient replaced; what follows goes on from there."""
    last = derivation.backward[-1]
    steps = list(last.steps)
    steps[position] = step
    if position + 1 < len(steps):
        steps[position + 1] = replace(steps[position + 1], before=step.after)
    wrong = replace(last, steps=tuple(steps), equation=replace(last.equation, body=steps[-1].after))
    return replace(derivation, backward=(*derivation.backward[:-1], wrong))


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_a_wrong_step_is_seen_and_named(corruption: str) -> None:
    derivation = reverse("softmax")
    steps = derivation.backward[-1].steps
    assert {"chain rule", "differentiate", "contract delta", "saved value"} <= {s.rule for s in steps}
    for position, step in enumerate(steps):
        after = CORRUPTIONS[corruption](step.after)
        if after == step.after or (
            step.rule == "chain rule" and corruption in ("a saved value squared", "one place further")
        ):
            continue  # there is nothing of the kind, or a derivative of what is no element
        wrong = _with_step(derivation, position, replace(step, after=after))
        failed = [r for r in check_formula(wrong) if not r.passed]
        if corruption == "wrong from the thirtieth digit on" and step.rule in ("chain rule", "differentiate"):
            continue  # against a difference quotient, which has some thirty digits
        assert failed, (step.rule, corruption)
        assert failed[0].rule == step.rule
        assert {r.tensor for r in failed} == {"d_z"}


def test_a_derivation_must_be_a_chain() -> None:
    derivation = reverse("sigmoid")
    (gradient,) = derivation.backward
    gap = replace(gradient, steps=(*gradient.steps[:1], *gradient.steps[2:]))
    other = replace(gradient, equation=replace(gradient.equation, body=2 * gradient.equation.body))
    for wrong, reason in ((gap, "last step ended"), (other, "last step ended")):
        readings = check_formula(replace(derivation, backward=(wrong,)))
        assert [r for r in readings if not r.passed and reason in r.detail]
        assert not worst(readings).passed


def test_a_wrong_stable_form_is_seen() -> None:
    derivation = reverse("softplus")
    (step,) = derivation.forward_steps
    wrong = tuple(replace(e, body=e.body + sp.Rational(1, 10**39)) for e in derivation.forward)
    assert [r.rule for r in check_formula(replace(derivation, forward=wrong)) if not r.passed][:1] == ["result"]
    bent = replace(derivation, forward_steps=(replace(step, after=step.after + sp.Rational(1, 10**39)),))
    assert [r.rule for r in check_formula(bent) if not r.passed] == ["stable form"]


def test_not_a_number_fails() -> None:
    derivation = reverse("sigmoid")
    (gradient,) = derivation.backward
    nan = replace(gradient.steps[-1], after=gradient.steps[-1].after * sp.nan)
    readings = check_formula(_with_step(derivation, len(gradient.steps) - 1, nan))
    assert any(np.isnan(r.error) and not r.passed for r in readings)
