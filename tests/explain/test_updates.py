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
