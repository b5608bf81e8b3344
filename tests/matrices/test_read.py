"""Expressions between matrices are read as NumPy computes them, or refused in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from symbp.formula.backends import numpy_backend
from symbp.formula.equation import Formula
from symbp.formula.evaluate import evaluate_formula
from symbp.formula.grammar import FormulaError
from symbp.matrices import read_matrices

M, N = 3, 4
DRAW = np.random.default_rng(11)
VALUES: dict[str, Any] = {
    "X": DRAW.normal(size=(M, N)),
    "Z": DRAW.normal(size=(M, N)),
    "W": DRAW.normal(size=(N, M)),
    "A": DRAW.normal(size=(N, N)) + 3 * np.eye(N),
    "B": DRAW.normal(size=(N, N)),
    "w": DRAW.normal(size=N),
    "x": DRAW.normal(size=N),
    "y": DRAW.normal(size=M),
    "r": DRAW.normal(size=N),
    "c": DRAW.normal(),
    "alpha": 1.5,
}
SHAPES = {
    "X": "mn",
    "Z": "mn",
    "W": "nm",
    "A": "nn",
    "B": "nn",
    "w": "n",
    "x": "n",
    "y": "m",
    "r": "1n",
    "c": "",
    "alpha": "",
}
X, Z, W, A, B, w, x, y, r, c, alpha = VALUES.values()


def value(formula: Formula, values: Mapping[str, Any] = VALUES) -> np.ndarray:
    sizes = {
        extent: np.shape(values[t.name])[axis] for t in formula.with_role("input") for axis, extent in enumerate(t.axes)
    }
    given = {t.name: np.asarray(values[t.name]) for t in formula.with_role("input")}
    return evaluate_formula(formula.equations, given, sizes, {}, numpy_backend())[formula.output.name]


def softplus(z: np.ndarray) -> np.ndarray:
    return np.log(1 + np.exp(z))


CASES = {
    "norm2(X @ w - y)**2 + c * w.T @ w": np.linalg.norm(X @ w - y) ** 2 + c * w @ w,
    "X @ w - y": X @ w - y,
    "x.T @ A @ x": x @ A @ x,
    "x @ w.T": np.outer(x, w),
    "outer(x, w) * A": np.outer(x, w) * A,
    "dot(x, w)": x @ w,
    "X.T @ (y * (X @ w))": X.T @ (y * (X @ w)),
    "sum(log(1 + exp(-y * (X @ w))))": softplus(-y * (X @ w)).sum(),
    "trace(A @ W @ X)": np.trace(A @ W @ X),
    "tr(A)": np.trace(A),
    "det(A)": np.linalg.det(A),
    "logdet(X @ W @ (X @ W).T)": np.linalg.slogdet(X @ W @ (X @ W).T)[1],
    "inv(A)": np.linalg.inv(A),
    "inv(A + c * I) @ x": np.linalg.solve(A + c * np.eye(N), x),
    "solve(A, W)": np.linalg.solve(A, W),
    "inv(inv(A) + A.T)": np.linalg.inv(np.linalg.inv(A) + A.T),
    "power(A, 3)": A @ A @ A,
    "A**2": A**2,
    "diag(A)": np.diag(A),
    "diag(x)": np.diag(x),
    "diag(diag(A)) @ x": np.diag(A) * x,
    "transpose(X) @ y": X.T @ y,
    "Xᵀ @ y": X.T @ y,
    "X ⊙ Z": X * Z,
    "X + r": X + r,
    "X + y": X + y[:, None],
    "X * r / alpha": X * r / alpha,
    "r @ x": r @ x,
    "r.T * x": r * x,
    "sum(X, 0)": X.sum(0),
    "sum(X, 1)": X.sum(1),
    "sum(X) - mean(Z)": X.sum() - Z.mean(),
    "normF(X - Z)": np.linalg.norm(X - Z),
    "norm2(x) * norm1(w)": np.linalg.norm(x) * np.abs(w).sum(),
    "max(X, Z) - min(x, c).T": np.maximum(X, Z) - np.minimum(x, c),
    "sin(c)**2 + pi": np.sin(c) ** 2 + np.pi,
    "2 - -X": 2 + X,
    "trace(I @ A)": np.trace(A),
    "y.T @ sin(X + Z) @ exp(w)": y @ np.sin(X + Z) @ np.exp(w),
}


@pytest.mark.parametrize("text", CASES)
def test_the_value_is_what_numpy_computes(text: str) -> None:
    stated = {name: tuple(axes) for name, axes in SHAPES.items()}
    expected = np.asarray(CASES[text])
    found = value(read_matrices(text, stated))
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("norm2(X @ w - y)**2 + c * w.T @ w", "X=m,n w=n y=m c="),
        ("X @ w", "X=m,n w=n"),
        ("trace(X @ B)", "X=m,n B=n,m"),
        ("x.T @ A @ x + b.T @ x", "x=m A=m,m b=m"),
        ("inv(A) @ B", "A=m,m B=m,n"),
        ("sum((x - a) * x)", "x=m a=m"),
        ("exp(-x**2 / 2)", "x="),
        ("x.T @ y", "x=m y=m"),
        ("alpha * X + lam * I", "alpha= X=m,m lam="),
        ("norm2(x) * q", "x=m q="),
    ],
)
def test_shapes_that_are_not_stated_are_found(text: str, shapes: str) -> None:
    formula = read_matrices(text)
    found = " ".join(f"{t.name}={','.join(map(str, t.axes))}" for t in formula.with_role("input"))
    assert found == shapes


def test_a_name_for_the_result_and_functions_of_the_callers() -> None:
    formula = read_matrices("delta = (W @ d) * f'(z)", {"z": ("n",), "d": ("m",)}, functions={"f'": lambda e: 2 * e})
    assert str(formula.equations[0]) == "delta[i] = 2*z[i]*sum[j](d[j]*W[i,j])"


def test_equal_inverses_are_one_tensor() -> None:
    formula = read_matrices("trace(inv(A) @ inv(A)) + det(A) + trace(inv(A.T + A) @ inv(A.T + A))")
    assert [e.target.tensor for e in formula.equations] == ["A_inv", "A_det", "M", "M_inv", "C"]


REFUSED = {
    "": "the expression is empty",
    "X @": "not an expression",
    "X .* Y": "by elements are `*`",
    "x @ A @ x": "a vector is a column",
    "X @ W @ X + y * (A @ w)": "`y` may be a number or a vector",
    "X @ w * y": "--shape y=n",
    "X[i,j] @ w": "indices do not stand between matrices",
    "trace(X @ w)": "needs a square matrix",
    "norm2(X)": "the Frobenius norm of a matrix is `normF(...)`",
    "X**-1": "the inverse of `X` is `inv(...)`",
    "trase(X)": "did you mean `trace`?",
    "trace": "`trace` is a function",
    "X.U": "`.T` is the transpose",
    "trace(A, B)": "takes 1 argument",
    "c @ w": "a vector is a column",
    "2 @ w": "`2` is a number",
    "x / (1 - 1)": "division by 0",
    "9**9**9 * x": "a number this large",
    "power(A, 99)": "a whole number from 2 to 8",
    "x = x + 1": "stands on the left and on the right",
    "a.b(x)": "is called by its name",
    "f(x=1)": "expected a name before `=`",
    "__import__('os')": "is not a name",
    "(lambda: 0) + X": "a function of its own",
    "X @ 'a'": "is not a number",
    "True * X": "is not a number",
    "1e400 * X": "out of range",
    "é + X": "is not part of the language",
    "(" * 50 + "X" + ")" * 50: "nested deeper",
    "+".join(["X"] * 300): "parts",
    "X" * 3000: "characters",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_read_is_refused_in_words(text: str) -> None:
    with pytest.raises(FormulaError) as caught:
        read_matrices(text)
    assert REFUSED[text] in str(caught.value)
    assert len(str(caught.value)) < 700


def test_stated_shapes_are_compared() -> None:
    with pytest.raises(FormulaError, match=r"`X @ w`: `X` is m x n and `w` is m x 1"):
        read_matrices("X @ w", {"X": ("m", "n"), "w": ("m",)})
    with pytest.raises(FormulaError, match="expected equal shapes"):
        read_matrices("X + Z", {"X": ("m", "n"), "Z": ("n", "m")})
    with pytest.raises(FormulaError, match="is no size"):
        read_matrices("X + Z", {"X": ("m", "1+1")})
    with pytest.raises(FormulaError, match="3 axes"):
        read_matrices("X + Z", {"X": ("m", "n", "p")})
