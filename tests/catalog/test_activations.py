"""Every activation against PyTorch and JAX: values, gradients, kinks, extremes, in float64 and float32."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from derived import Derived, close, derive_row, row
from references import ACTIVATIONS, Case, Reference, torch

from symbp.catalog import entries, names

VALUE = 1e-12  # relative, float64: a few hundred roundings
GRADIENT = 1e-9
ROUNDING = 2e-14  # absolute: some 100 eps, where a value of about 1 cancels
CASES = [
    pytest.param(name, case, id=f"{name}-{number}")
    for name, reference in ACTIVATIONS.items()
    for number, case in enumerate(reference.cases)
]


def _split(name: str, case: Case) -> tuple[dict[str, Any], dict[str, Any]]:
    """The case's options, and its parameters as arrays."""
    entry = row("activation", name)
    parameters = {p.name for v in (entry.variant({}), *entry.variants) for p in v.parameters}
    options = {k: v for k, v in case.items() if k not in parameters}
    return options, {k: np.asarray(v, float) for k, v in case.items() if k in parameters}


def _derive(name: str, case: Case, shape: tuple[int, ...]) -> Derived:
    return derive_row(row("activation", name), _split(name, case)[0], shape)


def _sample(reference: Reference, case: Case, shape: tuple[int, ...], seed: int = 0) -> Any:
    """Points of the domain, none within 0.01 of a kink."""
    z = np.random.default_rng(seed).uniform(reference.low, reference.high, shape)
    for kink in reference.away_from_kinks(case):
        z = np.where(np.abs(z - kink) < 0.01, z + 0.02, z)
    return z


def _by_jax(name: str, case: Case, z: Any, cotangent: Any) -> tuple[Any, dict[str, Any]]:
    options, parameters = _split(name, case)

    def function(z: Any, parameters: Any) -> Any:
        return ACTIVATIONS[name].jax(z, **options, **parameters)

    value, pull = jax.vjp(function, jnp.asarray(z), {k: jnp.asarray(v) for k, v in parameters.items()})
    d_z, d_parameters = pull(jnp.asarray(cotangent(value.shape)))
    return value, {"d_z": d_z, **{f"d_{k}": v for k, v in d_parameters.items()}}


def _by_torch(name: str, case: Case, z: Any, cotangent: Any) -> tuple[Any, dict[str, Any]]:
    options, parameters = _split(name, case)
    leaves = {"z": torch.tensor(z, requires_grad=True)}
    leaves |= {k: torch.tensor(v, requires_grad=True) for k, v in parameters.items()}
    value = ACTIVATIONS[name].torch(**leaves, **options)
    value.backward(torch.as_tensor(cotangent(tuple(value.shape))))
    return value.detach().numpy(), {f"d_{k}": leaf.grad.numpy() for k, leaf in leaves.items()}


def _cotangent(shape: tuple[int, ...]) -> Any:
    return np.random.default_rng(1).normal(size=shape)


def test_every_activation_has_a_reference() -> None:
    assert set(ACTIVATIONS) == set(names("activation"))


def test_every_variant_has_a_case() -> None:
    for entry in entries("activation"):
        tried = {entry.variant(_split(entry.name, case)[0]) for case in ACTIVATIONS[entry.name].cases}
        assert set(entry.variants) <= tried, entry.name


@pytest.mark.parametrize("oracle", ["jax", "torch"])
@pytest.mark.parametrize(("name", "case"), CASES)
def test_value_and_gradient(name: str, case: Case, oracle: str) -> None:
    if oracle == "torch":
        pytest.importorskip("torch")
    z = _sample(ACTIVATIONS[name], case, (7, 6))
    value, gradients = (_by_torch if oracle == "torch" else _by_jax)(name, case, z, _cotangent)
    derived = _derive(name, case, z.shape)
    given = {"z": z, **_split(name, case)[1]}
    close(derived.stated(given)["a"], value, VALUE, ROUNDING)
    values = derived.forward(given)
    close(values["a"], value, VALUE, ROUNDING)
    found = derived.backward({**values, "d_a": _cotangent(values["a"].shape)})
    for tensor, gradient in gradients.items():
        close(found[tensor], gradient, GRADIENT, ROUNDING)


@pytest.mark.parametrize("shape", [(6,), (3, 2, 6)])
@pytest.mark.parametrize(
    "name", ["relu", "silu", "prelu", "softmax", "glu"]
)  # by cases, a call, a parameter, the last axis
def test_other_ranks_are_rows_of_the_same(name: str, shape: tuple[int, ...]) -> None:
    case = ACTIVATIONS[name].cases[0]
    z = _sample(ACTIVATIONS[name], case, shape)
    parameters = _split(name, case)[1]
    derived, flat = _derive(name, case, shape), _derive(name, case, (7, 6))
    values, rows = derived.forward({"z": z, **parameters}), flat.forward({"z": z.reshape(-1, 6), **parameters})
    close(values["a"].reshape(rows["a"].shape), rows["a"], VALUE)
    cotangent = _cotangent(values["a"].shape)
    found = derived.backward({**values, "d_a": cotangent})["d_z"]
    expected = flat.backward({**rows, "d_a": cotangent.reshape(rows["a"].shape)})["d_z"]
    close(found.reshape(-1, 6), expected, VALUE, ROUNDING)


def test_a_slope_for_each_channel_of_images() -> None:
    case = {"per_channel": True, "alpha": (0.25, -0.5, 0.0)}
    z = _sample(ACTIVATIONS["prelu"], case, (2, 3, 4, 5))
    value, gradients = _by_jax("prelu", case, z, _cotangent)
    derived = _derive("prelu", case, z.shape)
    values = derived.forward({"z": z, **_split("prelu", case)[1]})
    close(values["a"], value, VALUE)
    found = derived.backward({**values, "d_a": _cotangent(z.shape)})
    close(found["d_z"], gradients["d_z"], GRADIENT)
    close(found["d_alpha"], gradients["d_alpha"], GRADIENT)


@pytest.mark.parametrize("name", [n for n, r in ACTIVATIONS.items() if r.kinks])
def test_derivative_on_the_kinks(name: str) -> None:
    """The table of kinks, and that PyTorch has the same one."""
    reference = ACTIVATIONS[name]
    case = reference.cases[0]
    z = np.array([[point for point, _ in reference.kinks]])
    expected = np.array([[slope for _, slope in reference.kinks]])
    derived = _derive(name, case, z.shape)
    values = derived.forward({"z": z, **_split(name, case)[1]})
    close(derived.backward({**values, "d_a": np.ones_like(z)})["d_z"], expected, VALUE)
    if torch is not None:
        close(_by_torch(name, case, z, np.ones)[1]["d_z"], expected, VALUE)


def test_rows_with_kinks_say_so() -> None:
    for entry in entries("activation"):
        smooth = {"softsign", "celu"}  # the branches meet with one slope
        assert bool(entry.kinks) is (bool(ACTIVATIONS[entry.name].kinks) and entry.name not in smooth), entry.name


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_extremes_are_finite(name: str) -> None:
    """At -1e4 and 1e4, alone and beside ordinary values: finite, and equal to JAX where JAX is finite."""
    reference = ACTIVATIONS[name]
    case = reference.cases[0]
    low, high = (p if finite else 0.0 for p, finite in zip((-1e4, 1e4), reference.finite, strict=True))
    rows = [[p] * 6 for p in (low, high)] + [[p, 0.3, -0.7, 1.2, p, 0.1] for p in (low, high)]
    z = np.array([*rows, [high, low, high, low, low, high], [low, high, low, low, high, low], [high] + [low] * 5])
    value, gradients = _by_jax(name, case, z, np.ones)
    exact = np.isfinite(gradients["d_z"])
    derived = _derive(name, case, z.shape)
    for dtype in (np.float64, np.float32):
        given = {"z": z, **_split(name, case)[1]}
        values = derived.forward({k: v.astype(dtype) for k, v in given.items()})
        found = derived.backward({**values, "d_a": np.ones_like(values["a"])})["d_z"]
        assert np.isfinite(values["a"]).all()
        assert np.isfinite(found).all()
        rtol = 100 * float(np.finfo(dtype).eps)
        atol = 1e4 * rtol  # where terms as large as z cancel
        close(values["a"], value, rtol, atol)
        close(np.where(exact, found, 0), np.where(exact, gradients["d_z"], 0), rtol, atol)


@pytest.mark.parametrize(("name", "case"), CASES)
def test_single_precision(name: str, case: Case) -> None:
    z = _sample(ACTIVATIONS[name], case, (7, 6))
    derived = _derive(name, case, z.shape)
    _, parameters = _split(name, case)
    double = derived.forward({"z": z, **parameters})
    single = derived.forward({"z": z.astype(np.float32), **{k: v.astype(np.float32) for k, v in parameters.items()}})
    close(single["a"], double["a"], 1e-5, 1e-5)
    cotangent = _cotangent(double["a"].shape)
    exact = derived.backward({**double, "d_a": cotangent})
    found = derived.backward({**single, "d_a": cotangent.astype(np.float32)})
    close(found["d_z"], exact["d_z"], 1e-4, 1e-4)
