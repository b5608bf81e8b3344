"""`symbp diff`: formats, shapes, and messages in place of tracebacks."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from symbp.cli import main
from symbp.expression.read import read_expression


def run(*arguments: str) -> tuple[int, str]:
    outcome = CliRunner().invoke(main, ["diff", *arguments])
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit)
    return outcome.exit_code, outcome.output


def test_text_is_the_default_and_ends_with_the_code() -> None:
    status, output = run("norm2(X @ w - y)**2 + c * w.T @ w", "--wrt", "w")
    assert status == 0
    assert "∂C/∂w = 2·c·w + 2·Xᵀ·(X·w − y)" in output
    assert output.index("Step by step") < output.index("The result") < output.index("def gradient(X, w, y, c):")


@pytest.mark.parametrize(
    ("form", "sign"), [("latex", r"\documentclass"), ("markdown", "# The gradient"), ("code", "import")]
)
def test_other_formats(form: str, sign: str) -> None:
    status, output = run("x.T @ A @ x", "--wrt", "x", "--format", form)
    assert status == 0
    assert sign in output


def test_a_shape_is_asked_for_and_taken() -> None:
    status, output = run("sum(log(1 + exp(-y * (X @ w))))", "--wrt", "w")
    assert status == 2
    assert "--shape y=1" in output
    status, output = run("sum(log(1 + exp(-y * (X @ w))))", "--wrt", "w", "--shape", "y=m", "--format", "code")
    assert status == 0
    assert "y: (m,)" in output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["x + ", "--wrt", "x"], "not an expression"),
        (["x * x", "--wrt", "x", "--shape", "x"], "is no shape"),
        (["x * x", "--wrt", "x", "--shape", "x=2"], "is no size"),
        (["x.__class__", "--wrt", "x"], "`.T` is the transpose"),
        (["x" * 9000, "--wrt", "x"], "characters"),
    ],
)
def test_mistakes_are_messages(arguments: list[str], said: str) -> None:
    status, output = run(*arguments)
    assert status == 2
    assert said in output


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("(X@w - y)'@(X@w - y) + lambda * w'@w", "(X@w - y).T@(X@w - y) + lambda_ * w.T@w"),
        ("norm2(X^T @ w)^2 / λ", "norm2(X.T @ w)**2 / lambda_"),
        ("w^{T} @ w² + α", "w.T @ w**2 + alpha"),
        ("sum[i](w[i]^2)/lambda", "sum[i](w[i]**2)/lambda_"),
    ],
)
def test_what_people_type(typed: str, same: str) -> None:
    """Transposes, powers and Greek letters as in mathematics and in other languages."""
    assert read_expression(typed) == read_expression(same)


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("x^T A x", "of matrices `A @ B`"),
        ("||X @ w||", "`norm2(x)`"),
        ("y.*(X@w)", "a product of matrices is `A @ B`"),
        (r"\frac{1}{x}", "no LaTeX"),
        ("norm2(A*x-y)", "a product of matrices is `@`"),
    ],
)
def test_hints(typed: str, hint: str) -> None:
    status, output = run(typed, "--wrt", "x")
    assert status == 2
    assert hint in output


def test_products_by_elements_of_matrices_are_told() -> None:
    assert "a product of matrices is A @ x" in run("tr(A*X*B)", "--wrt", "X")[1]
    assert "by elements" not in run("tr(A@X@B) * c", "--wrt", "X")[1]


def test_an_expression_may_begin_with_a_minus_sign() -> None:
    status, output = run("-sum(log(x))", "--wrt", "x")
    assert status == 0
    assert "∂C/∂x = −1/x" in output
    assert run("-h")[1].startswith("Usage")
    assert run("--wrd", "x", "-x")[0] == 2


@pytest.mark.parametrize(
    ("text", "wrt", "result"),
    [("sigmoid(w.T @ x + b)", "w", "C · xᵢ · (1 − C)"), ("log(1 + exp(z))", "z", "−expm1(−C)"), ("1/x", "x", "−C²")],
)
def test_numbers_are_saved_values_too(text: str, wrt: str, result: str) -> None:
    assert result in run(text, "--wrt", wrt)[1]


def test_what_functions_are_of_is_named_and_stable() -> None:
    output = run("log(1 + exp(w.T @ x))", "--wrt", "w")[1]
    assert "z_C = Σᵢ wᵢ · xᵢ" in output
    assert "return -np.expm1(-C) * x" in output
    assert "z_f[i] = Σⱼ Aᵢⱼ · xⱼ" in run("tanh(A @ x)", "--wrt", "x")[1]


def test_chain_rules_on_the_way_forward() -> None:
    output = " ".join(run("sigmoid(w.T @ x)", "--wrt", "w", "--order", "2")[1].split())
    assert "∂C/∂w depends on w through C:" in output
    assert output.count("C depends on w through z_C:") == 2
    output = " ".join(run("y[i] = tanh(sum[j](A[i,j]*x[j]))*x[i]", "--wrt", "x")[1].split())
    assert "y reads x itself, and depends on it through z_y too" in output
