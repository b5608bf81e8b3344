"""Quotients of whole numbers, rounded down: exact, though 49*(1/49) is below 1."""

from __future__ import annotations

import numpy as np
import pytest
from modules import module_of


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_places_fall_into_their_stretches(dtype: type) -> None:
    assert 49 * (1 / 49) < 1
    shelf = {"formula": "y[n,t] = x[n,t] * floor(t / k)", "options": {"k": 49}}
    module = module_of(
        input=[200], layers=[{"shelf": {}}, {"dense": 200}], loss="mse", define={"layers": {"shelf": shelf}}
    )
    params = module.init(0, dtype)
    params["dense_1.W"][...] = np.eye(200)
    params["dense_1.b"][...] = 0
    np.testing.assert_array_equal(module.forward(params, np.ones((1, 200), dtype))[0], np.arange(200) // 49)
