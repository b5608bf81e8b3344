"""What only stable forms hold is defined, and the letters of identities are not those of the formula's tensors."""

from __future__ import annotations

import pytest

from symbp import pipeline
from symbp.explain.choices import Choices
from symbp.spec import parse_spec

SIGMA = "σ(x) = exp(x)/(1 + exp(x))"
SOFTPLUS = "softplus(x) = max(0, x) + log1p(exp(−|x|))"


def said(layers: str, loss: str, shape: str = "5") -> str:
    spec = parse_spec(f"name: lettered\ninput: {shape}\nlayers: [{layers}]\nloss: {loss}\n")
    return " ".join(pipeline.explain(spec, pipeline.derive(spec), "text", Choices()).split())


@pytest.mark.parametrize(
    ("layers", "loss", "defined"),
    [
        ("dense: 3, tanh", "mse", set()),
        ("dense: 3, sigmoid", "mse", {SIGMA}),
        ("dense: 3", "bce_with_logits", {SIGMA, SOFTPLUS}),
    ],
)
def test_functions_of_stable_forms_are_defined_where_they_occur(layers: str, loss: str, defined: set[str]) -> None:
    text = said(layers, loss)
    assert {f for f in (SIGMA, SOFTPLUS) if f in text} == defined
    assert ("Evaluated without overflow, " in text) == bool(defined)


def test_an_identity_has_letters_of_its_own() -> None:
    text = said("dense: 4", "gaussian_nll")
    assert "cancellation: u² · exp(x) = (u · exp(x/2))²." in text


def test_the_maximum_of_an_identity_is_stated() -> None:
    assert "(Σₖ exp(fₖ − m)). Here m = maxₖ fₖ." in said("dense: 3", "softmax_cross_entropy")
    attention = said("multi_head_attention: {heads: 2, causal: true}, flatten, dense: 2", "mse", "[3, 4]")
    assert "exp(g − w)/(Σₖ exp(fₖ − w)). Here w = maxₖ fₖ." in attention
