"""Every layer and option in a module of its own, against the same in JAX: values, gradients of input and parameters."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from derived import close, derive_row, row
from modules import module_of
from references import torch
from references_attention import ATTENTION
from references_batch import BATCH
from references_joining import AXES, JOINING
from references_layers import LAYERS, LayerCase
from references_noise import NOISE
from references_normalization import NORMALIZATION
from references_recurrent import RECURRENT
from references_windows import WINDOWED

from symbp.catalog import names

RNG = np.random.default_rng(4)
VALUE, GRADIENT = 1e-12, 1e-9
ROUNDING = 1e-14  # absolute: some 50 eps, where terms of about 1 cancel
CASES = [
    pytest.param(name, case, shape, id=f"{name}-{number}-{'x'.join(map(str, shape))}")
    for name, cases in LAYERS.items()
    for number, case in enumerate(cases)
    for shape in case.shapes
]


def test_every_layer_and_variant_has_a_case() -> None:
    tables = (LAYERS, JOINING, AXES, NORMALIZATION, RECURRENT, ATTENTION, NOISE, WINDOWED, BATCH)
    assert set().union(*tables) == set(names("layer"))
    assert sum(map(len, tables)) == len(names("layer"))
    for name, cases in LAYERS.items():
        entry = row("layer", name)
        given = {o.name: o.default for o in entry.options if o.default is not None}
        tried = {entry.variant({**given, **case.options}) for case in cases}
        assert set(entry.variants) <= tried, name


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize(("name", "case", "shape"), CASES)
def test_values_and_gradients(name: str, case: LayerCase, shape: tuple[int, ...], batch: int) -> None:
    layers = [{name: dict(case.options)}] if case.options else [name]
    if not row("layer", name).parameters:
        layers = ["prelu", *layers, "prelu"]  # a network has something to train, and layers stand between others
    module = module_of(input=list(shape), layers=layers, loss="mse")
    params = module.init(0, np.float64)
    rng = np.random.default_rng([batch, *shape])
    params.flat[:] = rng.normal(size=params.flat.shape)
    x = rng.normal(size=(batch, *shape))

    def function(x: Any, given: dict[str, Any]) -> Any:
        own = {k.partition(".")[2]: v for k, v in given.items() if k.startswith(f"{name}_1.")}
        if own:
            return case.jax(x=x, **own)
        value = case.jax(x=jnp.where(x > 0, x, given["prelu_1.alpha"] * x))
        return jnp.where(value > 0, value, given["prelu_2.alpha"] * value)

    value = module.forward(params, x).copy()
    given = {k: jnp.asarray(v) for k, v in params.items()}
    expected = jax.jit(function)(jnp.asarray(x), given)
    close(value, expected, VALUE, ROUNDING)
    y = rng.normal(size=value.shape)
    cost = jax.jit(jax.grad(lambda x, p: jnp.mean((function(x, p) - y) ** 2), argnums=(0, 1)))
    of_x, of_parameters = cost(jnp.asarray(x), given)
    _, gradients, found = module.loss_and_gradients(params, x, y, input_gradient=True)
    # what vanishes but for rounding, as the gradient of a key's bias, is held against the largest of all
    rounding = 50 * np.finfo(np.float64).eps * max(1.0, *(float(np.abs(g).max()) for g in of_parameters.values()))
    close(found, of_x, GRADIENT, rounding)
    for parameter, gradient in of_parameters.items():
        close(gradients[parameter], gradient, GRADIENT, rounding)


@pytest.mark.skipif(torch is None, reason="PyTorch is not installed")
def test_dense_is_the_transpose_of_linear() -> None:
    x, w, b = RNG.normal(size=(5, 4)), RNG.normal(size=(4, 3)), RNG.normal(size=3)
    derived = derive_row(row("layer", "Linear"), {"units": 3}, x.shape)
    expected = torch.nn.functional.linear(torch.tensor(x), torch.tensor(w.T), torch.tensor(b))
    close(derived.forward({"x": x, "W": w, "b": b})["z"], expected.numpy(), VALUE)
