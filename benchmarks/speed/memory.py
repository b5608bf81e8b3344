"""Of memory, what does not depend on time: what was planned, and what a steady step allocates by the batch."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from benchmarks.report import Figure
from benchmarks.speed.generated import generated
from benchmarks.speed.worker import allocated
from benchmarks.speed.workloads import Workload
from symbp import pipeline
from symbp.plan.report import plan

WARM = 3  # steps
NOISE = 512  # bytes, which Python's own objects come to from one step to another


def held(what: object) -> int:
    """Bytes of all arrays that an object owns, views counted once."""
    found = {}
    for value in vars(what).values():
        if isinstance(value, np.ndarray):
            while value.base is not None:
                value = value.base
            found[id(value)] = value.nbytes
    return sum(found.values())


def planned(workload: Workload) -> Figure:
    """The arrays of a workspace and of a trainer beside those of the plan."""
    made = generated(workload)
    module, memory = pipeline.load_module(made), plan(made, workload.batch).memory
    wanted = memory["workspace"] + memory["optimizer"] + memory["update"]
    params = module.init(0, np.float32)
    found = held(module.Workspace(workload.batch, np.float32)) + held(module.Trainer(params))
    return Figure(
        f"{workload.name}: bytes of workspace and optimizer", f"as planned: {wanted:,}", f"{found:,}", found == wanted
    )


def growth(workload: Workload) -> Figure:
    """What a steady step allocates at a batch, and at twice as much."""
    module = pipeline.load_module(generated(workload))
    batch = large(workload)
    once, twice = (steady(module, replace(workload, batch=times * batch)) for times in (1, 2))
    return Figure(
        f"{workload.kind}: bytes that a steady step allocates at batch {batch} and at {2 * batch}",
        f"at most {NOISE} more at the larger, which Python's own objects come to",
        f"{once:,} and {twice:,}",
        twice <= once + NOISE,
    )


def large(workload: Workload) -> int:
    """A batch with more numbers than NumPy's buffers for mixed types hold, which grow no further."""
    x, _ = workload.examples()
    count = min(map(np.size, x.values() if isinstance(x, dict) else (x,)))
    return workload.batch * math.ceil(np.getbufsize() / count)


def steady(module: Any, workload: Workload) -> int:
    """The most that a step holds at once above what was held before it."""
    trainer, (x, y) = module.Trainer(module.init(0, np.float32)), workload.examples()
    for _ in range(WARM):
        trainer.step(x, y)
    return min(allocated(partial(trainer.step, x, y)) for _ in range(WARM))
