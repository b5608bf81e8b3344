"""What an activation of the catalog computes, four ways: by JAX, by PyTorch, by its derivation, by a generated module.

Each gives the value `a` and, for a cotangent of `a`, the gradients `d_z` and `d_` of every parameter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from derived import Derived, derive_row, row
from modules import PROJECTION, module_of, set_identity
from references import ACTIVATIONS, Case, pulled, torch

Arrays = dict[str, Any]
Cotangent = Callable[[tuple[int, ...]], Any]  # of the value's shape


def split(name: str, case: Case) -> tuple[Arrays, Arrays]:
    """The case's options, and its parameters as arrays."""
    entry = row("activation", name)
    parameters = {p.name for v in (entry.variant({}), *entry.variants) for p in v.parameters}
    options = {k: v for k, v in case.items() if k not in parameters}
    return options, {k: np.asarray(v, float) for k, v in case.items() if k in parameters}


def sample(name: str, case: Case, shape: tuple[int, ...], seed: int = 0) -> Any:
    """Points of the domain, none within 0.01 of a kink."""
    reference = ACTIVATIONS[name]
    z = np.random.default_rng(seed).uniform(reference.low, reference.high, shape)
    for kink in reference.away_from_kinks(case):
        z = np.where(np.abs(z - kink) < 0.01, z + 0.02, z)
    return z


def far(name: str) -> Any:
    """Rows with -1e4 and 1e4, alone and beside ordinary values; 0 where the value there is not finite."""
    low, high = (p if finite else 0.0 for p, finite in zip((-1e4, 1e4), ACTIVATIONS[name].finite, strict=True))
    rows = [[p] * 6 for p in (low, high)] + [[p, 0.3, -0.7, 1.2, p, 0.1] for p in (low, high)]
    return np.array([*rows, [high, low, high, low, low, high], [low, high, low, low, high, low], [high] + [low] * 5])


def by_jax(name: str, case: Case, z: Any, cotangent: Cotangent) -> tuple[Any, Arrays]:
    """JAX's own function, pulled back."""
    options, parameters = split(name, case)

    def function(given: Arrays) -> Any:
        return ACTIVATIONS[name].jax(given["z"], **{k: given[k] for k in parameters}, **options)

    value, _, gradients = pulled(function, {"z": z, **parameters}, cotangent)
    return value, {f"d_{k}": v for k, v in gradients.items()}


def by_torch(name: str, case: Case, z: Any, cotangent: Cotangent) -> tuple[Any, Arrays]:
    """PyTorch's own function, backwards."""
    options, parameters = split(name, case)
    leaves = {"z": torch.tensor(z, requires_grad=True)}
    leaves |= {k: torch.tensor(v, requires_grad=True) for k, v in parameters.items()}
    value = ACTIVATIONS[name].torch(**leaves, **options)
    value.backward(torch.as_tensor(cotangent(tuple(value.shape))))
    return value.detach().numpy(), {f"d_{k}": leaf.grad.numpy() for k, leaf in leaves.items()}


def derive(name: str, case: Case, shape: tuple[int, ...]) -> Derived:
    """The row's derivation."""
    return derive_row(row("activation", name), split(name, case)[0], shape)


def by_derivation(name: str, case: Case, z: Any, cotangent: Cotangent) -> tuple[Any, Arrays]:
    """The derivation's equations, evaluated."""
    derived = derive(name, case, z.shape)
    values = derived.forward({"z": z, **split(name, case)[1]})
    found = derived.backward({**values, "d_a": cotangent(values["a"].shape)})
    return values["a"], {k: v for k, v in found.items() if k == "d_z" or k[2:] in split(name, case)[1]}


def by_module(name: str, case: Case, z: Any, cotangent: Cotangent, dtype: Any = np.float64) -> tuple[Any, Arrays]:
    """A module of the identity, as a dense layer, and the activation; its cost is the sum of a times the cotangent."""
    options, parameters = split(name, case)
    layers = [{"dense": z.shape[1]}, {name: options} if options else name]
    module = module_of(input=z.shape[1], layers=layers, **PROJECTION)
    params = set_identity(module.init(0, dtype), parameters)
    value = module.forward(params, z.astype(dtype)).copy()
    y = np.asarray(cotangent(value.shape), dtype)
    _, gradients, d_z = module.loss_and_gradients(params, z.astype(dtype), y, input_gradient=True)
    return value, {"d_z": d_z, **{f"d_{k.partition('.')[2]}": v for k, v in gradients.items() if "dense" not in k}}
