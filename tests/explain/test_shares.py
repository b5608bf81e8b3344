"""Tensors that are read several times: their cotangent is one sum of all shares, in every section that states it."""

from __future__ import annotations

import re

import numpy as np
import pytest

from symbp import pipeline
from symbp.explain.choices import Choices
from symbp.spec import parse_spec

PENALIZED = """
name: penalized
input: 3
layers: [dense: {units: 4, activation: tanh}, dense: 2]
loss: mse
penalty: {l2: {strength: 0.5}}
"""
SKIP = """
name: skip
input: 4
layers:
  - dense: {units: 4, activation: tanh, name: stem}
  - dense: {units: 4, activation: relu}
  - add: [stem, relu_1]
  - dense: 2
loss: mse
"""


def text(spec: str, layer: str | None = None) -> str:
    read = parse_spec(spec)
    return pipeline.explain(read, pipeline.derive(read), "text", Choices(layer))


def section(document: str, heading: str) -> str:
    """What stands between a heading, a line that is underlined and followed by an empty one, and the next."""
    after = re.split(rf"\n{heading}\n─+\n\n", document)[1]
    return re.split(r"\n\n[^\n]+\n─+\n\n", after)[0] + "\n"


def test_a_penalty_is_a_part_of_the_weights_gradient() -> None:
    document = text(PENALIZED)
    backward = section(document, "The backward pass")
    assert "∂C/∂W⁽¹⁾ = strength·W⁽¹⁾ + Xᵀ·δ⁽¹⁾" in backward
    assert "Σₙ δ⁽¹⁾ₙⱼ · xₙᵢ + strength · W⁽¹⁾ᵢⱼ" in section(document, "The chain rule, layer by layer")
    assert "The dots stand for what is added by l2_dense_1_W." in document


def test_the_cost_is_the_sum_of_its_terms() -> None:
    assert " C = C⁽²⁾ + R⁽²⁾ + R⁽³⁾\n" in section(text(PENALIZED), "Forward pass")


def test_a_penalty_sums_over_the_axes_of_a_weight_not_over_the_batch() -> None:
    assert "R⁽²⁾ = strength/2 · Σᵢ Σⱼ W⁽¹⁾ᵢⱼ²" in text(PENALIZED)


def test_a_skip_connection_adds_its_share() -> None:
    document = text(SKIP)
    assert "δ⁽¹⁾ = (∂C/∂Y⁽²⁾ + δ⁽²⁾·W⁽²⁾ᵀ) ⊙ (1 − A⁽¹⁾ ⊙ A⁽¹⁾)" in section(document, "The backward pass")
    assert "How the cost changes with the activation, through dense_2 and add_1:" in document
    assert "∂C/∂a⁽¹⁾ₙⱼ = ∂C/∂y⁽²⁾ₙⱼ + Σⱼ′ δ⁽²⁾ₙⱼ′ · W⁽²⁾ⱼⱼ′" in document


@pytest.mark.parametrize("spec", [PENALIZED, SKIP])
def test_no_cotangent_is_stated_twice(spec: str) -> None:
    lines = re.findall(r"^ +(\S+) = ", section(text(spec), "The backward pass"), re.MULTILINE)
    assert len(lines) == len(set(lines)) > 3


def test_one_layer_alone_leaves_room_for_what_others_add() -> None:
    backward = section(text(SKIP, "dense_2"), "The backward pass")
    assert "Dots stand for what other readings of the same tensor add" in " ".join(backward.split())
    assert "∂C/∂A⁽¹⁾ = δ⁽²⁾·W⁽²⁾ᵀ + …\n" in backward


def test_symbols_are_distinct_also_as_capitals() -> None:
    document = text(PENALIZED.replace("loss: mse", "loss: huber"))  # r, a matrix, beside the penalties' R
    rows = section(document, "The network").partition("Symbol ")[2].partition("\n\n")[0].splitlines()[2:]
    symbols = [row.split()[0] for row in rows]
    assert len(symbols) == len(set(symbols)) > 10


@pytest.mark.parametrize("spec", [PENALIZED, SKIP])
def test_the_sums_are_those_of_the_module(spec: str) -> None:
    module = pipeline.load_module(pipeline.generate(parse_spec(spec)))
    params = module.init(0, np.float64)
    x, y = (
        np.random.default_rng(0).standard_normal((5, len(params["stem.W" if spec is SKIP else "dense_1.W"]))),
        np.ones((5, 2)),
    )
    _, gradients = module.loss_and_gradients(params, x, y)
    if spec is PENALIZED:  # the document's lines, by hand
        a = np.tanh(x @ params["dense_1.W"] + params["dense_1.b"])
        z = a @ params["dense_2.W"] + params["dense_2.b"]
        error = ((2 * (z - y) / z.size) @ params["dense_2.W"].T) * (1 - a * a)
        expected = {"dense_1.W": 0.5 * params["dense_1.W"] + x.T @ error}
    else:
        a = np.tanh(x @ params["stem.W"] + params["stem.b"])
        b = np.maximum(0, a @ params["dense_2.W"] + params["dense_2.b"])
        z = (a + b) @ params["dense_3.W"] + params["dense_3.b"]
        joined = (2 * (z - y) / z.size) @ params["dense_3.W"].T
        error = (joined + (joined * (b > 0)) @ params["dense_2.W"].T) * (1 - a * a)
        expected = {"stem.W": x.T @ error}
    for name, value in expected.items():
        np.testing.assert_allclose(gradients[name], value, rtol=1e-13, atol=1e-15)


GATED = """
name: gated
input: 4
layers:
  - dense: {units: 3, name: u}
  - dense: {units: 3, name: g, input: x}
  - multiply: [u, g]
  - dense: 2
loss: mse
"""


@pytest.mark.parametrize(("layer", "other"), ["¹²", "²¹"], ids=["first", "second"])
def test_the_chain_rule_goes_through_the_input_that_the_layer_gives(layer: str, other: str) -> None:
    chain = section(text(GATED), "The chain rule, layer by layer")
    assert f"    ∂y⁽²⁾ₙⱼ/∂z⁽{layer}⁾ₙⱼ = z⁽{other}⁾ₙⱼ\n" in chain
    assert f"    ∂y⁽²⁾ₙⱼ/∂z⁽{layer}⁾ₙⱼ = z⁽{layer}⁾ₙⱼ\n" not in chain
