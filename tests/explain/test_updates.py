"""The update at the end of a document: every hyperparameter with its own row's value, and the learning rate."""

from __future__ import annotations

from symbp import pipeline
from symbp.spec import parse_spec

SPEC = """
name: updated
input: 3
layers: [dense: 2]
loss: mse
optimizer: {adam: {learning_rate: 0.25, epsilon: 0.5}}
clip: {global_norm: {max_norm: 2, epsilon: 0.125}}
"""


def update(spec: str) -> str:
    read = parse_spec(spec)
    return " ".join(pipeline.explain(read, pipeline.derive(read), "text").split("\nThe update\n")[1].split())


def test_rows_that_share_a_name_keep_their_values() -> None:
    said = update(SPEC)
    assert "global_norm with max_norm = 2, ε = 0.125 (" in said
    assert sorted(said.partition("adam with ")[2].partition(" (")[0].split(", ")) == [
        "β₁ = 0.9",
        "β₂ = 0.999",
        "ε = 0.5",
        "η = 0.25",
    ]


def test_a_schedule_says_the_learning_rate() -> None:
    said = update(SPEC + "schedule: {exponential: {gamma: 0.75}}\n")
    assert sorted(said.partition("exponential with ")[2].partition(" (")[0].split(", ")) == ["γ = 0.75", "η₀ = 0.25"]
    assert "the learning rate of every step, counted from 0: η ← " in said
    assert "η = 0.25" not in said


def test_states_have_a_start() -> None:
    said = update(SPEC)
    assert said.endswith("Before the first step m = 0 and v = 0. Steps are counted by t, from 1.")
    assert "Before the first" not in said.partition("adam with")[0]
    assert "Steps are counted" not in said.partition("adam with")[0]


def test_a_start_is_an_options_value() -> None:
    assert "Before the first step s = 0.5." in update(
        SPEC.replace("adam: {learning_rate: 0.25, epsilon: 0.5}", "adagrad: {initial_accumulator_value: 0.5}")
    )


def test_what_remembers_nothing_has_no_start() -> None:
    said = update(SPEC.replace("adam: {learning_rate: 0.25, epsilon: 0.5}", "sgd: {learning_rate: 0.25}"))
    assert "first step" not in said
    assert "counted" not in said


def test_the_states_of_a_layer_have_a_start() -> None:
    read = parse_spec(SPEC.replace("dense: 2", "dense: 2, batch_norm: {momentum: null}"))
    said = " ".join(pipeline.explain(read, pipeline.derive(read), "text").split())
    assert (
        "After every step of training, starting from running_mean⁽¹⁾ = 0, running_var⁽¹⁾ = 1 and batches⁽¹⁾ = 0:"
    ) in said
