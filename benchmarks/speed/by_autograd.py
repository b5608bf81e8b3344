"""HIPS autograd, for networks that its users write in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import value_and_grad

from benchmarks.speed.contender import Contender
from benchmarks.speed.forward import FORWARD, cost, updated
from benchmarks.speed.workloads import Workload


def prepare(workload: Workload, params: Mapping[str, np.ndarray]) -> Contender | None:
    """The workload in autograd; None where its users would take a framework."""
    forward = FORWARD.get(workload.kind)
    if forward is None:
        return None
    given, target = workload.examples()
    x = tuple(given.values()) if isinstance(given, dict) else (given,)
    held: list[Any] = [{k: v.copy() for k, v in params.items()}, None]
    gradient = value_and_grad(lambda w: cost(anp, forward(anp, w, x), target))

    def step() -> float:
        value, gradients = gradient(held[0])
        held[:] = updated(np, workload.spec, held[0], gradients, held[1])
        return float(value)

    def infer() -> None:
        forward(np, held[0], x)

    return Contender(step, infer)
