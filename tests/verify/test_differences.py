"""Rung 3 of the ladder: the complex step where a formula is analytic, else central differences and their order."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sympy as sp
from formulas import FORMULAS, formula
from variants import Variation, cases, reverse, variations

from symbp.derive.derivation import FormulaDerivation
from symbp.derive.derive import derive_formula
from symbp.verify.differences import central_differences, complex_step, is_analytic

EXACT = 1e-13  # some 500 eps of what is added up
ANALYTIC = [v for v in variations() if is_analytic(v.formula)]
PIECEWISE = [v for v in variations() if not is_analytic(v.formula)]
GENERAL = {name: is_analytic(formula(name)) for name in FORMULAS}


def assert_converges(slope: object, order: float | None) -> None:
    assert order is not None
    assert order == float("inf") or abs(order - 2) < 0.01, slope


@pytest.mark.parametrize("variation", cases(ANALYTIC))
def test_complex_step(variation: Variation) -> None:
    slope = complex_step(
        variation.formula, reverse(variation.formula.name), scalars=variation.scalars, sizes=variation.sizes
    )
    assert slope.scale > 0
    assert slope.error <= EXACT


@pytest.mark.parametrize("variation", cases(PIECEWISE))
def test_central_differences_converge(variation: Variation) -> None:
    slope = central_differences(
        variation.formula, reverse(variation.formula.name), scalars=variation.scalars, sizes=variation.sizes
    )
    assert_converges(slope, slope.order)


@pytest.mark.parametrize("name", [n for n, analytic in GENERAL.items() if analytic])
def test_complex_step_of_general_formulas(name: str) -> None:
    slope = complex_step(formula(name), derive_formula(formula(name)), scalars=FORMULAS[name].cases[0].scalars)
    assert slope.error <= EXACT


@pytest.mark.parametrize("name", [n for n, analytic in GENERAL.items() if not analytic])
def test_central_differences_of_general_formulas(name: str) -> None:
    slope = central_differences(formula(name), derive_formula(formula(name)), scalars=FORMULAS[name].cases[0].scalars)
    assert_converges(slope, slope.order)


def test_both_kinds_are_tried() -> None:
    assert {v.entry.name for v in ANALYTIC} >= {"tanh", "gelu", "softmax", "dense", "mse", "cross_entropy"}
    assert {v.entry.name for v in PIECEWISE} >= {"relu", "elu", "softsign", "mae", "huber", "hinge", "l1"}


def _off(derivation: FormulaDerivation, share: sp.Rational) -> FormulaDerivation:
    (gradient,) = derivation.backward
    wrong = replace(gradient, equation=replace(gradient.equation, body=gradient.equation.body * (1 + share)))
    return replace(derivation, backward=(wrong,))


def test_a_gradient_that_is_nearly_right_is_seen() -> None:
    tanh = next(v for v in ANALYTIC if v.entry.name == "tanh")
    slope = complex_step(tanh.formula, _off(reverse("tanh"), sp.Rational(1, 10**11)))
    assert slope.error > EXACT
    for name in ("elu", "relu"):  # whose differences have an error, and have none
        row = next(v for v in PIECEWISE if v.entry.name == name)
        slope = central_differences(row.formula, _off(reverse(name), sp.Rational(1, 10**11)), scalars=row.scalars)
        assert slope.order is not None
        assert abs(slope.order) < 0.1, "the error stays where it is"
