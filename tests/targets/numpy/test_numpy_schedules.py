"""Schedules as methods of the trainer, at the ends of what they are defined for."""

import numpy as np
import pytest
from modules import module_of

PARTS = {"input": 2, "layers": [{"dense": 2}], "loss": "mse", "optimizer": {"sgd": {"learning_rate": 0.5}}}


def rates(steps: int, **schedule: object) -> list[float]:
    """The learning rates of the first steps."""
    module = module_of(**PARTS, schedule=schedule)
    trainer, x = module.Trainer(module.init(0, np.float64)), np.ones((3, 2))
    found = []
    for _ in range(steps):
        found.append(trainer._rate())
        trainer.step(x, x)
    return found


@pytest.mark.parametrize("strategy", ["cos", "linear"])
@pytest.mark.parametrize("pct_start", [0.1, 0.05])  # the peak at step 0, and before it
def test_a_cycle_without_a_rise_only_falls(strategy: str, pct_start: float) -> None:
    found = rates(12, one_cycle={"total_steps": 10, "pct_start": pct_start, "anneal_strategy": strategy})
    assert found[0] == pytest.approx(0.5, rel=0.1)
    assert sorted(found, reverse=True) == found
    assert found[9:] == pytest.approx([0.5 / 25 / 1e4] * 3)


def test_a_long_line_of_a_schedule_is_broken() -> None:
    assert rates(3, linear_warmup={"start_factor": 0.5, "total_iters": 2}) == [0.25, 0.375, 0.5]
