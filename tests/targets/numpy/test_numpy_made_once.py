"""What no data changes is made with the workspace: masks, and encodings of positions; a step never writes to it."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from modules import module_of

LAYERS: dict[str, tuple[list[Any], str]] = {
    "a mask": ([{"multi_head_attention": {"heads": 2, "causal": True}}], "multi_head_attention_1_m_mask"),
    "an encoding": (["sinusoidal_positions", {"dense": 4}], "sinusoidal_positions_1_angle"),
    "rotations": ([{"multi_head_attention": {"heads": 2, "rotary": True}}], "multi_head_attention_1_angle_q"),
    "in both modes": ([{"dropout": 0.5}, "sinusoidal_positions", {"dense": 4}], "sinusoidal_positions_1_angle"),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_step_reads_what_was_made_once(name: str) -> None:
    layers, made = LAYERS[name]
    module = module_of(input=[5, 8], layers=[*layers, {"dense": 2}], loss="mse")
    draw = np.random.default_rng(0)
    x, y = draw.standard_normal((3, 5, 8)), draw.standard_normal((3, 5, 2))
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
    trainer.step(x, y)
