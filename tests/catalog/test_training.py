"""Schedules, initializers, clipping and penalties against PyTorch and JAX, in float64."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from derived import close, complete, derive_row, numbers_of, row, run
from modules import module_of
from references import Case, torch
from references_training import CLIPPING, INITIALIZERS, PENALTIES, SCHEDULES

from symbp.catalog import entries, names
from symbp.forward.rows import scalars_of, update_of

SIZE = 6
EXACT = 1e-12

needs_torch = pytest.mark.skipif(torch is None, reason="PyTorch is not installed")


def _cases(references: Mapping[str, Any]) -> list[Any]:
    return [
        pytest.param(name, case, id=f"{name}-{number}")
        for name, reference in references.items()
        for number, case in enumerate(reference.cases)
    ]


def _vector() -> Any:
    return np.random.default_rng(3).normal(size=SIZE) * np.array([1, 1, 0.5, 10, 0.1, 1])


@pytest.mark.parametrize(
    ("kind", "references"),
    [
        ("schedule", SCHEDULES),
        ("initializer", INITIALIZERS),
        ("clipping", CLIPPING),
        ("penalty", PENALTIES),
    ],
)
def test_every_row_has_a_reference(kind: Any, references: Mapping[str, Any]) -> None:
    assert set(references) == set(names(kind))


def test_every_variant_of_a_schedule_has_a_case() -> None:
    for entry in entries("schedule"):
        tried = {entry.variant(complete(entry, case)) for case in SCHEDULES[entry.name].cases}
        assert set(entry.variants) <= tried, entry.name


def _etas(name: str, case: Case) -> Any:
    entry = row("schedule", name)
    formula = scalars_of(entry, complete(entry, case)).formula
    numbers = numbers_of(entry, case)
    return np.array(
        [run(formula, {}, {**numbers, "t": float(t), "eta_0": 0.05})["eta"] for t in range(SCHEDULES[name].steps)]
    )


@pytest.mark.parametrize(("name", "case"), _cases(SCHEDULES))
def test_schedule_is_its_closed_form(name: str, case: Case) -> None:
    expected = [SCHEDULES[name].jax(t, 0.05, **case) for t in range(SCHEDULES[name].steps)]
    close(_etas(name, case), np.array(expected), EXACT, 1e-16)


@needs_torch
@pytest.mark.parametrize(("name", "case"), _cases(SCHEDULES))
def test_schedule_in_lockstep_with_pytorch(name: str, case: Case) -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.05)
    scheduler = SCHEDULES[name].torch(optimizer, case)
    expected = []
    for _ in range(SCHEDULES[name].steps):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    close(_etas(name, case), np.array(expected), 1e-11, 1e-16)  # PyTorch multiplies step by step


def _scales(name: str, case: Case, fan_in: int, fan_out: int) -> dict[str, float]:
    """The numbers that the distribution is drawn with."""
    entry = row("initializer", name)
    numbers = numbers_of(entry, case)
    if not entry.equations:
        return numbers
    formula = scalars_of(entry, complete(entry, case)).formula
    found = run(formula, {}, {**numbers, "fan_in": float(fan_in), "fan_out": float(fan_out)})
    return {k: float(v) for k, v in found.items()}


def _draws(name: str, case: Case, fan_in: int, fan_out: int) -> list[Any]:
    """A draw of shape (fan_in, fan_out) from JAX, and one from PyTorch where it is installed."""
    draws = [np.asarray(INITIALIZERS[name].jax(jax.random.key(0), (fan_in, fan_out), **case))]
    if torch is not None:
        torch.manual_seed(0)
        with torch.no_grad():
            draws.append(INITIALIZERS[name].torch(torch.empty(fan_out, fan_in), **case).T.double().numpy())
    return draws


@pytest.mark.parametrize(("name", "case"), _cases(INITIALIZERS))
def test_initializer_draws_with_the_scales_of_others(name: str, case: Case) -> None:
    """300 x 200 draws: mean and deviation within 2 %, ends of an interval within 0.1 % of its length."""
    scales = _scales(name, case, 300, 200)
    distribution = row("initializer", name).distribution
    for draw in _draws(name, case, 300, 200):
        if distribution == "constant":
            close(draw, np.full(draw.shape, scales["value"]), 1e-6)
        elif distribution == "normal":
            assert abs(draw.mean() - scales["mean"]) < 0.02 * scales["std"]
            assert draw.std() == pytest.approx(scales["std"], rel=0.02)
        elif distribution == "uniform":
            length = scales["high"] - scales["low"]
            assert draw.min() == pytest.approx(scales["low"], abs=1e-3 * length)
            assert draw.max() == pytest.approx(scales["high"], abs=1e-3 * length)
            assert draw.std() == pytest.approx(length / 12**0.5, rel=0.02)
        else:
            close(draw.T @ draw, scales["gain"] ** 2 * np.eye(200), 1e-5, 1e-5)


@pytest.mark.parametrize("name", CLIPPING)
@pytest.mark.parametrize("scale", [0.01, 1.0, 1e3])
def test_clipping(name: str, scale: float) -> None:
    by_torch, by_jax, case = CLIPPING[name]
    entry = row("clipping", name)
    g = _vector() * scale
    found = run(update_of(entry, complete(entry, case)).formula, {"g": g}, numbers_of(entry, case))["g"]
    close(found, by_jax(jnp.asarray(g), **case), EXACT)
    if torch is not None:
        weights = torch.zeros(SIZE, dtype=torch.float64, requires_grad=True)
        weights.grad = torch.tensor(g)
        by_torch([weights], **case)
        close(found, weights.grad.numpy(), EXACT)


@pytest.mark.parametrize("name", PENALTIES)
def test_penalty_and_its_gradient(name: str) -> None:
    by_torch, by_jax, case = PENALTIES[name]
    w = _vector()
    derived = derive_row(row("penalty", name), case, w.shape)
    values = derived.forward({"w": w})
    gradient = derived.backward({**values, "d_R": np.asarray(1.0)})["d_w"]
    value, expected = jax.value_and_grad(by_jax)(jnp.asarray(w), **case)
    close(values["R"], value, EXACT)
    close(gradient, expected, EXACT)
    if torch is not None:
        weights = torch.tensor(w, requires_grad=True)
        by_torch(weights, **case).backward()
        close(gradient, weights.grad.numpy(), EXACT)


def test_an_absolute_weight_of_0_is_not_pushed() -> None:
    """The kink of l1, as PyTorch has it."""
    w = np.array([0.0, -1.0])
    derived = derive_row(row("penalty", "l1"), {"strength": 0.5}, w.shape)
    close(derived.backward({**derived.forward({"w": w}), "d_R": np.asarray(1.0)})["d_w"], [0.0, -0.5], EXACT)
    if torch is not None:
        weights = torch.tensor(w, requires_grad=True)
        PENALTIES["l1"][0](weights, strength=0.5).backward()
        close(weights.grad.numpy(), [0.0, -0.5], EXACT)


def test_half_the_square_decays_as_a_coupled_weight_decay() -> None:
    """l2's gradient is what the optimizers add for the same strength."""
    w = _vector()
    derived = derive_row(row("penalty", "l2"), {"strength": 0.3}, w.shape)
    gradient = derived.backward({**derived.forward({"w": w}), "d_R": np.asarray(1.0)})["d_w"]
    entry = row("optimizer", "sgd")
    options = {"learning_rate": 1.0, "weight_decay": 0.3}
    update = update_of(entry, complete(entry, options)).formula
    after = run(update, {"w": w, "g": np.zeros(SIZE)}, {**numbers_of(entry, options), "eta": 1.0, "t": 1.0})
    close(w - after["w"], gradient, EXACT)


def test_weights_of_all_ranks_are_pushed() -> None:
    """An LSTM's weights have three axes, a dense layer's two: each is pushed by a formula of its own rank."""
    layers: list[Any] = [{"lstm": {"units": 3}}, {"dense": 2}]
    free, pushed = (
        module_of(input=[4, 2], layers=layers, loss="mse", **more) for more in ({}, {"penalty": {"l2": 0.25}})
    )
    draw = np.random.default_rng(5)
    params = free.init(0)
    x, y = draw.normal(size=(3, 4, 2)), draw.normal(size=(3, 4, 2))
    without, gradients = (m.loss_and_gradients(m.init(0), x, y)[1] for m in (free, pushed))
    assert {params[name].ndim for name in ("lstm_1.W", "dense_1.W")} == {2, 3}
    for name in ("lstm_1.W", "lstm_1.V", "dense_1.W"):
        close(gradients[name] - without[name], 0.25 * params[name], EXACT)


@pytest.mark.parametrize("losses", [{"loss": "mse"}, {"losses": [{"loss": "mse", "on": "own", "target": "y"}]}])
def test_a_penalty_on_weights_that_are_none(losses: dict[str, Any]) -> None:
    """Those of a normalization do not decay: the cost is the loss alone."""
    free, pushed = (
        module_of(input=4, layers=[{"batch_norm": {"name": "own"}}], **losses, **more)
        for more in ({}, {"penalty": {"l2": 0.25}})
    )
    x, y = np.random.default_rng(0).normal(size=(2, 3, 4))
    (cost, gradients), (same, found) = (m.loss_and_gradients(m.init(0), x, y) for m in (free, pushed))
    assert same == cost
    np.testing.assert_array_equal(found.flat, gradients.flat)
