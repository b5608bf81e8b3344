"""Which rules of calculus an equation needs, read off the equation."""

from __future__ import annotations

import pytest
import sympy as sp

from symbp.explain.techniques import techniques
from symbp.formula.equation import Equation
from symbp.formula.expression import MaxOver, SumOver, element, index, size

n, k = index("n"), index("k")
X, W, AT = element("x", n), element("w", k), element("x", k)
U = sp.Symbol("u", positive=True)


def of(body: sp.Expr) -> Equation:
    return Equation(element("y", n), body, {n: size("N"), k: size("K")})


@pytest.mark.parametrize(
    ("body", "rules"),
    [
        (3 * X + 1, set()),
        (SumOver(AT * W, k), set()),
        (X * sp.tanh(X), {"product"}),
        (X / (1 + sp.exp(X)), {"quotient"}),
        (W / (1 + sp.exp(W)), set()),
        (sp.Piecewise((X, X > 0), (0, True)), {"branches"}),
        (MaxOver(AT, k), {"maximum"}),
    ],
)
def test_rules_are_those_that_the_tensor_asks_for(body: sp.Expr, rules: set[str]) -> None:
    found = techniques(of(body), "x")
    assert {rule for rule in ("product", "quotient", "branches", "maximum") if getattr(found, rule)} == rules
    assert found.none == (not rules and not found.functions)


@pytest.mark.parametrize(
    ("body", "function"), [(sp.exp(-X), sp.exp(U)), (1 / sp.sqrt(X + 1), U ** sp.Rational(-1, 2)), (X**2, U**2)]
)
def test_a_function_stands_beside_its_derivative(body: sp.Expr, function: sp.Expr) -> None:
    ((found, slope),) = techniques(of(body), "x").functions
    assert found == function
    at, step = 0.7, 1e-6
    change = (function.subs(U, at + step) - function.subs(U, at - step)) / (2 * step)
    assert float(slope.subs(U, at)) == pytest.approx(float(change), rel=1e-8)


def test_a_function_without_a_derivative_that_can_be_written_is_not_listed() -> None:
    assert techniques(of(sp.floor(X) * 2), "x").functions == ()
