"""Spoilt specs and random formulas become modules or are refused in words: never a traceback, never for long.

What becomes a module has passed the check of its gradient. A seed that fails is run again by itself:
`pytest tests/spec/test_fuzz.py -k 'mutated and 17'`; the thousands are run by `make test-slow`.
"""

from __future__ import annotations

import time

import pytest
from spec.mutations import SEEDS, mutated
from spec.random_formulas import formula_spec

from symbp import pipeline
from symbp.errors import UserError
from symbp.spec import parse_spec

SECONDS = 20.0  # of processor time for one spec; most take less than one
BLOCK = 100  # seeds of one slow test


def outcome(text: bytes | str) -> str:
    """`generated`, or the message, of which the same holds whatever it refuses."""
    start = time.process_time()
    try:
        made = pipeline.generate(parse_spec(text, "net.yaml"))
        for form in ("latex", "markdown", "text"):
            pipeline.explain(made.spec, made.derivation, form)
    except UserError as error:
        message = str(error)
        assert message.startswith("net.yaml:")
        assert message.count("\n") < 20
        assert len(message) < 4000
        assert all(c.isprintable() or c == "\n" for c in message)
        return message
    finally:
        assert time.process_time() - start < SECONDS, text
    return "generated"


@pytest.mark.parametrize("text", SEEDS, ids=["plain", "defined"])
def test_what_is_spoilt_was_valid(text: str) -> None:
    assert outcome(text) == "generated"


@pytest.mark.parametrize("seed", range(40))
def test_a_mutated_spec(seed: int) -> None:
    assert outcome(mutated(seed))


@pytest.mark.parametrize("seed", [*range(25), 1527])  # of 1527, a mask is negated
def test_a_random_formula(seed: int) -> None:
    assert outcome(formula_spec(seed))


@pytest.mark.parametrize("body", ["max(z, 0) - max(z, 0.1)", "max(z, 0) + max(z, 0.1)", "-max(z, 0) - max(z, 0.1)"])
def test_derivatives_that_are_sums_of_masks(body: str) -> None:
    layers = f"layers: [{{dense: 4}}, own, {{dense: 2}}]\ndefine: {{activations: {{own: {{formula: 'a = {body}'}}}}}}\n"
    assert outcome(f"name: net\ninput: 3\nloss: mse\n{layers}") == "generated"


@pytest.mark.slow
@pytest.mark.parametrize("block", range(1, 41))
def test_thousands_of_mutated_specs(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        print("seed", seed)  # which pytest shows where the test fails
        outcome(mutated(seed))


@pytest.mark.slow
@pytest.mark.parametrize("block", range(1, 21))
def test_thousands_of_random_formulas(block: int) -> None:
    outcomes = []
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        print("seed", seed)
        outcomes.append(outcome(formula_spec(seed)))
    assert 0.1 < outcomes.count("generated") / BLOCK < 0.9  # neither all nonsense nor all harmless
