"""Single expressions: the results that are expected, steps that hold, code that is refused where it is wrong."""

from __future__ import annotations

import ast
from dataclasses import replace

import numpy as np
import pytest

from symbp.derive.derivation import DerivationError
from symbp.errors import UserError
from symbp.explain.choices import Choices
from symbp.expression.check import WrongDerivativeError, check
from symbp.expression.read import read_expression
from symbp.expression.run import diff
from symbp.formula.expression import Partial, elements
from symbp.targets.explanation import WRITERS
from symbp.targets.load import load_source
from symbp.verify.steps import check_formula, check_steps

LOGISTIC = "sum[i](log(1 + exp(-y[i]*sum[j](X[i,j]*w[j]))))"
SQUARES = "norm2(X @ w - y)**2 + c * w.T @ w"
CODES = {  # what is differentiated, by what, of which order -> the last line of the function
    (LOGISTIC, "w", 1): "return -X.T @ (y * _logistic(-y * (X @ w)))",
    (SQUARES, "w", 1): "return 2 * c * w + 2 * (X.T @ (X @ w - y))",
    (SQUARES, "w", 2): "return 2 * c * np.eye(n) + 2 * (X.T @ X)",
    (SQUARES, "X", 1): "return 2 * np.outer(X @ w - y, w)",
    ("logdet(X.T @ X)", "X", 1): "return X @ M_inv.T + X @ M_inv",
    ("trace(A @ X @ B @ X.T @ C)", "X", 1): "return C @ A @ X @ B + A.T @ C.T @ X @ B.T",
    ("log(sum(exp(A @ x)))", "x", 1): "return A.T @ t1 / np.sum(t1)",
    ("x.T @ A @ x / (x.T @ x)", "A", 1): "return np.outer(x, x) / (x @ x)",
    ("sum(x)", "x", 1): "return np.ones(m)",
    ("sum(x)", "x", 2): "return np.zeros((m, m))",
    ("y[i] = sum[k](A[i,k]*x[k])", "x", 1): "return A",
    ("relu(W @ x + b)", "b", 1): "return np.eye(m) * np.where(",
    ("T[i,j,k] = a[i]*b[j]*c[k]", "b", 1): "return np.einsum(",
}


@pytest.mark.parametrize(("text", "wrt", "order"), CODES)
def test_the_code_is_what_a_person_would_write(text: str, wrt: str, order: int) -> None:
    code = diff(text, wrt, order=order).code
    last = next(line.strip() for line in code.splitlines() if line.startswith("    return"))
    expected = CODES[text, wrt, order]
    assert last.startswith(expected) if expected.endswith("(") else last == expected
    imports = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [alias.name for node in imports for alias in node.names] == ["numpy"]


RANKS = {  # beyond matrices: windows, labels, a maximum, a tensor of rank 3, a constant
    "sum[p](v[p]*max(0, sum[u](x[p+u]*w[u])))": "w",
    "sum[n](log(sum[v](exp(E[tok[n],v]))) - E[tok[n],y[n]])": "E",
    "sum[i](max[j](A[i,j]*x[j])**2)": "x",
    "sum[i,j,k](T[i,j,k]*a[i]*b[j]*c[k])": "T",
    "z[i] = tanh(sum[j](W[i,j]*x[j])); sum[i](stop(z[i])*z[i])": "W",
    "sum[i](sigmoid(a[i])*erf(a[i]))": "a",
    "sum(abs(A @ x) + max(x.T @ B, 0))": "x",
}


@pytest.mark.parametrize("text", RANKS)
@pytest.mark.parametrize("order", [1, 2])
def test_beyond_matrices(text: str, order: int) -> None:
    assert diff(text, RANKS[text], order=order).error < 1e-12


STEPS = {
    SQUARES: "w",
    "logdet(X.T @ X)": "X",
    "trace(inv(X + A) @ B)": "X",
    "det(A @ A.T + A)": "A",
    "log(sum(exp(A @ x)))": "x",
    "y.T @ inv(A) @ inv(A) @ y": "A",
}


@pytest.mark.parametrize("text", STEPS)
def test_every_step_holds(text: str) -> None:
    result = diff(text, STEPS[text]).result
    assert result.gradient is not None
    readings = check_formula(result.gradient)
    rule = "implicit" if "inv" in text else "expand" if "det" in text else "differentiate"
    assert rule in {r.rule for r in readings}
    assert [r for r in readings if not r.passed] == []


@pytest.mark.parametrize("text", [SQUARES, "log(sum(exp(A @ x)))", LOGISTIC])
def test_steps_of_second_derivatives_hold(text: str) -> None:
    jacobian = diff(text, "x" if "x" in text and "@ x" in text else "w", order=2).result.jacobian
    assert jacobian is not None
    steps = [s for d in jacobian.derivatives for s in d.steps if not s.before.has(Partial)]
    held = [s for s in steps if not any(e.tensor not in jacobian.formula.tensors for e in elements(s.before))]
    formula = replace(jacobian.formula, equations=jacobian.forward)
    readings = check_steps(held, formula)
    assert readings
    assert [r for r in readings if not r.passed] == []


@pytest.mark.parametrize("order", [1, 2])
def test_code_that_is_wrong_is_refused(order: int) -> None:
    found = diff("trace(A @ power(X, 2)) + det(X)", "X", order=order)
    head, last = found.code.rsplit("return ", 1)
    with pytest.raises(WrongDerivativeError, match="disagrees with differences"):
        check(found.result, f"{head}return 1.0001 * ({last.strip()})\n", found.name)
    with pytest.raises(WrongDerivativeError):
        check(found.result, f"{head}return ({last.strip()}).T\n", found.name)


def test_code_does_not_overflow_where_the_value_does_not() -> None:
    large = np.array([1000.0, -1000.0, 0.0])
    for text, order in (("log(sum(exp(A @ x)))", 1), ("log(sum(exp(A @ x)))", 2), ("sum(log(1 + exp(A @ x)))", 2)):
        found = diff(text, "x", order=order)
        function = getattr(load_source(found.code, found.name), found.name)
        with np.errstate(all="raise", under="ignore"):
            assert np.isfinite(function(np.eye(3), large)).all()


@pytest.mark.parametrize("form", WRITERS)
def test_every_format_says_result_and_code(form: str) -> None:
    page = diff(SQUARES, "w", order=2).render(form, Choices(level="full"))  # type: ignore[arg-type]
    assert "hessian" in page
    assert "Contract deltas" in page


def test_the_page_names_what_the_text_names() -> None:
    """No name of the engine's own: the result is f beside a C, and derivatives are fractions."""
    page = diff("trace(inv(A) @ C) + sum(z * z)", "z", shapes={"z": ("n",)}).render()
    assert "∂f/∂zⱼ = 2 · zⱼ" in page
    assert "δ" not in page
    page = diff("tanh(W @ x)", "x").render()
    assert "D_" not in page
    assert "∂fᵢ/∂x" in page


def test_a_hessian_is_written_as_usual() -> None:
    page = diff("x.T @ A @ x", "x", order=2).render()
    assert "∂²C/∂xᵢ∂xₖ = Aᵢₖ + Aₖᵢ" in page
    assert "∂²C/∂x∂xᵀ = A + Aᵀ" in page
    assert "∂²C/∂x² = 6 · x" in diff("x**3", "x", order=2).render()
    assert r"\frac{\partial^2 C}{\partial x \, \partial x^{\top}}" in diff("x.T @ A @ x", "x", order=2).render("latex")


def test_inverses_are_written_as_such_in_index_notation_too() -> None:
    found = diff("trace(inv(X + A) @ B)", "X")
    page = found.render()
    assert "∂C/∂Xᵢⱼ = −Σₖ Σₗ Bₖₗ · (M⁻¹)ⱼₖ · (M⁻¹)ₗᵢ" in page
    assert "M_inv" not in page.partition("import numpy")[0]
    assert "(M^{-1})_{jk}" in found.render("latex")


NESTED = {  # what grows with every level where it is written out
    "max(max(max(max(x, y), z), x*y), z*y)": "x",
    "max(x, max(x**2, max(x**3, x**4)))": "x",
    "relu(relu(relu(x)))": "x",
    "x**x**x**x": "x",
    "1/exp(exp(exp(exp(exp(exp(x))))))": "x",  # numbers of 10**(10**6) digits in the check
}


@pytest.mark.parametrize("text", NESTED)
def test_nested_functions(text: str) -> None:
    assert diff(text, NESTED[text]).error < 1e-8


ACTIVATIONS = {  # of several equations, or of a whole axis
    "y.T @ log_softmax(W @ x)": "return W.T @ (y - np.sum(y) * np.exp(log_softmax))",
    "softmax(x)": "return (np.eye(m) - softmax) * softmax[:, None]",
    "trace(Y.T @ softmax(x @ w.T))": "",
    "gelu(x) + mish(x)": "",
}


@pytest.mark.parametrize("text", ACTIVATIONS)
def test_activations_between_matrices(text: str) -> None:
    found = diff(text, "x")
    assert found.error < 1e-12
    assert ACTIVATIONS[text] in found.code


def test_a_comment_is_no_part_of_the_text() -> None:
    found = diff("sum(x * x)  # spoken \x1b[31m", "x")
    assert all("spoken" not in found.render(form) for form in WRITERS)  # type: ignore[arg-type]


REFUSED = {
    ("x**0 + y", "x", 1): "`C` does not depend on `x`: its gradient is 0",
    ("3", "x", 1): "it has nothing but numbers",
    ("y[i] = x[3*i]", "x", 1): "nothing says how many values index `i` takes",
    ("sum[i,j](X[flat(i,j)]*Y[i,j])", "X", 1): "two indices in one place",
    ("h[t] = tanh(x[t] + w*h[t-1]); sum[t](h[t])", "w", 1): "it steps along an index",
    ("softmax(x, y)", "x", 1): "`softmax` takes 1 argument, got 2",
    ("exp(exp(exp(exp(exp(exp(x))))))", "x", 1): "not finite at random values",
    ("x.T @ A @ x", "v", 1): "has no `v`; it has `x`, `A`",
    ("x.T @ A @ x", "xx", 1): "did you mean `x`",
    ("x.T @ A @ x", None, 1): "say by what to differentiate",
    ("A @ x", "x", 2): "is no number",
    ("sum[n](E[tok[n],0])", "tok", 1): "whole numbers",
    ("A[i,k]*x[k]", "x", 1): "put it on the left, as in `C[i,k] = ...`",
    ("sum[i](A[i]*A[i,i])", "A", 1): "2 indices here and 1 elsewhere",
    ("sum[i](x[i]) + undefined(y)", "x", 1): "is not a function of the language",
    ("sum[i](x.real[i])", "x", 1): "a name with a dot",
    ("sum[i](__import__('os')[i])", "x", 1): "",
    ("d_x * d_x", "d_x", 1): "a name of the derivation's own",
    ("np * np", "np", 1): "means something else in NumPy code",
    ("sum[t](h[t]); h[t] = tanh(h[t-1] + x[t])", "x", 1): "",
    ("log(-1 - x**2)", "x", 1): "cannot be checked",
}


@pytest.mark.parametrize(("text", "wrt", "order"), REFUSED)
def test_what_cannot_be_done_is_refused_in_words(text: str, wrt: str | None, order: int) -> None:
    with pytest.raises((UserError, DerivationError)) as caught:
        diff(text, wrt, order=order)
    assert REFUSED[text, wrt, order] in str(caught.value)


def test_shapes_are_of_matrices_alone() -> None:
    with pytest.raises(UserError, match="between matrices"):
        read_expression("sum[i](x[i])", {"x": ("n",)})
