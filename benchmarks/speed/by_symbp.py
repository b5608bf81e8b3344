"""The generated module: its `Trainer`, and its `forward` with a workspace of its own."""

from __future__ import annotations

import numpy as np

from benchmarks.speed.contender import Contender
from benchmarks.speed.given import Given
from benchmarks.speed.workloads import Workload


def prepare(workload: Workload, given: Given) -> Contender:
    """The workload's module."""
    module = given.module
    own = module.init(0, np.float32)
    for name, value in given.parameters.items():
        own[name][...] = value
    trainer = module.Trainer(own)
    x, y = workload.examples()
    workspace = module.Workspace(workload.batch, np.float32)
    return Contender(lambda: trainer.step(x, y), lambda: module.forward(own, x, workspace))
