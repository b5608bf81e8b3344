"""Networks that are graphs: the generated module's gradients against JAX and PyTorch, which see definitions only."""

from __future__ import annotations

import re

import pytest
from graphs import NETWORKS, WINDOWED, WITH_LOSSES

from symbp.forward.build import build_network
from symbp.pipeline import generate, load_module
from symbp.spec import parse_spec
from symbp.spec.model import SpecError
from symbp.verify.check import check_network

pytest.importorskip("jax")
pytest.importorskip("torch")


@pytest.mark.parametrize("name", [*NETWORKS, *WINDOWED])
def test_gradients_agree_with_both_oracles(name: str) -> None:
    report = check_network(parse_spec(f"name: graph\nloss: mean_squared_error\n{(NETWORKS | WINDOWED)[name]}"), seed=3)
    assert {reading.oracle for reading in report.readings} == {"JAX", "PyTorch"}
    assert report.passed, [reading for reading in report.readings if not reading.passed]


@pytest.mark.parametrize("name", WITH_LOSSES)
def test_several_losses_add_up(name: str) -> None:
    report = check_network(parse_spec(f"name: graph\n{WITH_LOSSES[name]}"), seed=3)
    assert {reading.oracle for reading in report.readings} == {"JAX", "PyTorch"}
    assert report.passed, [reading for reading in report.readings if not reading.passed]


def stopped(formula: str) -> str:
    return f"""
name: stopped
input: {{x: 3, s: 3}}
define:
  layers:
    held: {{formula: "{formula}", inputs: [x, s], parameters: {{b: {{axes: [j], initializer: ones}}}}}}
layers:
  - dense: {{units: 3, name: one, input: s}}
  - held: [x, one]
loss: mse
"""


def test_what_only_stops_let_through_has_no_gradient() -> None:
    text = stopped("y[n,j] = stop(tanh(x[n,j])) * b[j] + s[n,j] * stop(x[n,j])")
    network = build_network(parse_spec(text))
    assert network.differentiable_inputs == ("s",)
    module = load_module(generate(parse_spec(text), dtype="float64"))
    assert max(reading.error for reading in module.check().values()) < module.TOLERANCE


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("y[n,j] = x[n,j] * b[j] + stop(s[n,j])", "no loss depends on layer `one`, but through `stop(...)`"),
        ("y[n,j] = x[n,j] + stop(b[j]) * s[n,j]", "no loss depends on layer `held_1`, but through `stop(...)`"),
    ],
)
def test_parameters_that_only_stops_let_through_are_told(formula: str, message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)):
        build_network(parse_spec(stopped(formula)))
