"""The claims of the founding article: its errors are found, and what is right in it is proven."""

from __future__ import annotations

from pathlib import Path

import pytest

from symbp.audit.run import Audit, audit

CLAIMS = Path(__file__).parents[2] / "specs" / "claims" / "backpropagation_article.yaml"


@pytest.fixture(scope="module")
def article() -> tuple[Audit, ...]:
    return audit(CLAIMS)


def test_three_claims_are_wrong_and_the_rest_is_proven(article: tuple[Audit, ...]) -> None:
    verdicts = [
        (v.status, " ".join(v.statement.text.split())) for each in article for a in each.audited for v in a.verdicts
    ]
    wrong = {text for status, text in verdicts if status == "wrong"}
    assert wrong == {
        r"\delta^l = ((W^{l+1})^T \delta^{l+1}) \odot f'(z^l)",
        r"\nabla_{W^l} C = \delta^l (a^{l-1})^T",
        r"\delta = \frac{\partial C}{\partial a} \cdot \frac{\partial a}{\partial z}"
        r" = (\hat{y} - y) \cdot \mathbb{1}_{z > 0}",
    }
    assert {status for status, text in verdicts if text not in wrong} == {"proven"}


def test_the_transposes_are_right_for_the_other_convention(article: tuple[Audit, ...]) -> None:
    found = [v for a in article[0].audited for v in a.verdicts if v.status == "wrong"]
    assert len(found) == 4, "the deltas and the weights of two hidden layers"
    for verdict in found:
        assert verdict.diagnosis.kind == "transpose"
        assert verdict.diagnosis.right_for == ("right for z = W a + b (nielsen)",)
        assert verdict.reason, "layers are rectangular"


def test_the_output_layers_gradients_are_missed(article: tuple[Audit, ...]) -> None:
    assert article[0].missing == ("W3", "b3")


def test_the_example_is_that_of_the_squared_error(article: tuple[Audit, ...]) -> None:
    chained, mistaken = article[1].audited[0].verdicts
    assert (chained.status, mistaken.status) == ("proven", "wrong")
    assert set(mistaken.diagnosis.right_for) >= {
        "right for the squared error ½(a - y)²",
        "without the indicator, right for a sigmoid as the activation of z",
    }
    assert mistaken.shown is not None
    assert mistaken.shown.claimed != mistaken.shown.right
    assert article[1].undefined > 0.2, "a ReLU is no probability"
    assert any("a = 0" in at for at in article[1].undefined_at)
