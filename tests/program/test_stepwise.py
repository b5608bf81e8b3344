"""Rows that steps of a loop take for themselves: the same numbers, and only where many are taken."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from symbp import pipeline
from symbp.derive.derivation import Derivation
from symbp.derive.network import derive_network
from symbp.forward.build import build_network
from symbp.program.operations import Gather, Map
from symbp.program.optimize import optimize
from symbp.program.passes import Keep, Pass, every_pass
from symbp.program.program import Item, Loop, Program, Statement
from symbp.program.stepwise import taken_by_steps
from symbp.spec import parse_spec
from symbp.verify.programs import check_passes

BATCH = 512
SPEC = """
name: letters
input: {{shape: [9], kind: integer, classes: 4}}
layers: [embedding: {{tokens: 4, units: 20}}, {layer}, dense: 3]
loss: softmax_cross_entropy
training: {{batch_size: {batch}}}
blas: {blas}
"""


def derivation(layer: str) -> Derivation:
    return derive_network(build_network(parse_spec(SPEC.format(layer=layer, batch=BATCH, blas="numpy"))))


def taken(program: Program) -> list[Gather]:
    """What the steps of loops take from tables."""
    loops = (item for item in program.items(tuple(program.routines)) if isinstance(item, Loop))
    return [op for loop in loops for op in loop.operations if isinstance(op, Gather)]


@pytest.mark.parametrize(
    "layer", ["lstm: 4", "gru: 5", "lstm: {units: 4, reverse: true}", "lstm: {units: 4, bidirectional: true}"]
)
def test_steps_take_rows(layer: str) -> None:
    made = derivation(layer)
    assert taken(optimize(made, batch=BATCH).program)
    assert not taken(optimize(made, batch=BATCH, without=frozenset({"rows by step"})).program)
    assert all(result.passed for result in check_passes(made, passes=every_pass(batch=BATCH)))


@pytest.mark.parametrize("layer", ["learned_positions", "dense: 6"])
def test_without_a_loop_rows_are_taken_at_once(layer: str) -> None:
    program = optimize(derivation(layer), batch=BATCH).program
    assert program == optimize(derivation(layer), batch=BATCH, without=frozenset({"rows by step"})).program


def test_few_numbers_are_taken_before_the_loop() -> None:
    assert not taken(optimize(derivation("lstm: 4"), batch=64).program)


@pytest.mark.parametrize("blas", ["numpy", "scipy"])
@pytest.mark.parametrize("layer", ["lstm: 4", "gru: 5"])
def test_modules_compute_the_same_in_less_memory(layer: str, blas: str) -> None:
    spec = parse_spec(SPEC.format(layer=layer, batch=BATCH, blas=blas))
    made = [pipeline.generate(spec, dtype="float64", check=False, without=w) for w in ((), ("rows by step",))]
    one, other = map(pipeline.load_module, made)
    draw = np.random.default_rng(0)
    for n in (1, 5):
        x, y = draw.integers(4, size=(n, 9)), draw.integers(3, size=(n, 9))
        found = [module.loss_and_gradients(module.init(3, np.float64), x, y)[1].flat for module in (one, other)]
        np.testing.assert_allclose(*found, rtol=0, atol=1e-13 * np.abs(found[1]).max())
    assert "each step takes the rows of its labels" in made[0].module
    assert "each step takes the rows of its labels" not in made[1].module


def test_rows_of_other_labels_are_seen() -> None:
    def wrong(program: Program, keep: Keep) -> Program:
        changed = taken_by_steps(program, keep, BATCH)
        arrays = {**changed.arrays, "zeros": replace(changed.arrays["x.permuted"], name="zeros")}
        routine = changed.routines["forward"]
        (first, *rest) = routine.statements
        assert isinstance(first, Statement)
        made = (Map("zeros", "subtract", ("x.permuted", "x.permuted")),)
        items = [replace(first, operations=(*first.operations, *made)), *map(turned, rest)]
        routines = {**changed.routines, "forward": replace(routine, statements=tuple(items))}
        return replace(changed, arrays=arrays, routines=routines)

    def turned(item: Item) -> Item:
        if not isinstance(item, Loop):
            return item
        slices = tuple(replace(s, array="zeros") if s.array == "x.permuted" else s for s in item.slices)
        return replace(item, slices=slices)

    passes = [Pass("rows by step", wrong) if each.name == "rows by step" else each for each in every_pass(batch=BATCH)]
    failed = [result for result in check_passes(derivation("lstm: 4"), passes=passes) if not result.passed]
    assert {"rows by step"} <= {result.after for result in failed}
