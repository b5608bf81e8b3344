"""Trainers of generated modules for 200 steps: every optimizer, schedule and clipping beside papers and PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
from references_optimizers import OPTIMIZERS

from benchmarks.optimizers import (
    STEPS,
    Case,
    Problem,
    against_papers,
    against_torch,
    beside_papers,
    cases,
    in_torch,
    run,
)
from benchmarks.twin import TOLERANCE, follow

CASES = [pytest.param(case, id="-".join(case.cells())) for case in cases(STEPS)]
PLAIN = [p for p in CASES if in_torch(p.values[0]) and len(p.values[0].optimizer[1]) < 2]


def tiny() -> Problem:
    """Three classes that overlap; an input that never varies, so that its weights' gradient is 0."""
    draw = np.random.default_rng(0)
    y = draw.integers(3, size=40)
    x = draw.normal(size=(40, 4)) + 0.5 * y[:, None]
    x[:, 2] = 0
    return Problem(x, y, hidden=3, batch=16)


@pytest.mark.parametrize("case", CASES)
def test_trainer_follows_the_papers(case: Case) -> None:
    agreement = against_papers(tiny(), case, STEPS)
    assert agreement.steps == STEPS
    assert agreement.worst <= TOLERANCE, agreement


@pytest.mark.parametrize("case", PLAIN)
def test_trainer_in_lockstep_with_pytorch(case: Case) -> None:
    pytest.importorskip("torch")
    agreement = against_torch(tiny(), case, STEPS)
    assert agreement is not None
    assert agreement.steps == STEPS
    assert agreement.worst <= TOLERANCE, agreement


def test_every_optimizer_has_a_plain_case() -> None:
    assert {p.values[0].optimizer[0] for p in PLAIN} == {n for n, r in OPTIMIZERS.items() if r.torch}


def test_another_optimizer_is_seen() -> None:
    """A learning rate that differs by 1e-8 of itself is no agreement."""
    rate = 0.01
    case, other = (Case(("sgd", {"learning_rate": r})) for r in (rate, rate * (1 + 1e-8)))
    trainer = tiny().trainer(case)
    assert not follow(trainer, beside_papers(other, trainer.params), tiny().batches(STEPS)).holds


def test_report_of_some_cases() -> None:
    pytest.importorskip("torch")
    chosen = [Case(("lion", {})), Case(("sgd", {})), *(c for c in cases(20) if c.varies != "optimizer")][:4]
    report = run(tiny(), 20, chosen)
    assert [figure.holds for figure in report.figures] == [True, True, True, True, False, False]  # none of clipping
    assert report.tables[0].rows[0][2:] == ("-", "0.0e+00")
