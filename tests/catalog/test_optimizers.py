"""Optimizers in lockstep with PyTorch and with their papers, in float64."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp
from derived import close, complete, numbers_of, row, run
from references import Case, torch
from references_optimizers import OPTIMIZERS

from symbp.catalog import entries, names
from symbp.forward.rows import update_of

STEPS, SIZE = 8, 6
EXACT = 1e-12
CASES = [
    pytest.param(name, case, id=f"{name}-{number}")
    for name, reference in OPTIMIZERS.items()
    for number, case in enumerate(reference.cases)
]


def _start() -> tuple[Any, Any]:
    """Weights, and gradients for every step; one entry of the gradient is always 0."""
    rng = np.random.default_rng(3)
    gradients = rng.normal(size=(STEPS, SIZE)) * np.array([1, 1, 0, 10, 0.1, 1])
    return rng.normal(size=SIZE), gradients


def _by_equations(name: str, case: Case) -> Any:
    return _trace(name, tuple(case.items()))


@cache
def _trace(name: str, given: tuple[tuple[str, Any], ...]) -> Any:
    """The weights after every step of the row's equations."""
    entry, case = row("optimizer", name), dict(given)
    update = update_of(entry, complete(entry, case))
    numbers = numbers_of(entry, case)
    w, gradients = _start()
    values: dict[str, Any] = {"w": w}
    for state in update.variant.states:
        initial = numbers[state.initial] if isinstance(state.initial, str) else state.initial
        values[state.name] = np.full(SIZE if state.axes else (), initial)
    trace = []
    for t, g in enumerate(gradients, 1):
        values = run(
            update.formula, {**values, "g": g}, {**numbers, "eta": numbers["learning_rate"] / t, "t": float(t)}
        )
        trace.append(values["w"])
    return np.array(trace)


def test_every_optimizer_has_a_reference() -> None:
    assert set(OPTIMIZERS) == set(names("optimizer"))


def test_every_variant_has_a_case() -> None:
    for entry in entries("optimizer"):
        tried = {entry.variant(complete(entry, case)) for case in OPTIMIZERS[entry.name].cases}
        assert set(entry.variants) <= tried, entry.name


@pytest.mark.parametrize(("name", "case"), CASES)
def test_optimizer_follows_its_paper(name: str, case: Case) -> None:
    """Every weight after every step, the learning rate falling as 1/t, as the paper's algorithm in JAX leaves it."""
    numbers: dict[str, Any] = complete(row("optimizer", name), case)
    w, gradients = _start()
    memory: dict[str, Any] = {}
    weights, trace = jnp.asarray(w), []
    for t, g in enumerate(gradients, 1):
        weights, memory = OPTIMIZERS[name].jax(
            weights, jnp.asarray(g), memory, t, numbers["learning_rate"] / t, numbers
        )
        trace.append(weights)
    close(_by_equations(name, case), np.array(trace), EXACT, 1e-14)


@pytest.fixture
def double_precision() -> Iterator[None]:
    """PyTorch's NAdam keeps its product of momenta in the default precision, whatever the weights have."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.mark.skipif(torch is None, reason="PyTorch is not installed")
@pytest.mark.usefixtures("double_precision")
@pytest.mark.parametrize(
    ("name", "case"),
    [
        pytest.param(name, case, id=f"{name}-{number}")
        for name, reference in OPTIMIZERS.items()
        for number, case in enumerate(reference.torch_cases())
    ],
)
def test_optimizer_in_lockstep_with_pytorch(name: str, case: Case) -> None:
    options = complete(row("optimizer", name), case)
    w, gradients = _start()
    weights = torch.tensor(w, requires_grad=True)
    make = OPTIMIZERS[name].torch
    assert make is not None
    optimizer = make([weights], options)
    trace = []
    for t, g in enumerate(gradients, 1):
        optimizer.param_groups[0]["lr"] = float(str(options["learning_rate"])) / t
        weights.grad = torch.tensor(g)
        optimizer.step()
        trace.append(weights.detach().numpy().copy())
    close(_by_equations(name, case), np.array(trace), EXACT, 1e-14)


def test_numbers_of_rows_are_exact() -> None:
    """A literal in a formula is the fraction it looks like, so that precision is a matter of the target alone."""
    entry = row("optimizer", "nadam")
    formula = update_of(entry, complete(entry, {})).formula
    assert not any(e.body.atoms(sp.Float) for e in formula.equations)
