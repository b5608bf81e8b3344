"""Sigmoids in modules, in a step of a loop and elsewhere: right from end to end of a dtype, and without warnings."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import mpmath
import numpy as np
import pytest
from modules import module_of

FORMULAS = {  # where b is 0: of x and of -x
    "elsewhere": "y[n,i] = 1/(1 + exp(-x[n,i] - b[i]))",
    "elsewhere, falling": "y[n,i] = 1/(1 + exp(x[n,i] + b[i]))",
    "in a step": "y[n,i] = 1/(1 + exp(-x[n,i] - b[i]*y[n,i-1]))",
    "in a step, falling": "y[n,i] = 1/(1 + exp(x[n,i] + b[i]*y[n,i-1]))",
}
POINTS = np.concatenate([np.linspace(-87, 87, 697), [0.0, 1e-30, 88.7, 104.0, 700.0, 709.7, 746.0, 1e4, 1e30, np.inf]])
X = np.concatenate([POINTS, -POINTS])


def made(name: str, dtype: Any) -> tuple[ModuleType, Any]:
    """The module, and parameters that are 0."""
    define = {"layers": {"gate": {"formula": FORMULAS[name], "parameters": {"b": ["i"]}}}}
    m = module_of(input=[len(X)], layers=[{"gate": {}}], loss="mse", define=define)
    return m, m.Parameters(np.zeros(m.SIZE, dtype))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", FORMULAS)
def test_values(name: str, dtype: type[Any]) -> None:
    (m, params), x = made(name, dtype), X.astype(dtype)
    with np.errstate(all="raise", under="ignore"):
        found = m.forward(params, x[None])[0]
    sign = -1 if name.endswith("falling") else 1
    with mpmath.workdps(40):
        exact = np.array([mpmath.mpf(1) / (1 + mpmath.exp(-sign * mpmath.mpf(float(z)))) for z in x])
        error = np.array([float(abs(mpmath.mpf(float(a)) - e)) for a, e in zip(found, exact, strict=True)])
    limits = np.finfo(dtype)
    assert (error <= 4 * limits.eps * exact.astype(float) + limits.tiny).all(), x[error.argmax()]
    near = np.abs(x) < -np.log(float(limits.tiny))
    with np.errstate(all="raise"):  # nor does anything underflow where the value is a usual number
        m.forward(params, np.where(near, x, 0)[None])


@pytest.mark.parametrize("name", FORMULAS)
def test_what_is_no_number_stays_so(name: str) -> None:
    (m, params), x = made(name, np.float64), np.zeros((2, len(X)))
    x[0] = np.nan
    found = m.forward(params, x)
    assert np.isnan(found[0]).all()
    assert (found[1] == 0.5).all()
