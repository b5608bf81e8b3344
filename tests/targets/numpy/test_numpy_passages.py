"""What is read back of a module is what was emitted: for every step of every routine, one passage, and all its code."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from symbp import pipeline
from symbp.spec import parse_spec, read_spec
from symbp.spec.model import NetworkSpec
from symbp.targets.numpy import routines, source
from symbp.targets.numpy.passages import passages

LONG = {"shakespeare_transformer", "segmentation_unet", "mnist_resnet"}
SPECS = [
    pytest.param(path, marks=pytest.mark.slow) if path.stem in LONG else path
    for path in sorted((Path(__file__).resolve().parents[3] / "specs").glob("*.yaml"))
]
MORE: dict[str, dict[str, Any]] = {
    "products of scipy": {
        "input": [3, 12, 12],
        "layers": [{"conv2d": {"filters": 4, "kernel_size": 3}}, {"max_pool2d": 2}, "flatten", {"dense": 3}],
        "loss": "softmax_cross_entropy",
        "blas": "scipy",
    },
    "states before the first step": {
        "input": {"s": [6, 4], "h": 5},
        "layers": [{"lstm": {"units": 5, "inputs": {"x": "s", "h_0": "h"}}}, {"gru": 5}, {"dense": 2}],
        "loss": "mse",
    },
}


def emitted(spec: NetworkSpec) -> tuple[str, Counter[tuple[str, int, tuple[str, ...]]]]:
    """The module, and what was emitted for every statement that has a number: the code without comment and margin."""
    found: Counter[tuple[str, int, tuple[str, ...]]] = Counter()

    def computed(statement: Any, scope: Any) -> list[str]:
        code = original(statement, scope)
        stated = len(
            routines._stated(statement.equation.target, statement.equation.body, statement.number, scope.depth)
        )
        margin = len(source.INDENT) * scope.depth
        if statement.number and code[stated:]:
            found[statement.block.partition(".")[0], statement.number, tuple(x[margin:] for x in code[stated:])] += 1
        return code

    original = routines.computed
    with patch.object(routines, "computed", computed):
        _, module = pipeline.derive_and_emit(spec)
    assert isinstance(module, str), module
    return module, found


def agree(spec: NetworkSpec) -> None:
    module, found = emitted(spec)
    read = passages(module)
    assert Counter((p.block, p.number, p.code) for p in read) == found
    assert len(found) > 3
    assert all(earlier.last < later.first for earlier, later in pairwise(read))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_statement_of_the_zoo_is_one_passage(path: Path) -> None:
    agree(read_spec(path))


@pytest.mark.parametrize("name", MORE)
def test_every_statement_is_one_passage(name: str) -> None:
    agree(parse_spec(json.dumps({"name": "passages", **MORE[name]})))


def test_a_remark_does_not_read_as_what_ends_a_passage() -> None:
    assert source.remark("row by row: as many come before it", 1) == ["    # row by row: as many come before it"]
    for text in ("rows: one at a time", "here, x = 1", "(1) and more"):
        with pytest.raises(ValueError, match="reads as"):
            source.remark(text, 1)
