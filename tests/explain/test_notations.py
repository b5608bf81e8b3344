"""The same derivation in every notation: what is turned, what is left out, what things are called."""

from __future__ import annotations

import re
from functools import cache

import pytest
from explained import dense, network, use

from symbp.derive.derivation import Derivation
from symbp.explain.choices import Choices
from symbp.explain.notations import NOTATIONS
from symbp.targets.explanation import render


@cache
def classifier() -> Derivation:
    """Two layers of neurons: tanh, then a sigmoid with the binary cross-entropy."""
    tanh = use("activation", "tanh")
    return network("classifier", (4,), [dense(3), tanh, dense(1)], "bce_with_logits")


LINES = {
    "article": (
        "z⁽²⁾ = W⁽²⁾ᵀ·a⁽¹⁾ + b⁽²⁾",
        "δ⁽¹⁾ = (W⁽²⁾·δ⁽²⁾) ⊙ tanh′(z⁽¹⁾)",
        "∂C/∂W⁽²⁾ = a⁽¹⁾·δ⁽²⁾ᵀ",
        "∂C/∂b⁽²⁾ = δ⁽²⁾",
    ),
    "nielsen": (
        "z² = w²·a¹ + b²",
        "δ¹ = (w²ᵀ·δ²) ⊙ tanh′(z¹)",
        "∂C/∂w² = δ²·a¹ᵀ",
        "∂C/∂b² = δ²",
        "δ = ∇ₐ C ⊙ (1 − a ⊙ a)",
    ),
    "ng": (
        "Z^[2] = W^[2]·A^[1] + b^[2]",
        "dZ^[2] = 1/Nⱼ·(A^[2] − Y)",
        "dZ^[1] = (W^[2]ᵀ·dZ^[2]) ⊙ tanh′(Z^[1])",
        "dW^[2] = 1/m·dZ^[2]·A^[1]ᵀ",
        "db^[2] = 1/m·Σₙ dZ^[2]",
    ),
    "rows": (
        "Z⁽²⁾ = A⁽¹⁾·W⁽²⁾ + b⁽²⁾",
        "dX = dout·Wᵀ",
        "dW = Xᵀ·dout",
        "db = Σₙ dout",
        "dZ⁽¹⁾ = (dZ⁽²⁾·W⁽²⁾ᵀ) ⊙ (1 − A⁽¹⁾ ⊙ A⁽¹⁾)",
    ),
    "torch": (
        "Z⁽²⁾ = A⁽¹⁾·W⁽²⁾ᵀ + b⁽²⁾",
        "∂L/∂Z⁽¹⁾ = (∂L/∂Z⁽²⁾·W⁽²⁾) ⊙ (1 − A⁽¹⁾ ⊙ A⁽¹⁾)",
        "∂L/∂W⁽²⁾ = (∂L/∂Z⁽²⁾)ᵀ·A⁽¹⁾",
    ),
    "index": ("∂C/∂W⁽²⁾ᵢⱼ = Σₙ δ⁽²⁾ₙⱼ · a⁽¹⁾ₙᵢ", "∂C/∂a⁽¹⁾ₙᵢ = Σⱼ δ⁽²⁾ₙⱼ · W⁽²⁾ᵢⱼ"),
}


@pytest.mark.parametrize("notation", LINES)
def test_a_network_of_neurons_is_written_as_the_notation_writes_it(notation: str) -> None:
    text = render(classifier(), "text", Choices(notation=notation))
    plain = re.sub(r" +", " ", text).replace("( ", "(").replace(" )", ")")
    dense_products = plain.replace("· ", "·").replace(" ·", "·")
    for line in LINES[notation]:
        assert line in plain or line in dense_products, line


@pytest.mark.parametrize("notation", NOTATIONS)
def test_the_notation_in_use_is_named_first(notation: str) -> None:
    text = " ".join(render(classifier(), "text", Choices(notation=notation)).split())
    assert f"The notation is {notation}:" in text[:300]
