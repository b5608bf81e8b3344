"""Labels in a generated module: of every type of integers; rows added at them are what `np.add.at` adds."""

from __future__ import annotations

import numpy as np
import pytest
from modules import module_of

INTEGERS = (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64, ">i4", ">u8")


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("n", [1, 7])
def test_rows_are_added_at_labels_of_any_integers(dtype: str | type, n: int) -> None:
    words = {"shape": [3], "kind": "integer", "classes": 40}
    layers = [{"embedding": {"tokens": 40, "units": 24}}, {"dense": 2}]
    module = module_of(input=words, layers=layers, loss="mse")
    draw = np.random.default_rng(n)
    x = draw.integers(0, 40, (n, 6)).astype(dtype)[:, ::2]  # not contiguous; 39 * 24 is more than a byte holds
    x[0] = 39
    params, y = module.init(0, np.float64), draw.standard_normal((n, 3, 2))
    workspace = module.Workspace(n, np.float64)
    _, gradients = module.loss_and_gradients(params, x, y, workspace)
    expected = np.zeros((40, 24))
    np.add.at(expected, x, workspace.d_embedding_1_y)
    np.testing.assert_allclose(gradients["embedding_1.E"], expected, rtol=1e-12, atol=1e-15)
    assert np.abs(expected[39]).max() > 0


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("blas", ["numpy", "scipy"])
@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "cross_entropy", "nll"])
def test_labels_of_a_cost_are_any_integers(loss: str, blas: str, dtype: str | type) -> None:
    module = module_of(input=4, blas=blas, layers=[{"dense": {"units": 30, "activation": "softmax"}}], loss=loss)
    draw = np.random.default_rng(0)
    x, y, params = draw.standard_normal((7, 4)), draw.integers(0, 30, 7), module.init(0, np.float64)
    y[0] = 29
    cost, gradients = module.loss_and_gradients(params, x, y)
    found, same = module.loss_and_gradients(params, x, y.astype(dtype))
    assert found == cost
    np.testing.assert_array_equal(same.flat, gradients.flat)
