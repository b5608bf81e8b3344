"""Rows added at labels in a generated module: as `np.add.at` adds them, for every type of integers."""

from __future__ import annotations

import numpy as np
import pytest
from modules import module_of


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.int64, np.uint64])
@pytest.mark.parametrize("n", [1, 7])
def test_rows_are_added_at_labels_of_any_integers(dtype: type, n: int) -> None:
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
