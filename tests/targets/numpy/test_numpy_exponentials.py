"""Logistic functions, in a step of a loop and elsewhere, and softplus: right all over a dtype, without warnings."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import mpmath
import numpy as np
import pytest
from modules import module_of

FORMULAS: dict[str, tuple[str, Callable[[Any], Any]]] = {  # and their values where b is 0
    "elsewhere": ("1/(1 + exp(-x[n,i] - b[i]))", lambda x: 1 / (1 + mpmath.exp(-x))),
    "elsewhere, falling": ("1/(1 + exp(x[n,i] + b[i]))", lambda x: 1 / (1 + mpmath.exp(x))),
    "in a step": ("1/(1 + exp(-x[n,i] - b[i]*y[n,i-1]))", lambda x: 1 / (1 + mpmath.exp(-x))),
    "in a step, falling": ("1/(1 + exp(x[n,i] + b[i]*y[n,i-1]))", lambda x: 1 / (1 + mpmath.exp(x))),
    "softplus": ("log(1 + exp(x[n,i] + b[i]))", lambda x: mpmath.log1p(mpmath.exp(-abs(x))) + max(x, 0)),
}
POINTS = np.concatenate([np.linspace(-87, 87, 697), [0.0, 1e-30, 88.7, 104.0, 700.0, 709.7, 746.0, 1e4, 1e30, np.inf]])
X = np.concatenate([POINTS, -POINTS])


def made(name: str, dtype: Any) -> tuple[ModuleType, Any]:
    """The module, and parameters that are 0."""
    define = {"layers": {"gate": {"formula": f"y[n,i] = {FORMULAS[name][0]}", "parameters": {"b": ["i"]}}}}
    m = module_of(input=[len(X)], layers=[{"gate": {}}], loss="mse", define=define)
    return m, m.Parameters(np.zeros(m.SIZE, dtype))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", FORMULAS)
def test_values(name: str, dtype: type[Any]) -> None:
    (m, params), x = made(name, dtype), X.astype(dtype)
    with np.errstate(all="raise", under="ignore"):
        found = m.forward(params, x[None])[0]
    with mpmath.workdps(40):
        exact = [FORMULAS[name][1](mpmath.mpf(float(z))) for z in x]
        error = [0.0 if a == e else float(abs(mpmath.mpf(float(a)) - e)) for a, e in zip(found, exact, strict=True)]
    limits = np.finfo(dtype)
    bounds = 4 * limits.eps * np.array(exact, float) + limits.tiny  # a few roundings, and what underflows
    assert (np.array(error) <= bounds).all(), x[np.argmax(error / bounds)]
    near = np.abs(x) < -np.log(float(limits.tiny))
    with np.errstate(all="raise"):  # nor does anything underflow where the value is a usual number
        m.forward(params, np.where(near, x, 0)[None])


@pytest.mark.parametrize("name", FORMULAS)
def test_what_is_no_number_stays_so(name: str) -> None:
    (m, params), x = made(name, np.float64), np.zeros((2, len(X)))
    x[0] = np.nan
    found = m.forward(params, x)
    assert np.isnan(found[0]).all()
    np.testing.assert_allclose(found[1], float(FORMULAS[name][1](mpmath.mpf(0))), rtol=1e-15)
