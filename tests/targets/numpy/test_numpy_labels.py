"""Labels in a generated module: of every type of integers; rows added at them are what `np.add.at` adds."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from formulas import FORMULAS
from modules import PROJECTION, module_of
from references import pulled

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


TOKENS = {  # formulas that sum over more than the labels, and the axes of their parameters
    "tokens of a window": {"E": "kd", "W": "tdj"},
    "tokens through several matrices": {"E": "kd", "W": "qdj"},
    "tokens beside each other": {"E": "kd"},
    "tokens beside the first": {"E": "kd"},
}


@pytest.mark.parametrize("blas", ["numpy", "scipy"])
@pytest.mark.parametrize("name", TOKENS)
def test_sums_over_more_than_the_labels(name: str, blas: str) -> None:
    known, axes = FORMULAS[name], TOKENS[name]
    for case in known.cases:
        n, *shape = case.shapes["tok"]
        row = {
            "formula": known.text,
            "inputs": ["tok"],
            "integers": ["tok"],
            "parameters": {w: {"axes": list(axes[w]), "initializer": "normal"} for w in axes},
            "sizes": {a: e for w in axes for a, e in zip(axes[w], case.shapes[w], strict=True) if a != "t"},
        }
        module = module_of(
            blas=blas,
            input={"shape": shape, "kind": "integer", "classes": case.integers["tok"]},
            layers=["tokens"],
            loss=PROJECTION["loss"],
            define={**PROJECTION["define"], "layers": {"tokens": row}},
        )
        draw = np.random.default_rng(0)
        tok, params = draw.integers(0, case.integers["tok"], (n, *shape)), module.init(0)
        reference = partial(_of_tokens, name, tok)
        value, y, expected = pulled(reference, {w: params[f"tokens_1.{w}"] for w in axes}, draw.standard_normal)
        np.testing.assert_allclose(module.forward(params, tok), value, rtol=1e-12, atol=1e-13)
        _, gradients = module.loss_and_gradients(params, tok, y)
        for w, gradient in expected.items():
            np.testing.assert_allclose(gradients[f"tokens_1.{w}"], gradient, rtol=1e-10, atol=1e-12)


def _of_tokens(name: str, tok: np.ndarray, params: dict[str, Any]) -> Any:
    return FORMULAS[name].reference(tok=tok, **params)
