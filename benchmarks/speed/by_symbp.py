"""The generated module: its `Trainer`, and its `forward` with a workspace of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from benchmarks.speed.contender import Contender
from benchmarks.speed.workloads import Workload, generated
from symbp import pipeline


def prepare(workload: Workload, params: Mapping[str, np.ndarray], blas: str = "numpy") -> Contender:
    """The workload's module, whose products are computed by `blas`."""
    module = pipeline.load_module(generated(replace(workload, spec={**workload.spec, "blas": blas})))
    own = module.init(0, np.float32)
    for name, value in params.items():
        own[name][...] = value
    trainer = module.Trainer(own)
    x, y = workload.examples()
    workspace = module.Workspace(workload.batch, np.float32)
    return Contender(lambda: trainer.step(x, y), lambda: module.forward(own, x, workspace))
