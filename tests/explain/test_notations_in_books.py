"""What a book or a course derives by hand comes out by itself, and in its own form."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from statements import Form, shown, stated

from symbp.explain.choices import Choices
from symbp.explain.outline import explain
from symbp.pipeline import derive
from symbp.spec import parse_spec

SIGMOID = {"activation": "sigmoid"}
QUADRATIC = "C = mean[n](sum[j]((a[n,j] - y[n,j])**2) / 2)"  # Nielsen, eq. 26, averaged as in eq. 6
LOGISTIC = "C = mean[n](sum[j](-(y[n,j] * log(a[n,j]) + (1 - y[n,j]) * log(1 - a[n,j]))))"  # Ng, week 2
SPECS: dict[str, dict[str, Any]] = {
    "quadratic": {
        "layers": [{"dense": {"units": 5, **SIGMOID}}, {"dense": {"units": 3, **SIGMOID}}],
        "define": {"losses": {"own": {"formula": QUADRATIC}}},
    },
    "logistic": {
        "layers": [{"dense": {"units": 4, "activation": "tanh"}}, {"dense": {"units": 1, **SIGMOID}}],
        "define": {"losses": {"own": {"formula": LOGISTIC}}},
    },
}

EQUATIONS = {
    ("nielsen", "quadratic"): {
        "eq. 25": "z_2 = w_2 @ a_1 + b_2",
        "BP1": "delta_2 = nabla(a_2) * slope(z_2)",
        "eq. 30": "nabla(a_2) = a_2 - y",
        "BP2": "delta_1 = (w_2.T @ delta_2) * slope(z_1)",
        "BP3": "grad(b_2) = delta_2",
        "BP3 by element": "grad(b_2[j]) = delta_2[j]",
        "BP4": "grad(w_2[j, k]) = a_1[k] * delta_2[j]",
        "BP4 in the first layer": "grad(w_1[j, k]) = x[k] * delta_1[j]",
        "sigmoid": "slope(z_2) = a_2 * (1 - a_2)",
    },
    ("article", "quadratic"): {
        "weighted input": "z_2 = W_2.T @ a_1 + b_2",
        "error of the output": "delta_2 = grad(a_2) * slope(z_2)",
        "recursion": "delta_1 = (W_2 @ delta_2) * slope(z_1)",
        "weights": "grad(W_2) = a_1 @ delta_2.T",
        "biases": "grad(b_2) = delta_2",
    },
    ("ng", "logistic"): {
        "forward": "Z_2 = W_2 @ A_1 + b_2",
        "dZ2": "dZ_2 = A_2 - Y",
        "dW2": "dW_2 = (dZ_2 @ A_1.T) / m",
        "db2": "db_2 = total(dZ_2) / m",
        "dZ1": "dZ_1 = (W_2.T @ dZ_2) * slope(Z_1)",
        "dW1": "dW_1 = (dZ_1 @ X.T) / m",
        "db1": "db_1 = total(dZ_1) / m",
        "tanh": "slope(Z_1) = 1 - A_1 * A_1",
    },
    ("ng", "quadratic"): {"dZ": "dZ_2 = dA_2 * slope(Z_2)", "dA": "dA_2 = A_2 - Y"},
}
WRONG = {
    ("nielsen", "quadratic"): ("delta_1 = (w_2 @ delta_2) * slope(z_1)", "grad(w_2[j, k]) = a_1[j] * delta_2[k]"),
    ("article", "quadratic"): ("delta_1 = (W_2.T @ delta_2) * slope(z_1)", "grad(W_2) = delta_2 @ a_1.T"),
    ("ng", "logistic"): ("dW_2 = dZ_2 @ A_1.T", "dZ_2 = (A_2 - Y) / m"),
}


@cache
def equations(notation: str, network: str) -> set[Form]:
    spec = parse_spec(json.dumps({"name": "small", "input": 4, "loss": "own", **SPECS[network]}))
    return shown(explain(derive(spec), Choices(notation=notation)))


@pytest.mark.parametrize(
    ("notation", "network", "name"), [(*place, name) for place, known in EQUATIONS.items() for name in known]
)
def test_the_equation_comes_out_by_itself(notation: str, network: str, name: str) -> None:
    assert stated(EQUATIONS[notation, network][name]) in equations(notation, network)


@pytest.mark.parametrize(("place", "text"), [(place, text) for place, texts in WRONG.items() for text in texts])
def test_an_equation_of_another_notation_does_not(place: tuple[str, str], text: str) -> None:
    assert stated(text) not in equations(*place)


def test_equations_are_compared_as_mathematics() -> None:
    assert stated("d = (w.T @ e) * a * b") == stated("d = b * ((w.T @ e) * a)")
    assert stated("g[j, k] = a[k] * b[j]") == stated("g[p, q] = b[p] * a[q]") != stated("g[j, k] = a[j] * b[k]")
    assert stated("z = w @ a") != stated("z = a @ w")
