"""What the catalog need not hold: convolutions, norms, pools, attention, recurrences of several states.

Each formula's value and cotangents against JAX's own function, forward against reverse mode, and every step on numbers.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import sympy as sp
from derived import close
from formulas import FORMULAS, formula
from known import Case
from references import pulled, torch

from symbp.derive.derivation import FormulaDerivation, TangentDerivation
from symbp.derive.derive import derive_formula
from symbp.derive.tangents import derive_tangents
from symbp.formula.equation import Formula
from symbp.formula.evaluate import evaluate_formula
from symbp.verify.modes import compare_modes
from symbp.verify.steps import check_formula, worst

VALUE, GRADIENT = 1e-12, 1e-9
ROUNDING = 1e-13  # absolute: some 500 eps, where values of about 1 cancel
MODES = 1e-13  # of what is added up: some 500 eps
CASES = [  # sizes of 1, and what else repeats the first case, are left to the slow tests, but for windows
    pytest.param(name, case, id=f"{name}-{i}", marks=[pytest.mark.slow] if i and "S" not in case.scalars else [])
    for name, known in FORMULAS.items()
    for i, case in enumerate(known.cases)
]


@cache
def reverse(name: str) -> FormulaDerivation:
    return derive_formula(formula(name))


@cache
def forward(name: str) -> TangentDerivation:
    return derive_tangents(formula(name))


def draw(name: str, case: Case) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    arrays = {}
    for tensor, shape in case.shapes.items():
        if tensor in case.integers:
            arrays[tensor] = rng.integers(0, case.integers[tensor], shape)
        else:
            arrays[tensor] = rng.uniform(0.1, 0.9, shape) if FORMULAS[name].positive else rng.standard_normal(shape)
    return arrays


def sizes(of: Formula, case: Case, shapes: dict[str, tuple[int, ...]]) -> dict[sp.Symbol, int]:
    found = {of.letters[letter]: number for letter, number in case.letters.items()}
    for tensor, shape in shapes.items():
        found |= {axis: n for axis, n in zip(of.tensors[tensor].axes, shape, strict=True) if axis.is_Symbol}
    return found


def by_jax(name: str, case: Case, arrays: dict[str, np.ndarray]) -> tuple[Any, np.ndarray, dict[str, Any]]:
    """The value, a random cotangent of it, and what it is pulled back to."""
    whole = {n: a for n, a in arrays.items() if n in case.integers}
    moving = {n: a for n, a in arrays.items() if n not in whole}

    def function(given: dict[str, Any]) -> Any:
        return FORMULAS[name].reference(**given, **whole, **case.scalars)

    return pulled(function, moving, np.random.default_rng(6).standard_normal)


@pytest.mark.parametrize(("name", "case"), CASES)
def test_value_and_gradients(name: str, case: Case) -> None:
    known, arrays = FORMULAS[name], draw(name, case)
    expected, cotangent, gradients = by_jax(name, case, arrays)
    derivation = reverse(name)
    numbers = sizes(derivation.formula, case, {**{n: a.shape for n, a in arrays.items()}, known.output: expected.shape})
    scalars = {derivation.formula.scalars[n]: v for n, v in case.scalars.items()}

    def run(equations: Any, given: dict[str, Any]) -> dict[str, Any]:
        return evaluate_formula(equations, given, numbers, scalars)

    close(run(formula(name).equations, arrays)[known.output], expected, VALUE, ROUNDING)
    values = run(derivation.forward, arrays)
    close(values[known.output], expected, VALUE, ROUNDING)
    found = run([g.equation for g in derivation.backward], {**values, f"d_{known.output}": cotangent})
    for tensor, gradient in gradients.items():
        close(found[f"d_{tensor}"], gradient, GRADIENT, ROUNDING)


@pytest.mark.parametrize("name", FORMULAS)
def test_forward_and_reverse_mode_agree(name: str) -> None:
    """At the shapes of every case, and at random ones."""
    readings = [compare_modes(reverse(name), forward(name), seed=seed) for seed in range(2)]
    for case in FORMULAS[name].cases:
        given = {s.name: n for s, n in sizes(formula(name), case, dict(case.shapes)).items()}
        readings.append(compare_modes(reverse(name), forward(name), scalars=case.scalars, sizes=given))
    assert max(r.scale for r in readings) > 0.1, "nothing was compared"
    assert max(r.error for r in readings) <= MODES


@pytest.mark.parametrize("mode", [reverse, forward])
@pytest.mark.parametrize("name", FORMULAS)
def test_every_step_keeps_the_value(name: str, mode: Any) -> None:
    readings = check_formula(mode(name), scalars=FORMULAS[name].cases[0].scalars)
    assert len(readings) > 2
    assert worst(readings).passed, worst(readings)


def test_parts_of_an_axis_keep_their_places() -> None:
    """Gates side by side: a saved gate is read outside its own axis nowhere (rung 1 at sizes that belong together)."""
    given = {"N": 1, "N_t": 2, "N_q": 4, "N_k": 1, "N_m": 1}
    derivation = reverse("lstm, gates side by side")
    assert set(given) == {s.name for t in derivation.formula.tensors.values() for a in t.axes for s in a.free_symbols}
    readings = check_formula(derivation, sizes=given)
    assert worst(readings).passed, worst(readings)


def test_ties_go_to_the_first_winner() -> None:
    derivation = reverse("max pool 2-D")
    x = np.array([[[[1.0, 2.0, 2.0], [2.0, 0.0, 1.0]]]])
    numbers = sizes(derivation.formula, Case({}, letters={"u": 2, "v": 2}), {"x": x.shape, "y": (1, 1, 1, 2)})
    scalars = {derivation.formula.scalars["S"]: 1}
    values = evaluate_formula(derivation.forward, {"x": x}, numbers, scalars)
    values["d_y"] = np.array([[[[1.0, 10.0]]]])
    found = evaluate_formula([g.equation for g in derivation.backward], values, numbers, scalars)
    close(found["d_x"], [[[[0.0, 11.0, 0.0], [0.0, 0.0, 0.0]]]], 0)
    if torch is not None:
        leaf = torch.tensor(x, requires_grad=True)
        torch.nn.functional.max_pool2d(leaf, 2, 1).backward(torch.tensor(values["d_y"]))
        close(found["d_x"], leaf.grad.numpy(), 0)
