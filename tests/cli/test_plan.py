"""`symbp plan`: it refuses what `symbp generate` refuses, and writes nothing but the plan."""

from __future__ import annotations

from pathlib import Path

from cli.command import SMALL, refused, run


def test_a_network_that_has_nothing_to_train_is_refused_alike() -> None:
    Path("small.yaml").write_text(SMALL.replace("- dense: 2", "- relu\n  - sigmoid"))
    message = refused("plan", "small.yaml")
    assert "no layer has parameters, so there is nothing to train" in message
    assert message == refused("generate", "small.yaml")


def test_nothing_is_written_beside_the_plan() -> None:
    done = run("plan", "small.yaml")
    assert done.stdout.startswith("small: a training step, batch 64, float32\n")
    assert done.stderr == ""
