"""Layers that join tensors, and layers that choose, order or fold axes, against JAX and PyTorch: equations, modules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from derived import close, derive_row, row
from modules import PROJECTION, module_of, set_identity
from references import pulled, torch
from references_joining import AXES, JOINING, Joined

RNG = np.random.default_rng(11)
VALUE, GRADIENT = 1e-12, 1e-9
ROWS = {**JOINING, **AXES}


def cases(rows: dict[str, list[Joined]]) -> list[Any]:
    """Every case with a name of its own."""
    return [
        pytest.param(name, case, id=f"{name} {dict(case.options) or ''} {'+'.join(map(str, case.shapes))}")
        for name, these in rows.items()
        for case in these
    ]


def by_jax(case: Joined, given: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """The value, a cotangent, and what it is pulled back to, by the names of what is given."""
    return pulled(lambda held: case.jax(*(held[n] for n in given)), given, lambda shape: RNG.normal(size=shape))


@pytest.mark.parametrize(("name", "case"), cases(ROWS))
def test_value_and_gradients(name: str, case: Joined) -> None:
    entry = row("layer", name)
    names = entry.input_names(len(case.shapes))
    given = {n: RNG.normal(size=shape) for n, shape in zip(names, case.shapes, strict=True)}
    derived = derive_row(entry, case.options, dict(zip(names, case.shapes, strict=True)))
    values = derived.forward(given)
    value, cotangent, gradients = by_jax(case, given)
    close(values[entry.result], value, VALUE)
    found = derived.backward({**values, f"d_{entry.result}": cotangent})
    for tensor, gradient in gradients.items():
        close(found[f"d_{tensor}"], gradient, GRADIENT)
    if torch is None:
        return
    leaves = [torch.tensor(array, requires_grad=True) for array in given.values()]
    value = case.torch(*leaves)
    close(values[entry.result], value.detach().numpy(), VALUE)
    for tensor, gradient in zip(given, torch.autograd.grad(value, leaves, torch.tensor(cotangent)), strict=True):
        close(found[f"d_{tensor}"], gradient.numpy(), GRADIENT)


@pytest.mark.parametrize(("name", "case"), cases({name: [these[0], these[-1]] for name, these in ROWS.items()}))
def test_modules(name: str, case: Joined) -> None:
    """Forward and the gradient of every input, in a module whose last layer is the identity."""
    given = {f"in_{k}": RNG.normal(size=shape) for k, shape in enumerate(case.shapes)}
    value, cotangent, gradients = by_jax(case, given)
    options = {key: list(map(int, v)) if isinstance(v, tuple) else v for key, v in case.options.items()}
    module = module_of(
        input={n: list(array.shape[1:]) for n, array in given.items()},
        layers=[{name: {**options, "inputs": list(given)}}, {"dense": value.shape[-1]}],
        **PROJECTION,
    )
    params = set_identity(module.init(0), {})
    x = given if len(given) > 1 else given["in_0"]
    close(module.forward(params, x), value, VALUE)
    _, _, of_x = module.loss_and_gradients(params, x, cotangent, input_gradient=True)
    of_x = of_x if len(given) > 1 else {"in_0": of_x}
    for tensor, gradient in gradients.items():
        close(of_x[tensor], gradient, GRADIENT)
