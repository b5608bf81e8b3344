"""`symbp audit`: its exit status, and messages in place of tracebacks."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from symbp.cli import main

FORMULA = "formula: norm2(X @ w - y)**2\n"


def run(folder: Path, text: str, *options: str) -> tuple[int, str]:
    path = folder / "claims.yaml"
    path.write_text(text, encoding="utf-8")
    outcome = CliRunner().invoke(main, ["audit", str(path), *options])
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit)
    return outcome.exit_code, outcome.output


def test_right_claims_exit_with_0(tmp_path: Path) -> None:
    status, output = run(tmp_path, FORMULA + "claims: [grad_w = 2 * X.T @ (X @ w - y)]")
    assert status == 0
    assert "✓ proven" in output
    assert "1 claim: 1 proven, 0 equal at random points, 0 wrong" in output


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_wrong_claims_exit_with_1(tmp_path: Path, form: str) -> None:
    status, output = run(tmp_path, FORMULA + "claims: [grad_w = X.T @ (X @ w - y)]", "--format", form)
    assert status == 1
    assert "grad_w = 2 * (X.T @ (X @ w - y))" in output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("claims: []", "expected one of `network`, `formula` and `equations`"),
        (FORMULA + "claim: []", "did you mean `claims`?"),
        (FORMULA + "claims: [grad_v = X]", "claims.yaml:2: claims[0]: `grad_v` is no quantity here"),
        (FORMULA + "claims: [grad_w = Xx.T @ y]", "did you mean"),
        (FORMULA + "claims: [grad_w]", "a claim is an equation"),
        (FORMULA + "claims: [grad_w = X.shape]", "`.T` is the transpose"),
        (FORMULA + "claims: ['grad_w = __import__(1)']", "is not a name"),
        (FORMULA + "claims: ['grad_w = 9**9**9']", "an exponent is a number up to 8"),
        (FORMULA + "claims: ['grad_w = (lambda: 0)']", "is not part of the language"),
        (FORMULA + "complete: true\nclaims: [grad_w = w]", "parameters are a network's"),
        ("network: nowhere.yaml\nclaims: [a = b]", "cannot read the spec"),
    ],
)
def test_mistakes_are_messages(tmp_path: Path, text: str, said: str) -> None:
    status, output = run(tmp_path, text)
    assert status == 2
    assert said in output


@pytest.mark.parametrize(
    ("right", "said"),
    [
        ("1_{" * 230 + "y" + "}" * 230, "nested deeper than 40"),
        (r"\ln" * 300 + " y", "nested deeper than 40"),
        (r"\sqrt{" * 130 + "y" + "}" * 130, "nested deeper than 40"),
        ("y" + " + y" * 200, "at most 300 are read"),
        ("y^{99}", "an exponent is a number up to 8"),
        (r"\frac{" + "9" * 300 + "}{2} y", "is too large"),
        (r"\hat{(((} y", "is not a name"),
    ],
)
def test_latex_has_the_limits_of_other_claims(tmp_path: Path, right: str, said: str) -> None:
    status, output = run(tmp_path, rf"{FORMULA}claims: ['grad_w = 1 \cdot {right}']")
    assert status == 2
    assert said in output


SOFTMAX = "formula: p[i] = exp(z[i]) / sum[k](exp(z[k]))\n"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (SOFTMAX + r"claims: ['\frac{\partial p_i}{\partial z_j} = p_i(\delta_{ij} - p_j)']", "✓ proven"),
        (SOFTMAX + "claims: ['dp[i]/dz[j] = p[i]*(delta[i,j] - p[j])']", "✓ proven"),
        (SOFTMAX + "claims: [dp/dz = diag(p) - p @ p.T]", "✓"),
        (SOFTMAX + "claims: [dp/dz = diag(p)]", "✗ wrong"),
        ("formula: y = tanh(A @ x)\nclaims: [dy/dx = diag(1 - y**2) @ A]", "✓"),
        ("formula: y = A @ x\nclaims: [dy/dx = A.T]", "`A.T` should be `A`"),
        (FORMULA + "claims: [dL/dw = 2 * X.T @ (X @ w - y)]", "✓ proven"),
        (FORMULA + r"claims: ['\nabla_w J = 2 X^T (X w - y)']", "✓ proven"),
    ],
)
def test_jacobians_kronecker_deltas_and_names_of_the_cost(tmp_path: Path, text: str, verdict: str) -> None:
    status, output = run(tmp_path, text)
    assert verdict in output
    assert status == (0 if verdict[0] == "✓" else 1)


def test_an_example_shows_what_a_jacobian_is_computed_from(tmp_path: Path) -> None:
    assert "p = [" in run(tmp_path, SOFTMAX + "claims: ['dp[i]/dz[j] = -p[i]*p[j]']")[1]


def test_what_cannot_be_read_hides_no_verdict(tmp_path: Path) -> None:
    network = "network: {input: 2, layers: [dense: 3], loss: mse}\n"
    status, output = run(tmp_path, network + "claims: [grad_b = delta, grad_W = x.shape]\ncomplete: true")
    assert status == 2
    assert "✓ proven" in output
    assert "claims.yaml:2: claims[1]: `.shape` is not part of the language" in output
    assert "missing" not in output


@pytest.mark.parametrize("convention", ["nielsen", "rows", "ng"])
def test_softmax_is_over_the_neurons_of_an_example(tmp_path: Path, convention: str) -> None:
    network = "network: {input: 4, layers: [dense: 3], loss: softmax_cross_entropy}\n"
    status, output = run(tmp_path, f"{network}convention: {convention}\nclaims: [a = softmax(z), yhat = softmax(z)]")
    assert status == 0
    assert output.count("✓ proven") == 2


def test_jacobians_are_derived_to_the_end(tmp_path: Path) -> None:
    output = run(tmp_path, "formula: softmax(z)\nclaims: [df/dz = softmax(z) * (1 - softmax(z))]")[1]
    assert "derived                 df[i]/dz[" in output
    assert "D_" not in output
