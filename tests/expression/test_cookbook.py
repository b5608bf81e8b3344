"""The Matrix Cookbook's identities: derived, and equal to its closed forms; JAX differentiates the same expressions.

The code of every derivative is also compared with differences of fifty digits before `diff` hands it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from cookbook import HESSIANS, ROWS, Row

from symbp.expression.run import Differentiated, diff
from symbp.formula.backends import jax_backend, numpy_backend
from symbp.formula.equation import Formula
from symbp.formula.evaluate import evaluate_formula
from symbp.matrices import read_matrices
from symbp.targets.load import load_source

RELATIVE = 1e-9  # what double precision keeps of products and inverses of matrices with a condition below 1e3
AUTODIFF = {"49", "51", "54", "55", "61", "63", "78", "83", "91", "92", "118", "123", "127", "129", "130", "140"}
SQUARE = {"51"}  # identities of square matrices whose shapes do not follow
SIZES = (4, 3, 2, 5, 3, 2)


def values(formula: Formula, seed: int = 5) -> tuple[dict[str, np.ndarray], dict[Any, int]]:
    """Random tensors; square ones have a positive determinant and are far from singular."""
    draw = np.random.default_rng(seed)
    given = formula.with_role("input")
    sizes = dict(zip(dict.fromkeys(axis for t in given for axis in t.axes), SIZES, strict=False))
    found = {}
    for tensor in given:
        value = draw.standard_normal([sizes[axis] for axis in tensor.axes])
        square = len(tensor.axes) == 2 and tensor.axes[0] == tensor.axes[1]
        found[tensor.name] = 0.3 * value + 2 * np.eye(len(value)) if square else value
    return found, sizes


def stated(formula: Formula) -> dict[str, tuple[str, ...]]:
    return {t.name: tuple(map(str, t.axes)) for t in formula.with_role("input")}


def computed(found: Differentiated, given: Mapping[str, np.ndarray]) -> np.ndarray:
    function = getattr(load_source(found.code, found.name), found.name)
    return np.asarray(function(*(given[t.name] for t in found.result.formula.with_role("input"))))


def closed_form(text: str, formula: Formula, given: Mapping[str, np.ndarray], sizes: Mapping[Any, int]) -> np.ndarray:
    read = read_matrices(text, stated(formula), result="closed")
    needed = {t.name: given[t.name] for t in read.with_role("input")}
    return np.asarray(evaluate_formula(read.equations, needed, sizes, {}, numpy_backend())["closed"])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1]}")
def test_derivatives_are_the_cookbooks(row: Row) -> None:
    number, text, by, expected = row
    shapes = dict.fromkeys("AXB", ("n", "n")) if number in SQUARE else None
    found = diff(text, by, shapes=shapes)
    formula = found.result.formula
    given, sizes = values(formula)
    ours = computed(found, given)
    theirs = closed_form(expected, formula, given, sizes)
    np.testing.assert_allclose(ours, theirs, rtol=RELATIVE, atol=RELATIVE * np.abs(theirs).max())
    if number in AUTODIFF:
        jax = pytest.importorskip("jax")
        backend = jax_backend()
        held = {n: backend.array(v) for n, v in given.items()}

        def result(moved: Any) -> Any:
            known = evaluate_formula(formula.equations, {**held, by: moved}, sizes, {}, backend)
            return known[formula.output.name]

        auto = np.asarray(jax.jit(jax.jacrev(result))(held[by]))
        np.testing.assert_allclose(ours, auto, rtol=RELATIVE, atol=RELATIVE * np.abs(auto).max())


@pytest.mark.parametrize("row", HESSIANS, ids=lambda row: f"{row[0]} {row[1]}")
def test_second_derivatives_are_the_cookbooks(row: Row) -> None:
    _, text, by, expected = row
    found = diff(text, by, order=2)
    given, sizes = values(found.result.formula)
    theirs = closed_form(expected, found.result.formula, given, sizes)
    np.testing.assert_allclose(computed(found, given), theirs, rtol=RELATIVE, atol=1e-12)


def test_the_derivative_of_an_inverse_has_four_axes() -> None:
    """Equation 60: the derivative of inv(X)[k,l] by X[i,j] is -inv(X)[k,i] inv(X)[j,l]."""
    found = diff("inv(X)", "X")
    (x,) = values(found.result.formula)[0].values()
    inverse = np.linalg.inv(x)
    np.testing.assert_allclose(computed(found, {"X": x}), -np.einsum("ki,jl->klij", inverse, inverse), rtol=RELATIVE)


def test_as_many_as_stated() -> None:
    assert len(ROWS) + len(HESSIANS) >= 60
