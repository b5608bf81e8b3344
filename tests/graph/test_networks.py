"""Networks that are graphs: the generated module's gradients against JAX and PyTorch, which see definitions only."""

from __future__ import annotations

import pytest

from symbp.spec import parse_spec
from symbp.verify.check import check_network

pytest.importorskip("jax")
pytest.importorskip("torch")

NETWORKS = {
    "residual": """
input: 4
layers:
  - dense: {units: 5, activation: tanh, name: stem}
  - dense: {units: 5, activation: sigmoid}
  - dense: 5
  - add: [stem, dense_3]
  - dense: 3
""",
    "U-shaped": """
input: 6
layers:
  - dense: {units: 5, activation: tanh, name: outer}
  - dense: {units: 3, activation: tanh, name: inner}
  - dense: {units: 2, activation: tanh}
  - dense: {units: 3, activation: tanh}
  - concatenate: {inputs: [tanh_4, inner], name: joined}
  - dense: {units: 5, activation: tanh}
  - concatenate: [tanh_5, outer, joined]
  - dense: 2
""",
    "one tensor read twice by a block, and by others": """
input: 3
layers:
  - dense: {units: 4, activation: tanh, name: stem}
  - multiply: [stem, stem]
  - concatenate: [multiply_1, stem, multiply_1]
  - subtract: [concatenate_1, concatenate_1]
  - add: [subtract_1, concatenate_1]
  - dense: 2
""",
    "the input read by two layers": """
input: 3
layers:
  - dense: {units: 4, name: one}
  - dense: {units: 4, name: other, input: x, activation: tanh}
  - maximum: [one, other]
  - average: [maximum_1, one, other]
  - concatenate: [average_1, x]
  - dense: 2
""",
}


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_agree_with_both_oracles(name: str) -> None:
    report = check_network(parse_spec(f"name: graph\nloss: mean_squared_error\n{NETWORKS[name]}"), seed=3)
    assert {reading.oracle for reading in report.readings} == {"JAX", "PyTorch"}
    assert report.passed, [reading for reading in report.readings if not reading.passed]
