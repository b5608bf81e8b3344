"""Every activation at its defaults and every loss in a generated module of its own: gradients, kinks, extremes."""

from __future__ import annotations

from typing import Any

import activations
import losses
import numpy as np
import pytest
from derived import close
from references import ACTIVATIONS, Case
from references_losses import LOSSES

VALUE = 1e-12  # relative, float64: a few hundred roundings
GRADIENT = 1e-9
ROUNDING = 2e-14  # absolute: some 100 eps, where a value of about 1 cancels


def _cotangent(shape: tuple[int, ...]) -> Any:
    return np.random.default_rng(1).normal(size=shape)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation(name: str) -> None:
    case = ACTIVATIONS[name].cases[0]
    z = activations.sample(name, case, (7, 6))
    value, expected = activations.by_jax(name, case, z, _cotangent)
    found, gradients = activations.by_module(name, case, z, _cotangent)
    close(found, value, VALUE, ROUNDING)
    assert set(gradients) == set(expected)
    for tensor, gradient in expected.items():
        close(gradients[tensor], gradient, GRADIENT, ROUNDING)


@pytest.mark.parametrize("name", [n for n, r in ACTIVATIONS.items() if r.kinks])
def test_activation_on_its_kinks(name: str) -> None:
    points, slopes = (np.array([column]) for column in zip(*ACTIVATIONS[name].kinks, strict=True))
    close(activations.by_module(name, ACTIVATIONS[name].cases[0], points, np.ones)[1]["d_z"], slopes, VALUE)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_far_out(name: str, dtype: type) -> None:
    value, gradients = activations.by_module(name, ACTIVATIONS[name].cases[0], activations.far(name), np.ones, dtype)
    assert np.isfinite(value).all()
    assert all(np.isfinite(gradient).all() for gradient in gradients.values())


@pytest.mark.parametrize(
    ("name", "case"),
    [pytest.param(n, c, id=f"{n}-{number}") for n, r in LOSSES.items() for number, c in enumerate(r.cases)],
)
def test_loss(name: str, case: Case) -> None:
    given = losses.drawn(name, {**case, "reduction": "mean"})
    cost, expected = losses.by_jax(given)
    found, gradient = losses.by_module(given)
    close(found, cost, VALUE, ROUNDING)
    close(gradient, expected, GRADIENT, ROUNDING)


@pytest.mark.parametrize("name", [n for n, r in LOSSES.items() if r.kinks])
def test_loss_on_its_kinks(name: str) -> None:
    given, expected = losses.on_kinks(name)
    close(losses.by_module(given)[1], expected, VALUE)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", [n for n, r in LOSSES.items() if r.extremes])
def test_loss_far_out(name: str, dtype: type) -> None:
    for given in losses.far(name):
        cost, gradient = losses.by_module(given, dtype)
        assert np.isfinite(cost)
        assert np.isfinite(gradient).all()
