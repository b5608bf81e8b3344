"""Every loss and variant against PyTorch and JAX: cost, gradient at the network's output, kinks, extremes, float32."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from derived import close, derive_row, row
from references import Case, torch
from references_losses import LOSSES

from symbp.catalog import entries, names

VALUE = 1e-12
GRADIENT = 1e-9
ROUNDING = 1e-14  # absolute: some 50 eps, where terms of about 1 cancel
EXAMPLES, CLASSES = 5, 4
CASES = [
    pytest.param(name, {**case, "reduction": reduction}, id=f"{name}-{number}-{reduction}")
    for name, reference in LOSSES.items()
    for number, case in enumerate(reference.cases)
    for reduction in ("mean", "sum")
    if reduction == "mean" or number == 0 or "weight" in case  # the sum has equations of its own with weights
]


def _softmax(z: Any) -> Any:
    p = np.exp(z - z.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True)


def _draw(kind: str, labels: bool) -> tuple[Any, Any]:
    """The network's output and the target; each target distribution has a 0 in it."""
    rng = np.random.default_rng(2)
    normal, other = rng.normal(size=(2, EXAMPLES, CLASSES))
    counts = rng.poisson(1.5, (EXAMPLES, CLASSES)).astype(float)
    ends = np.where(rng.uniform(size=normal.shape) < 0.5, np.round(_softmax(other)), _softmax(other))
    rows = _softmax(other) * (np.arange(CLASSES) != 1)
    y = rng.integers(0, CLASSES, EXAMPLES) if labels else rows / rows.sum(-1, keepdims=True)
    draws = {
        "values": (normal, other),
        "signs": (normal, np.sign(other)),
        "counts": (normal, counts),
        "positive": (np.exp(normal), counts),
        "unit": (1 / (1 + np.exp(-normal)), ends),
        "logits": (normal, ends),
        "rows": (_softmax(normal), y),
        "logit rows": (normal, y),
        "log rows": (np.log(_softmax(normal)), y),
        "halves": (normal, other[:, : CLASSES // 2]),
    }
    return draws[kind]


def _case(name: str, case: Case) -> tuple[dict[str, Any], dict[str, Any], Any, Any]:
    """Options, constants as arrays, output, target."""
    reference, entry = LOSSES[name], row("loss", name)
    given = {k: v for k, v in case.items() if k != "inputs"}
    constants = {k: np.asarray(v) for k, v in given.items() if entry.option(k) is None}
    a, y = _draw(case.get("inputs", reference.inputs), bool(entry.integer_tensors(given)))
    return {k: v for k, v in given.items() if k not in constants}, constants, a, y


def _by_jax(name: str, options: Any, constants: Any, a: Any, y: Any) -> tuple[Any, Any]:
    weights = {k: jnp.asarray(v) for k, v in constants.items()}
    cost, gradient = jax.value_and_grad(lambda a: LOSSES[name].jax(a, jnp.asarray(y), **options, **weights))(
        jnp.asarray(a)
    )
    return cost, gradient


def _by_torch(name: str, options: Any, constants: Any, a: Any, y: Any) -> tuple[Any, Any]:
    leaf = torch.tensor(a, requires_grad=True)
    weights = {k: torch.tensor(v) for k, v in constants.items()}
    cost = LOSSES[name].torch(leaf, torch.tensor(y), **options, **weights)
    cost.backward()
    return cost.detach().numpy(), leaf.grad.numpy()


def _derived(name: str, options: Any, constants: Any, a: Any, y: Any, dtype: Any = np.float64) -> tuple[Any, Any]:
    """The cost and the gradient at the network's output."""
    entry = row("loss", name)
    derived = derive_row(entry, {**options, **{k: tuple(v.tolist()) for k, v in constants.items()}}, a.shape)
    read = "z" if entry.link else "a"
    given = {read: a.astype(dtype), "y": y if y.dtype.kind == "i" else y.astype(dtype)}
    values = derived.forward({**given, **{k: v.astype(dtype) for k, v in constants.items()}})
    return values["C"], derived.backward(values)[f"d_{read}"]


def test_every_loss_has_a_reference() -> None:
    assert set(LOSSES) == set(names("loss"))


def test_every_variant_has_a_case() -> None:
    for entry in entries("loss"):
        cases = LOSSES[entry.name].cases
        tried = {entry.variant({**case, "reduction": r}) for case in cases for r in ("mean", "sum")}
        assert set(entry.variants) <= tried, entry.name


@pytest.mark.parametrize("oracle", ["jax", "torch"])
@pytest.mark.parametrize(("name", "case"), CASES)
def test_cost_and_gradient(name: str, case: Case, oracle: str) -> None:
    if oracle == "torch":
        pytest.importorskip("torch")
    options, constants, a, y = _case(name, case)
    expected = (_by_torch if oracle == "torch" else _by_jax)(name, options, constants, a, y)
    cost, gradient = _derived(name, options, constants, a, y)
    close(cost, expected[0], VALUE, ROUNDING)
    close(gradient, expected[1], GRADIENT, ROUNDING)


@pytest.mark.parametrize("name", [n for n, r in LOSSES.items() if r.extremes])
def test_extremes_are_finite(name: str) -> None:
    """The output at -1e4 and 1e4, alone and beside ordinary values: finite, and equal to JAX where JAX is finite."""
    options, constants, a, y = _case(name, {**LOSSES[name].cases[0], "reduction": "mean"})
    extremes = LOSSES[name].extremes
    for first, last in ((extremes[0], extremes[-1]), (extremes[-1], extremes[0])):
        far = a.copy()
        far[0], far[1], far[2, 0], far[3, 1:] = first, last, first, last
        far[4] = np.resize([first, last], CLASSES)
        cost, gradient = _by_jax(name, options, constants, far, y)
        exact = np.isfinite(gradient)
        for dtype in (np.float64, np.float32):
            ours, found = _derived(name, options, constants, far, y, dtype)
            assert np.isfinite(ours)
            assert np.isfinite(found).all()
            rtol = 100 * float(np.finfo(dtype).eps)
            atol = 1e4 * rtol  # where terms as large as the output cancel
            close(ours, cost, rtol, atol)
            close(np.where(exact, found, 0), np.where(exact, gradient, 0), rtol, atol)


@pytest.mark.parametrize("name", [n for n, r in LOSSES.items() if r.kinks])
def test_derivative_on_the_kinks(name: str) -> None:
    kinks = np.array(LOSSES[name].kinks)
    a, y, expected = kinks[:, :1], kinks[:, 1:2], kinks[:, 2:]
    close(_derived(name, {"reduction": "sum"}, {}, a, y)[1], expected, VALUE)
    if torch is not None:
        close(_by_torch(name, {"reduction": "sum"}, {}, a, y)[1], expected, VALUE)


@pytest.mark.parametrize(("name", "case"), CASES)
def test_single_precision(name: str, case: Case) -> None:
    options, constants, a, y = _case(name, case)
    exact, single = (_derived(name, options, constants, a, y, dtype) for dtype in (np.float64, np.float32))
    close(single[0], exact[0], 1e-5, 1e-5)
    close(single[1], exact[1], 1e-4, 1e-4)


@pytest.mark.parametrize("name", ["mse", "bce_with_logits"])
def test_rank_does_not_matter_where_every_entry_counts(name: str) -> None:
    options, constants, a, y = _case(name, {"reduction": "mean"})
    cost, gradient = _derived(name, options, constants, a, y)
    images = (EXAMPLES, 1, 2, CLASSES // 2)
    again, reshaped = _derived(name, options, constants, a.reshape(images), y.reshape(images))
    close(again, cost, VALUE)
    close(reshaped.reshape(a.shape), gradient, VALUE)


ROWS = [p for p in CASES if p.values[0] in ("cross_entropy", "softmax_cross_entropy", "nll")]


@pytest.mark.parametrize(("name", "case"), ROWS)
def test_a_class_for_each_place_of_a_sequence(name: str, case: Case) -> None:
    """Sequences (n, t, classes) cost what their places cost as rows (n * t, classes)."""
    options, constants, a, y = _case(name, case)
    a, y = (np.concatenate([v, v[::-1]]) for v in (a, y))
    cost, gradient = _derived(name, options, constants, a, y)
    sequences = (v.reshape(2, EXAMPLES, *v.shape[1:]) for v in (a, y))
    again, shaped = _derived(name, options, constants, *sequences)
    close(again, cost, VALUE)
    close(shaped.reshape(a.shape), gradient, VALUE, ROUNDING)
