"""What is said of claims: proven, equal, wrong with shapes, the derived expression and a counterexample."""

from __future__ import annotations

from pathlib import Path

import pytest
from audited import judged

from symbp.audit.build import settings_of
from symbp.audit.claims import parse_claims
from symbp.audit.judge import Verdict
from symbp.audit.layout import LAYOUTS
from symbp.audit.points import POINTS
from symbp.errors import UserError

THREE_LAYERS = """
network:
  input: 4
  layers:
    - dense: {units: 3, activation: sigmoid}
    - dense: {units: 5, activation: relu}
    - dense: 10
  loss: softmax_cross_entropy
"""


@pytest.fixture
def verdict(tmp_path: Path):
    def of(claim: str, setting: str = THREE_LAYERS) -> Verdict:
        (audited,) = judged(f"{setting}\nclaims:\n  - {claim!r}\n".replace('\\"', '"'), tmp_path).audited
        (found,) = audited.verdicts
        return found

    return of


@pytest.mark.parametrize(
    "claim",
    [
        "delta3 = a3 - y",
        "delta2 = (W3 @ delta3) * f`(z2)",
        "delta1 = (W2 @ delta2) * a1 * (1 - a1)",
        "delta1[j] = sum[k](W2[j,k] * delta2[k]) * sigmoid`(z1[j])",
        "grad_W1 = x @ delta1.T",
        "da3[j]/dz3[k] = a3[j] * (delta(j,k) - a3[k])",
    ],
)
def test_what_is_right_is_proven(verdict, claim: str) -> None:
    assert verdict(claim.replace("`", "'")).status == "proven"


@pytest.mark.parametrize("activation", ["silu", "gelu", "hard_swish"])  # whose formulas call other rows
def test_activations_of_several_equations(verdict, activation: str) -> None:
    setting = THREE_LAYERS.replace("relu", activation)
    assert verdict("delta2 = (W3 @ delta3) * f'(z2)", setting).status == "proven"
    assert verdict(f"a2 = {activation}(z2)", setting).status == "proven"
    assert verdict("delta2 = (W3 @ delta3) * sigmoid'(z2)", setting).status == "wrong"


def test_a_missing_transpose_is_a_matter_of_shapes(verdict) -> None:
    found = verdict("grad_W2 = delta2 @ a1.T")
    assert found.status == "wrong"
    assert found.reason == "`grad_W2` is 3 x 4, and the right side 4 x 3"
    assert found.correct == ("grad_W2 = a1 @ delta2.T",)
    assert found.shown is not None, "square layers show it in numbers"


def test_a_wrong_sign_has_a_counterexample_in_numbers(verdict) -> None:
    found = verdict("delta3 = y - a3")
    assert (found.status, found.reason) == ("wrong", "")
    assert found.correct == ("delta3 = a3 - y",)
    assert found.shown is not None
    assert found.shown.claimed == f"-{found.shown.right}" or found.shown.right == f"-{found.shown.claimed}"


def test_a_formula_between_matrices(verdict) -> None:
    formula = "formula: norm2(X @ w - y)**2"
    assert verdict("grad_w = 2 * X.T @ (X @ w - y)", formula).status == "proven"
    found = verdict("grad_w = X.T @ (X @ w - y)", formula)
    assert found.status == "wrong"
    assert found.correct == ("grad_w = 2 * (X.T @ (X @ w - y))",)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_conventions_are_what_the_page_says(layout: str) -> None:
    one = LAYOUTS[layout]
    page = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")
    examples = {"one": "one, a column", "rows": "rows", "columns": "columns"}[one.batch]
    weights = "outputs, inputs" if one.outputs_first else "inputs, outputs"
    assert f"| `{layout}` | `{one}` | {examples} | {weights} | `{one.deltas}` |" in page


JOINED = """
network:
  input: 4
  layers: [dense: 3, batch_norm, dense: 2]
  loss: mse
convention: {}
"""


@pytest.mark.parametrize("layout", LAYOUTS)
def test_of_one_example_nothing_is_proven_where_examples_depend_on_each_other(verdict, layout: str) -> None:
    setting = JOINED.format(layout)
    if LAYOUTS[layout].batch != "one":
        assert verdict("delta1 = 0 * z1", setting).status == "wrong"
        return
    with pytest.raises(UserError, match="`batch_norm_1` the examples of a batch depend on each other"):
        verdict("delta1 = 0 * z1", setting)


def test_only_matrices_of_weights_are_turned() -> None:
    text = b"""
network:
  input: {shape: [3], kind: integer, classes: 6}
  layers: [embedding: {tokens: 6, units: 4}, dense: 2]
  loss: mse
convention: nielsen
claims: [C = C]
"""
    (group,) = parse_claims(text)
    formula = settings_of(group)[0].formula
    assert [str(e) for e in formula.equations][:2] == [
        "z1[i,k] = E1[x[i],k]",
        "z2[i,l] = b2[l] + sum[k](W2[l,k]*z1[i,k])",
    ]


@pytest.mark.parametrize(
    ("formula", "claim"),
    [("mean[k](x[k]**2)", "dC/dx[k] = x[k]"), ("mean(x**2) + sum(x)", "grad_x = x + 1")],
)
def test_what_holds_at_one_length_alone_is_wrong(verdict, formula: str, claim: str) -> None:
    assert verdict(claim, f"formula: {formula}").status == "wrong"


def test_a_decimal_is_the_number_that_it_says(verdict) -> None:
    """A third is not 0.333…, however many digits there are: within rounding they are equal, and not proven to be."""
    formula = "formula: sum[k](x[k]**3) / 9"
    assert verdict("dC/dx[k] = x[k]**2 / 3", formula).status == "proven"
    assert verdict("dC/dx[k] = 0.3333333333333333 * x[k]**2", formula).status == "equal"
    assert verdict("dC/dx[k] = 0.1 * x[k]**2", "formula: sum[k](x[k]**3) / 30").status == "proven"


def test_each_tensor_of_single_ones_has_its_own(verdict) -> None:
    two = """
equations: |
  a[k] = exp(z[k]) / sum[j](exp(z[j]))
  C = -sum[k](t[k] * log(a[k])) + sum[k](u[k] * z[k])
one_hot: [t, u]
"""
    assert verdict("dC/dz[k] = a[k] - t[k] + u[k]", two).status == "proven"
    assert verdict("dC/dz[k] = a[k]", two).status == "wrong", "right only where t is u"
    with pytest.raises(UserError, match="makes a tensor `labels_t`, which there is"):
        verdict("dC/da[k] = -t[k]", "equations: C = -labels_t * sum[k](t[k] * a[k])\none_hot: t")


def test_a_factor_that_is_a_size_says_of_what(verdict) -> None:
    """`b2` has an entry for each output of the layer, and `W2` a column; its entries are more."""
    setting = THREE_LAYERS + "convention: rows"
    assert verdict("dC/db3[k] = mean[n,j](delta3[n,k] + 0 * a2[n,j]) * N", setting).status == "proven"
    found = verdict("dC/db3[k] = sum[n,j](delta3[n,k] + 0 * a2[n,j])", setting)
    assert found.diagnosis.text == "the claim is as many times as `b2` has entries times too large"


def test_points_are_found_where_only_some_shapes_have_any(verdict) -> None:
    """`X.T @ X` has an inverse where `X` has more rows than columns."""
    found = verdict("grad_X = 2 * X @ inv(X.T @ X)", "formula: logdet(X.T @ X)")
    assert (found.status, found.points) == ("equal", POINTS)


@pytest.mark.parametrize(("claim", "shown"), [("2 * exp(log(x[i])) * y[i]", "no number"), ("2 * x[i] * abs(y[i])", "")])
def test_a_counterexample_is_found_wherever_claims_fail(verdict, claim: str, shown: str) -> None:
    found = verdict(f"dC/dx[i] = {claim}", "formula: sum[i](x[i]**2 * y[i])")
    assert found.shown is not None
    assert found.shown.claimed != found.shown.right
    assert shown in found.shown.claimed


@pytest.mark.parametrize(
    ("formula", "claim", "special"),
    [
        ("x.T @ A @ x", "grad_x = 2 * A @ x", "symmetric `A`"),
        ("norm1(x)", "grad_x = x / x", "positive `x`"),
        ("sum[i](log(1 + exp(-y[i]*x[i])))", "dC/dx[i] = sigmoid(x[i]) - (1 + y[i])/2", "`y` of 1 and -1 alone"),
        ("sum[i](log(1 + exp(-y[i]*x[i])))", "dC/dx[i] = -y[i] * sigmoid(y[i]*x[i])", None),
    ],
)
def test_what_is_right_at_special_values_says_at_which(verdict, formula: str, claim: str, special: str | None) -> None:
    found = verdict(claim, f"formula: {formula}")
    assert found.status == "wrong"
    assert found.diagnosis.right_for == ((f"right for {special}",) if special else ())


def test_a_number_has_no_rows_to_add_up(verdict) -> None:
    assert verdict("grad_w = sum(2, 1) * w", "formula: norm2(X @ w - y)**2").reason == (
        "`sum(2, 1)` is of a number, which has neither rows nor columns"
    )


def test_inverses_and_determinants_are_proven_and_written_as_such(verdict) -> None:
    assert verdict("grad_A = -inv(A).T @ x @ y.T @ inv(A).T", "formula: x.T @ inv(A) @ y").status == "proven"
    assert verdict("grad_A = det(A) * inv(A).T", "formula: det(A)").status == "proven"
    found = verdict("grad_X = X @ inv(X.T @ X)", "formula: logdet(X.T @ X)")
    assert found.correct == ("grad_X = X @ inv(X.T @ X).T + X @ inv(X.T @ X)",)


SLOPES = {"sin": r"\cos(\rho z)", "cosh": r"\sinh(\rho z)", "exp": r"\exp(\rho z)", "tanh": r"(1 - \tanh(\rho z)^2)"}


@pytest.mark.parametrize("function", SLOPES)
def test_latex_has_the_functions_and_letters_that_claims_have(tmp_path: Path, function: str) -> None:
    claim = rf"\nabla_z C = \rho \odot {SLOPES[function]}"
    audited = judged(f"formula: sum({function}(rho * z))\nclaims: ['{claim}']", tmp_path).audited
    assert [v.status for each in audited for v in each.verdicts] == ["proven"]


@pytest.mark.parametrize("right", ["1[z > 0]", "1[h > 0] * 1[a > 0]", "1[a > 0]", "where(a > 0, 1, 0)"])
def test_conditions_on_computed_numbers_are_proven(verdict, right: str) -> None:
    setting = """
equations: |
  z = w*x + b
  h = relu(z)
  a = relu(h)
  C = (a - y)**2/2
"""
    assert verdict(f"dC/dz = (a - y) * {right}", setting).status == "proven"


@pytest.mark.parametrize(("slope", "claimed"), [("1[z2 >= 0]", ""), ("(a2 / z2)", "no number"), ("1[a2 > 0]", None)])
def test_a_claim_that_fails_only_at_a_kink_says_where(verdict, slope: str, claimed: str | None) -> None:
    found = verdict(f"delta2 = (W3 @ delta3) * {slope}")
    assert found.status in ("proven", "equal")
    assert (found.shown is None) == (claimed is None)
    if found.shown and claimed is not None:
        assert found.shown.right == "0"
        assert claimed in found.shown.claimed


def test_a_length_is_written_so_that_a_claim_can_say_it(verdict) -> None:
    squared = THREE_LAYERS.replace("softmax_cross_entropy", "mse")
    (right,) = verdict("delta3 = z3 - y", squared).correct
    assert right.endswith("/size(l)")
    assert verdict(right, squared).status == "proven"
