"""The same derivation in every notation: what is turned, what is left out, what things are called."""

from __future__ import annotations

import re
from functools import cache

import pytest
from explained import dense, network, use

from symbp.derive.derivation import Derivation
from symbp.explain.choices import Choices
from symbp.explain.document import Derived, Equations
from symbp.explain.notations import NOTATIONS
from symbp.explain.numbering import numbering
from symbp.explain.outline import explain
from symbp.targets.explanation import render
from symbp.targets.pdf.engine import compile_latex, find_engine


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


def test_examples_that_depend_on_each_other_are_a_batch_of_columns_and_it_is_said_why() -> None:
    derivation = network("together", (4,), [dense(3), use("layer", "batch_norm"), dense(2)], "mse")
    text = " ".join(render(derivation, "text", Choices(notation="nielsen")).split())
    assert "by batch_norm the examples of a batch depend on each other, so here it is a whole batch" in text
    assert "Z¹ = w¹·X + b¹·𝟏ᵀ" in text


def test_a_cost_that_is_no_mean_is_divided_by_nothing() -> None:
    derivation = network("summed", (4,), [dense(2)], use("loss", "mse", reduction="sum"))
    text = " ".join(render(derivation, "text", Choices(notation="ng")).split())
    assert "J is none, so nothing is divided" in text
    assert "dW^[1] = dZ^[1]·Xᵀ" in text
    text = " ".join(render(derivation, "text", Choices(notation="article")).split())
    assert "the cost of a batch is the sum of these" in text


def test_a_step_that_is_about_the_batch_alone_is_told_with_the_one_before() -> None:
    document = explain(classifier(), Choices(level="full", notation="article"))
    steps = [part for part in document.parts if isinstance(part, Derived)]
    numbers = [number for step in steps for number in range(step.since or step.number, step.number + 1)]
    shown = [part.number for part in document.parts if isinstance(part, Equations)]
    assert sorted(numbers + shown) == list(range(1, len(numbering(classifier())) + 1))
    assert any(step.since < step.number for step in steps)
    for step in steps:
        sides = [line.right for line in step.lines]
        assert len(sides) == 1 or sides[-1] != sides[-2]


def test_a_slope_has_a_name_only_where_it_is_that_of_a_function_of_one_value() -> None:
    layers = [dense(3), use("activation", "softmax"), dense(3), use("activation", "prelu"), dense(2)]
    text = render(network("slopes", (4,), layers, "mse"), "text", Choices(notation="nielsen"))
    assert "prelu′(z²) = { 1 if z² > 0; α² otherwise }" in text
    assert "softmax′" not in text


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("notation", NOTATIONS)
def test_a_document_in_every_notation_is_set(notation: str, language: str) -> None:
    if find_engine(language) is None:
        pytest.skip(f"no TeX engine for {language} is installed")
    source = render(classifier(), "latex", Choices(notation=notation, language=language))
    assert compile_latex(source, language).startswith(b"%PDF-")
