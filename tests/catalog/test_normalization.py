"""Layers that normalize, against JAX and PyTorch: values, gradients of inputs and parameters; derived and emitted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from derived import close, derive_row, row
from modules import PROJECTION, module_of, set_identity
from references import pulled, torch
from references_normalization import NORMALIZATION, Normalized, Shape

RNG = np.random.default_rng(8)
VALUE, GRADIENT = 1e-12, 1e-9  # relative to the largest entry: gradients of what is normalized cancel
CASES = [
    pytest.param(name, case, id=f"{name} {dict(case.options)}")
    for name, cases in NORMALIZATION.items()
    for case in cases
]
Arrays = dict[str, Any]


def _drawn(case: Normalized, shape: Shape) -> Arrays:
    return {"x": RNG.normal(size=shape)} | {n: RNG.normal(size=s) for n, s in case.parameters(shape).items()}


def _near(found: Any, expected: Any, tolerance: float) -> None:
    close(found, expected, 0, tolerance * max(float(np.max(np.abs(expected))), 1e-3))


def _expected(case: Normalized, given: Arrays, cotangent: Any) -> list[tuple[Any, Arrays]]:
    """Value and gradients of each library: PyTorch for every shape, JAX for the first, since it compiles for each."""
    found = []
    if torch is None or given["x"].shape == case.shapes[0]:
        value, _, of_given = pulled(lambda arrays: case.jax(**arrays, **case.options), given, lambda _: cotangent)
        found.append((value, of_given))
    if torch is not None:
        leaves = {n: torch.tensor(v, requires_grad=True) for n, v in given.items()}
        output = case.torch(**leaves, **case.options)
        gradients = torch.autograd.grad(output, list(leaves.values()), torch.tensor(cotangent))
        found.append((output.detach().numpy(), dict(zip(leaves, (g.numpy() for g in gradients), strict=True))))
    return found


def test_every_variant_has_a_case() -> None:
    for name, cases in NORMALIZATION.items():
        entry = row("layer", name)
        assert {entry.variant({}), *entry.variants} == {entry.variant(case.options) for case in cases}


@pytest.mark.parametrize(("name", "case"), CASES)
def test_value_and_gradients(name: str, case: Normalized) -> None:
    entry = row("layer", name)
    for shape in case.shapes:
        given = _drawn(case, shape)
        derived = derive_row(entry, case.options, shape)
        values = derived.forward(given)
        cotangent = RNG.normal(size=values[entry.result].shape)
        found = derived.backward({**values, f"d_{entry.result}": cotangent})
        for value, gradients in _expected(case, given, cotangent):
            _near(values[entry.result], value, VALUE)
            for tensor, gradient in gradients.items():
                _near(found[f"d_{tensor}"], gradient, GRADIENT)


@pytest.mark.parametrize(("name", "case"), CASES)
def test_module(name: str, case: Normalized) -> None:
    shape = case.shapes[-1]
    given = _drawn(case, shape)
    layers = [{"dense": shape[-1]}, {name: dict(case.options) or None}]  # a network needs parameters
    module = module_of(input=list(shape[1:]), layers=layers, **PROJECTION)
    params = set_identity(module.init(), given)
    output = module.forward(params, given["x"]).copy()
    cotangent = RNG.normal(size=output.shape)
    _, gradients, of_x = module.loss_and_gradients(params, given["x"], cotangent, input_gradient=True)
    own = {n: g for n, g in gradients.items() if not n.startswith("dense")}
    found = {"x": of_x, **{n.partition(".")[2]: g for n, g in own.items()}}
    for value, expected in _expected(case, given, cotangent):
        _near(output, value, VALUE)
        assert set(expected) == set(found)
        for tensor, gradient in expected.items():
            _near(found[tensor], gradient, GRADIENT)


@pytest.mark.parametrize("name", ["layer_norm", "rms_norm", "group_norm", "instance_norm"])
def test_far_from_zero_and_without_variance(name: str) -> None:
    """Two passes: a mean of 1e6 leaves the variance its digits; a constant input has gradients that are finite."""
    case = NORMALIZATION[name][0]
    shape = (2, 6, 5)
    given = _drawn(case, shape)
    derived = derive_row(row("layer", name), case.options, shape)
    if name != "rms_norm":
        near, far = (derived.forward({**given, "x": given["x"] + offset})["y"] for offset in (0, 1e6))
        close(far, near, 0, 1e-8)  # x itself lost eps * 1e6 = 2e-10
    values = derived.forward({**given, "x": np.full(shape, 3.0)})
    found = derived.backward({**values, "d_y": RNG.normal(size=shape)})
    assert all(np.isfinite(gradient).all() for gradient in (values["y"], *(v for n, v in found.items() if "d_" in n)))


def test_a_gradient_divides_by_no_parameter() -> None:
    """Where gamma or g is 0, what it multiplies still has its derivative."""
    for name in ("layer_norm", "weight_norm_dense"):
        case = NORMALIZATION[name][0]
        shape = case.shapes[0]
        given = _drawn(case, shape)
        given["gamma" if "gamma" in given else "g"][...] = 0
        derived = derive_row(row("layer", name), case.options, shape)
        values = derived.forward(given)
        cotangent = RNG.normal(size=values[derived.derivation.formula.output.name].shape)
        found = derived.backward({**values, f"d_{derived.derivation.formula.output.name}": cotangent})
        for tensor, gradient in _expected(case, given, cotangent)[0][1].items():
            _near(found[f"d_{tensor}"], gradient, GRADIENT)
