"""Layers of several inputs against JAX and PyTorch: values and the gradient of every input."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from derived import close, derive_row, row
from references import torch
from references_joining import JOINING, Joined

RNG = np.random.default_rng(11)
VALUE, GRADIENT = 1e-12, 1e-9
CASES = [
    pytest.param(name, case, id=f"{name} {case.options or ''} {'+'.join(map(str, case.shapes))}")
    for name, cases in JOINING.items()
    for case in cases
]


@pytest.mark.parametrize(("name", "case"), CASES)
def test_value_and_gradients(name: str, case: Joined) -> None:
    entry = row("layer", name)
    names = entry.input_names(len(case.shapes))
    given = {n: RNG.normal(size=shape) for n, shape in zip(names, case.shapes, strict=True)}
    derived = derive_row(entry, case.options, dict(zip(names, case.shapes, strict=True)))
    values = derived.forward(given)
    value, pull = jax.vjp(case.jax, *map(jnp.asarray, given.values()))
    close(values[entry.result], value, VALUE)
    cotangent = RNG.normal(size=value.shape)
    found = derived.backward({**values, f"d_{entry.result}": cotangent})
    for tensor, gradient in zip(given, pull(jnp.asarray(cotangent)), strict=True):
        close(found[f"d_{tensor}"], gradient, GRADIENT)
    if torch is None:
        return
    leaves = [torch.tensor(array, requires_grad=True) for array in given.values()]
    value = case.torch(*leaves)
    close(values[entry.result], value.detach().numpy(), VALUE)
    for tensor, gradient in zip(given, torch.autograd.grad(value, leaves, torch.tensor(cotangent)), strict=True):
        close(found[f"d_{tensor}"], gradient.numpy(), GRADIENT)
