"""Every loss and variant against PyTorch and JAX: cost, gradient at the network's output, kinks, extremes, float32."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from derived import close
from losses import CLASSES, EXAMPLES, by_derivation, by_jax, by_torch, drawn, far, on_kinks
from references import Case, torch
from references_losses import LOSSES

from symbp.catalog import entries, names

VALUE = 1e-12
GRADIENT = 1e-9
ROUNDING = 1e-14  # absolute: some 50 eps, where terms of about 1 cancel
CASES = [
    pytest.param(name, {**case, "reduction": reduction}, id=f"{name}-{number}-{reduction}")
    for name, reference in LOSSES.items()
    for number, case in enumerate(reference.cases)
    for reduction in ("mean", "sum")
    if reduction == "mean" or number == 0 or "weight" in case  # the sum has equations of its own with weights
]


def test_every_loss_has_a_reference() -> None:
    assert set(LOSSES) | {"gaussian_kl"} == set(names("loss"))  # which tests/modes/test_sampling.py compares


def test_every_variant_has_a_case() -> None:
    for entry in (e for e in entries("loss") if not e.inputs):
        cases = LOSSES[entry.name].cases
        tried = {entry.variant({**case, "reduction": r}) for case in cases for r in ("mean", "sum")}
        assert set(entry.variants) <= tried, entry.name


@pytest.mark.parametrize("oracle", ["jax", "torch"])
@pytest.mark.parametrize(("name", "case"), CASES)
def test_cost_and_gradient(name: str, case: Case, oracle: str) -> None:
    if oracle == "torch":
        pytest.importorskip("torch")
    given = drawn(name, case)
    expected = (by_torch if oracle == "torch" else by_jax)(given)
    cost, gradient = by_derivation(given)
    close(cost, expected[0], VALUE, ROUNDING)
    close(gradient, expected[1], GRADIENT, ROUNDING)


@pytest.mark.parametrize("name", [n for n, r in LOSSES.items() if r.extremes])
def test_extremes_are_finite(name: str) -> None:
    """The output at -1e4 and 1e4, alone and beside ordinary values: finite, and equal to JAX where JAX is finite."""
    for given in far(name):
        cost, gradient = by_jax(given)
        exact = np.isfinite(gradient)
        for dtype in (np.float64, np.float32):
            ours, found = by_derivation(given, dtype)
            assert np.isfinite(ours)
            assert np.isfinite(found).all()
            rtol = 100 * float(np.finfo(dtype).eps)
            atol = 1e4 * rtol  # where terms as large as the output cancel
            close(ours, cost, rtol, atol)
            close(np.where(exact, found, 0), np.where(exact, gradient, 0), rtol, atol)


@pytest.mark.parametrize("name", [n for n, r in LOSSES.items() if r.kinks])
def test_derivative_on_the_kinks(name: str) -> None:
    given, expected = on_kinks(name)
    close(by_derivation(given)[1], expected, VALUE)
    if torch is not None:
        close(by_torch(given)[1], expected, VALUE)


@pytest.mark.parametrize(("name", "case"), CASES)
def test_single_precision(name: str, case: Case) -> None:
    exact, single = (by_derivation(drawn(name, case), dtype) for dtype in (np.float64, np.float32))
    close(single[0], exact[0], 1e-5, 1e-5)
    close(single[1], exact[1], 1e-4, 1e-4)


@pytest.mark.parametrize("name", ["mse", "bce_with_logits"])
def test_rank_does_not_matter_where_every_entry_counts(name: str) -> None:
    given = drawn(name, {"reduction": "mean"})
    cost, gradient = by_derivation(given)
    images = (EXAMPLES, 1, 2, CLASSES // 2)
    again, reshaped = by_derivation(replace(given, a=given.a.reshape(images), y=given.y.reshape(images)))
    close(again, cost, VALUE)
    close(reshaped.reshape(given.a.shape), gradient, VALUE)


ROWS = [p for p in CASES if p.values[0] in ("cross_entropy", "softmax_cross_entropy", "nll")]


@pytest.mark.parametrize(("name", "case"), ROWS)
def test_a_class_for_each_place_of_a_sequence(name: str, case: Case) -> None:
    """Sequences (n, t, classes) cost what their places cost as rows (n * t, classes)."""
    given = drawn(name, case)
    a, y = (np.concatenate([v, v[::-1]]) for v in (given.a, given.y))
    cost, gradient = by_derivation(replace(given, a=a, y=y))
    a, y = (v.reshape(2, EXAMPLES, *v.shape[1:]) for v in (a, y))
    again, shaped = by_derivation(replace(given, a=a, y=y))
    close(again, cost, VALUE)
    close(shaped.reshape(gradient.shape), gradient, VALUE, ROUNDING)
