"""Every activation against PyTorch and JAX: values, gradients, kinks, extremes, in float64 and float32."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from activations import by_jax, by_module, by_torch, derive, far, sample, split
from derived import close
from references import ACTIVATIONS, Case, torch

from symbp.catalog import entries, names

VALUE = 1e-12  # relative, float64: a few hundred roundings
GRADIENT = 1e-9
ROUNDING = 2e-14  # absolute: some 100 eps, where a value of about 1 cancels
CASES = [
    pytest.param(name, case, id=f"{name}-{number}")
    for name, reference in ACTIVATIONS.items()
    for number, case in enumerate(reference.cases)
]


def _cotangent(shape: tuple[int, ...]) -> Any:
    return np.random.default_rng(1).normal(size=shape)


def test_every_activation_has_a_reference() -> None:
    assert set(ACTIVATIONS) == set(names("activation"))


def test_every_variant_has_a_case() -> None:
    for entry in entries("activation"):
        tried = {entry.variant(split(entry.name, case)[0]) for case in ACTIVATIONS[entry.name].cases}
        assert set(entry.variants) <= tried, entry.name


@pytest.mark.parametrize("oracle", ["jax", "torch"])
@pytest.mark.parametrize(("name", "case"), CASES)
def test_value_and_gradient(name: str, case: Case, oracle: str) -> None:
    if oracle == "torch":
        pytest.importorskip("torch")
    z = sample(name, case, (7, 6))
    value, gradients = (by_torch if oracle == "torch" else by_jax)(name, case, z, _cotangent)
    derived = derive(name, case, z.shape)
    given = {"z": z, **split(name, case)[1]}
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
    z = sample(name, case, shape)
    parameters = split(name, case)[1]
    derived, flat = derive(name, case, shape), derive(name, case, (7, 6))
    values, rows = derived.forward({"z": z, **parameters}), flat.forward({"z": z.reshape(-1, 6), **parameters})
    close(values["a"].reshape(rows["a"].shape), rows["a"], VALUE)
    cotangent = _cotangent(values["a"].shape)
    found = derived.backward({**values, "d_a": cotangent})["d_z"]
    expected = flat.backward({**rows, "d_a": cotangent.reshape(rows["a"].shape)})["d_z"]
    close(found.reshape(-1, 6), expected, VALUE, ROUNDING)


def test_a_slope_for_each_channel_of_images() -> None:
    case = {"per_channel": True, "alpha": (0.25, -0.5, 0.0)}
    z = sample("prelu", case, (2, 3, 4, 5))
    value, gradients = by_jax("prelu", case, z, _cotangent)
    derived = derive("prelu", case, z.shape)
    values = derived.forward({"z": z, **split("prelu", case)[1]})
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
    derived = derive(name, case, z.shape)
    values = derived.forward({"z": z, **split(name, case)[1]})
    close(derived.backward({**values, "d_a": np.ones_like(z)})["d_z"], expected, VALUE)
    if torch is not None:
        close(by_torch(name, case, z, np.ones)[1]["d_z"], expected, VALUE)


def test_rows_with_kinks_say_so() -> None:
    for entry in entries("activation"):
        smooth = {"softsign", "celu"}  # the branches meet with one slope
        assert bool(entry.kinks) is (bool(ACTIVATIONS[entry.name].kinks) and entry.name not in smooth), entry.name


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_extremes_are_finite(name: str) -> None:
    """At -1e4 and 1e4, alone and beside ordinary values: finite, and equal to JAX where JAX is finite."""
    case, z = ACTIVATIONS[name].cases[0], far(name)
    value, gradients = by_jax(name, case, z, np.ones)
    exact = np.isfinite(gradients["d_z"])
    derived = derive(name, case, z.shape)
    for dtype in (np.float64, np.float32):
        given = {"z": z, **split(name, case)[1]}
        values = derived.forward({k: v.astype(dtype) for k, v in given.items()})
        found = derived.backward({**values, "d_a": np.ones_like(values["a"])})["d_z"]
        assert np.isfinite(values["a"]).all()
        assert np.isfinite(found).all()
        rtol = 100 * float(np.finfo(dtype).eps)
        atol = 1e4 * rtol  # where terms as large as z cancel
        close(values["a"], value, rtol, atol)
        close(np.where(exact, found, 0), np.where(exact, gradients["d_z"], 0), rtol, atol)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_module_is_nan_where_pytorch_is(name: str) -> None:
    """A row of NaN stays one: no condition that fails for it gives a number instead. Its neighbours are unharmed.

    Slopes there are nobody's: PyTorch's is 1 for `relu`, and 0 for `clamp`.
    """
    pytest.importorskip("torch")
    case = ACTIVATIONS[name].cases[0]
    z = sample(name, case, (3, 6))
    z[1] = np.nan
    with np.errstate(invalid="ignore"):
        value, _ = by_module(name, case, z, np.ones)
    expected, _ = by_torch(name, case, z, np.ones)
    assert np.isnan(value[1]).all()
    np.testing.assert_allclose(value, expected, VALUE, ROUNDING)


@pytest.mark.parametrize(("name", "case"), CASES)
def test_single_precision(name: str, case: Case) -> None:
    z = sample(name, case, (7, 6))
    derived = derive(name, case, z.shape)
    _, parameters = split(name, case)
    double = derived.forward({"z": z, **parameters})
    single = derived.forward({"z": z.astype(np.float32), **{k: v.astype(np.float32) for k, v in parameters.items()}})
    close(single["a"], double["a"], 1e-5, 1e-5)
    cotangent = _cotangent(double["a"].shape)
    exact = derived.backward({**double, "d_a": cotangent})
    found = derived.backward({**single, "d_a": cotangent.astype(np.float32)})
    close(found["d_z"], exact["d_z"], 1e-4, 1e-4)
