"""What a module says of its own arrays: notes on names that it has, once for each kind, and numbers as they are."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from modules import module_of

from symbp.targets.numpy.workspace import NOTES, STEPS, notes

GENERATED = sorted((Path(__file__).parents[3] / "generated").glob("*.py"))


@pytest.mark.parametrize("pattern", [pattern for pattern, _ in NOTES])
def test_every_note_is_of_names_that_modules_have(pattern: str) -> None:
    routines = [text.partition("\ndef _forward")[2] for text in (path.read_text("utf-8") for path in GENERATED)]
    assert any(re.search(pattern, text) for text in routines)


def test_a_module_without_such_names_has_no_notes() -> None:
    assert notes("ws.dense_1_z += params.dense_1_b", loops=False) == []
    assert " ".join(line.strip() for line in notes("", loops=True)) == STEPS


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.stem)
def test_a_kind_is_explained_once(path: Path) -> None:
    workspace = path.read_text("utf-8").partition("class Workspace")[2].partition("def __reduce__")[0]
    told = re.findall(r"# ((?!with its border).+)$", workspace, re.MULTILINE)
    assert len(told) == len({*told})


def test_equal_numbers_of_a_constant_are_counted() -> None:
    weight = [2.0] * 19 + [0.5, 0.25] + [1.5] * 20
    loss = {"softmax_cross_entropy": {"weight": weight}}
    module = module_of(input=3, layers=[{"dense": len(weight)}], loss=loss)
    np.testing.assert_array_equal(module.Workspace(1, np.float64).loss_weight, weight)
