"""Layers against NumPy, PyTorch and JAX: values, gradients of inputs and parameters, shapes."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from derived import close, derive_row, row
from references import torch
from references_joining import JOINING

from symbp.catalog import names

RNG = np.random.default_rng(4)
VALUE, GRADIENT = 1e-12, 1e-9
SHAPES = [(5, 4), (2, 3, 4)]
CASES: dict[str, Any] = {  # options, parameters, the layer in JAX
    "dense": [
        ({"units": 3}, {"W": (4, 3), "b": (3,)}, lambda x, W, b: x @ W + b),  # noqa: N803
        ({"units": 3, "bias": False}, {"W": (4, 3)}, lambda x, W: x @ W),  # noqa: N803
    ],
    "flatten": [({}, {}, lambda x: x.reshape(x.shape[0], -1))],
    "reshape": [({"shape": (2, -1)}, {}, lambda x: x.reshape(x.shape[0], 2, -1))],
}


def test_every_layer_and_variant_has_a_case() -> None:
    assert set(CASES) | set(JOINING) == set(names("layer"))
    for name, cases in CASES.items():
        entry = row("layer", name)
        assert {entry.variant({}), *entry.variants} == {entry.variant(options) for options, _, _ in cases} | {
            entry.variant({})
        }


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("name", "number"), [(name, i) for name, cases in CASES.items() for i in range(len(cases))])
def test_value_and_gradients(name: str, number: int, shape: tuple[int, ...]) -> None:
    options, parameters, function = CASES[name][number]
    if name == "reshape":
        options = {"shape": (2, int(np.prod(shape[1:])) // 2)}
    given = {"x": RNG.normal(size=shape), **{k: RNG.normal(size=s) for k, s in parameters.items()}}
    value, pull = jax.vjp(lambda arrays: function(**arrays), {k: jnp.asarray(v) for k, v in given.items()})
    cotangent = RNG.normal(size=value.shape)
    entry = row("layer", name)
    derived = derive_row(entry, options, shape, len(value.shape))
    if name == "reshape":
        derived = derived.with_output(value.shape)
    values = derived.forward(given)
    close(values[entry.result], value, VALUE)
    found = derived.backward({**values, f"d_{entry.result}": cotangent})
    for tensor, gradient in pull(jnp.asarray(cotangent))[0].items():
        close(found[f"d_{tensor}"], gradient, GRADIENT)


@pytest.mark.skipif(torch is None, reason="PyTorch is not installed")
def test_dense_is_the_transpose_of_linear() -> None:
    x, w, b = RNG.normal(size=(5, 4)), RNG.normal(size=(4, 3)), RNG.normal(size=3)
    derived = derive_row(row("layer", "Linear"), {"units": 3}, x.shape)
    expected = torch.nn.functional.linear(torch.tensor(x), torch.tensor(w.T), torch.tensor(b))
    close(derived.forward({"x": x, "W": w, "b": b})["z"], expected.numpy(), VALUE)
