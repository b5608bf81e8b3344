"""Networks that are graphs: the generated module's gradients against JAX and PyTorch, which see definitions only."""

from __future__ import annotations

import pytest
from graphs import NETWORKS, WITH_LOSSES

from symbp.spec import parse_spec
from symbp.verify.check import check_network

pytest.importorskip("jax")
pytest.importorskip("torch")


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_agree_with_both_oracles(name: str) -> None:
    report = check_network(parse_spec(f"name: graph\nloss: mean_squared_error\n{NETWORKS[name]}"), seed=3)
    assert {reading.oracle for reading in report.readings} == {"JAX", "PyTorch"}
    assert report.passed, [reading for reading in report.readings if not reading.passed]


@pytest.mark.parametrize("name", WITH_LOSSES)
def test_several_losses_add_up(name: str) -> None:
    report = check_network(parse_spec(f"name: graph\n{WITH_LOSSES[name]}"), seed=3)
    assert {reading.oracle for reading in report.readings} == {"JAX", "PyTorch"}
    assert report.passed, [reading for reading in report.readings if not reading.passed]
