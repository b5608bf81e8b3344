"""Every means can be left out, alone and with all others: the module computes the same, and its plan stays exact."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from plan.test_plan import held

from symbp import pipeline
from symbp.errors import UserError
from symbp.means import MEANS, left_out
from symbp.plan.report import plan
from symbp.plan.savings import Totals, savings, totals
from symbp.program.passes import PASSES
from symbp.spec import parse_spec, read_spec
from symbp.spec.model import NetworkSpec
from symbp.verify.check import module_gradients
from symbp.verify.examples import draw

ZOO = Path(__file__).parents[2] / "specs"
SMALL = {
    "windows": """
        name: windows
        input: [2, 7, 6]
        layers:
          - conv2d: {filters: 3, kernel_size: 3, padding: 1}
          - batch_norm
          - relu
          - max_pool2d: 2
          - conv2d: {filters: 2, kernel_size: 2, stride: 1, bias: false}
          - gelu
          - flatten
          - dense: 3
        loss: softmax_cross_entropy
        optimizer: {adam: {learning_rate: 0.01}}
        """,
    "attention": """
        name: attention
        input: [4, 6]
        layers: [sinusoidal_positions, transformer_encoder: {units: 6, heads: 2, hidden: 8}, dense: 2]
        loss: mse
        clip: {global_norm: 1.0}
        optimizer: {adamw: {learning_rate: 0.01}}
        """,
    "table": """
        name: table
        input: {shape: [2], kind: integer, classes: 99}
        layers: [embedding: {tokens: 99, units: 3}, flatten, dense: 2]
        loss: mse
        """,
    "letters": """
        name: letters
        input: {shape: [9], kind: integer, classes: 4}
        layers: [embedding: {tokens: 4, units: 20}, gru: 5, dense: 2]
        loss: mse
        training: {batch_size: 2048}
        """,
    "chains": """
        name: chains
        input: 8
        layers: [dense: {units: 64, activation: gelu_tanh}, dense: 2]
        loss: mse
        training: {batch_size: 100000}
        """,
    "recurrence": """
        name: recurrence
        input: [5, 3]
        layers: [gru: 4, lstm: {units: 3}, dense: 2]
        loss: mse
        """,
}
LARGE = ("digits_mlp", "names_lstm", "variational_autoencoder")
NAMES = [*SMALL, *(pytest.param(name, marks=pytest.mark.slow) for name in LARGE)]
LEFT_OUT = [pytest.param((name,), id=name) for name in MEANS] + [pytest.param(tuple(MEANS), id="all")]


@cache
def spec_of(name: str) -> NetworkSpec:
    return parse_spec(SMALL[name]) if name in SMALL else read_spec(ZOO / f"{name}.yaml")


@cache
def made(name: str, without: tuple[str, ...] = ()) -> pipeline.Generated:
    return pipeline.generate(spec_of(name), dtype="float64", check=False, without=without)


@cache
def arrays_of(name: str) -> dict[str, np.ndarray]:
    return draw(made(name).derivation.network, 3, 0)


@cache
def gradients_of(name: str) -> dict[str, np.ndarray]:
    return module_gradients(made(name), arrays_of(name))


@pytest.mark.parametrize("without", LEFT_OUT)
@pytest.mark.parametrize("name", NAMES)
def test_a_module_without_it_computes_the_same_and_its_plan_is_exact(name: str, without: tuple[str, ...]) -> None:
    arrays, full = arrays_of(name), gradients_of(name)
    found = module_gradients(made(name, without), arrays)
    assert found.keys() == full.keys()
    largest = max(np.max(np.abs(value)) for value in full.values())
    for key, value in full.items():
        np.testing.assert_allclose(found[key], value, rtol=0, atol=1e-12 * largest, err_msg=key)
    module = pipeline.load_module(made(name, without))
    predicted = plan(made(name, without), 3).memory
    assert predicted["workspace"] == held(module.Workspace(3, "float64"))
    assert predicted["optimizer"] + predicted["update"] == held(module.Trainer(module.init(0, "float64")))


@pytest.mark.parametrize("means", MEANS)
def test_it_changes_a_module(means: str) -> None:
    def body(module: str) -> str:
        return module.replace(f"without    {means}\n", "")

    assert any(body(made(name, (means,)).module) != made(name).module for name in (*SMALL, "variational_autoencoder"))
    assert f"without    {means}\n" in made("table", (means,)).module


def test_every_pass_is_a_means() -> None:
    assert {each.name for each in PASSES} <= MEANS.keys()


def test_a_name_that_is_none_is_told() -> None:
    with pytest.raises(UserError, match=r"(?s)`bufers` is no means .* did you mean `buffers`\?.*There are: saved val"):
        left_out(["hoist", "bufers"])
    assert left_out(["in-place", "saved_values", "hoist"]) == {"in place", "saved values", "hoist"}
    with pytest.raises(UserError):
        pipeline.generate(spec_of("recurrence"), without=["everything"])


def test_what_each_saves() -> None:
    found = savings(made("windows"), 4)
    assert found.by.keys() == MEANS.keys()
    assert found.optimized == totals(made("windows"), 4)
    assert found.naive == totals(made("windows", tuple(MEANS)), 4)
    assert found.by["share"].operations > 0
    assert found.by["on request"].operations > 0
    assert found.by["buffers"] == Totals(0, 0, found.by["buffers"].held) != Totals(0, 0, 0)
    assert found.naive.operations > found.optimized.operations
    assert found.naive.held > found.optimized.held
    assert savings(made("digits_mlp", ("share",)), 4).by.keys() == MEANS.keys() - {"share"}
