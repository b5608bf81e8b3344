"""What no data changes is made with the workspace: masks, and encodings of positions; a step never writes to it."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from modules import module_of

from symbp import pipeline
from symbp.plan.report import plan
from symbp.program.operands import written
from symbp.program.plan import lasting
from symbp.program.program import ONCE
from symbp.spec import parse_spec

NUMBERED = {"layers": {"numbered": {"formula": "y[n,t,j] = x[n,t,j] * cos(n)"}}}
LAYERS: dict[str, tuple[list[Any], str]] = {
    "a mask": ([{"multi_head_attention": {"heads": 2, "causal": True}}], "multi_head_attention_1_m_mask"),
    "an encoding": (["sinusoidal_positions", {"dense": 4}], "sinusoidal_positions_1_y_choice"),
    "rotations": ([{"multi_head_attention": {"heads": 2, "rotary": True}}], "multi_head_attention_1_q_turned_cos"),
    "in both modes": ([{"dropout": 0.5}, "sinusoidal_positions", {"dense": 4}], "sinusoidal_positions_1_y_choice"),
    "of a range that labels need too": (["numbered", {"dense": 4}], "numbered_1_y_cos"),
}
POSITIONS = """
name: positions
input: [256, 256]
layers: [sinusoidal_positions, dense: 2]
loss: mse
"""


@pytest.mark.parametrize("name", LAYERS)
def test_every_call_reads_what_was_made_once(name: str) -> None:
    layers, made = LAYERS[name]
    labels = name == "of a range that labels need too"
    loss = "softmax_cross_entropy" if labels else "mse"
    module = module_of(input=[5, 8], layers=[*layers, {"dense": 2}], loss=loss, define=NUMBERED)
    draw = np.random.default_rng(0)
    x, y = draw.standard_normal((3, 5, 8)), draw.integers(0, 2, (3, 5)) if labels else draw.standard_normal((3, 5, 2))
    trainer = module.Trainer(module.init(0, np.float64))
    trainer.step(x, y)
    workspace = next(iter(trainer._workspaces.values()))
    before = getattr(module.Workspace(3, np.float64), made)
    held, copied = getattr(workspace, made), getattr(copy.deepcopy(workspace), made)
    np.testing.assert_array_equal(held, before)
    np.testing.assert_array_equal(copied, before)
    assert not np.shares_memory(copied, held)
    assert len(np.unique(held)) > 1
    held.flags.writeable = False
    for _ in range(2):  # in training and in inference, one after the other
        trainer.step(x, y)
        module.predict(trainer.params, x, workspace)
        module.loss(trainer.params, x, y, workspace)
    np.testing.assert_array_equal(held, before)


def test_what_it_is_made_of_gives_its_memory_to_a_step() -> None:
    made = pipeline.program(parse_spec(POSITIONS))
    program, report = made.optimized.program, plan(made, 1)
    temporary = {name for item in program.items((ONCE,)) for name in written(item)} - lasting(program)
    assert lasting(program) == {"sinusoidal_positions_1.y_choice"}
    assert "sinusoidal_positions_1.angle" in temporary
    assert report.memory["workspace"] < 1.01 * 2**20  # the encoding, or what a step holds of one example, is 256 KiB


def test_it_is_no_part_of_a_step() -> None:
    report = plan(pipeline.program(parse_spec(POSITIONS)), 1)
    first = [operation for line in report.lines if line.routine == ONCE for operation in line.operations]
    every = [operation for line in report.lines for operation in line.operations]
    assert {"sin", "cos"} <= {operation.does for operation in first}
    assert report.cost.operations == sum(o.cost.operations for o in every) - sum(o.cost.operations for o in first)


@pytest.mark.parametrize("name", ["a mask", "rotations"])
def test_no_mask_is_inverted_in_a_step(name: str) -> None:
    layers = [*LAYERS[name][0], {"dense": 2}]
    module = pipeline.generate(
        parse_spec(f"{{name: small, input: [5, 8], layers: {layers}, loss: mse}}".replace("True", "true"))
    ).module
    assert "logical_not" not in module
