"""HIPS autograd: networks in NumPy, with its own copy of it."""

from __future__ import annotations

from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import value_and_grad

from benchmarks.speed.contender import Contender
from benchmarks.speed.forward import FORWARD, cost, updated
from benchmarks.speed.given import Given
from benchmarks.speed.workloads import Workload


def prepare(workload: Workload, given: Given) -> Contender:
    """The workload in autograd."""
    forward = FORWARD[workload.kind]
    inputs, target = workload.examples()
    x = tuple(inputs.values()) if isinstance(inputs, dict) else (inputs,)
    held: list[Any] = [{k: v.copy() for k, v in given.parameters.items()}, None]
    gradient = value_and_grad(lambda w: cost(anp, forward(anp, w, x), target))

    def step() -> float:
        value, gradients = gradient(held[0])
        held[:] = updated(np, workload.spec, held[0], gradients, held[1])
        return float(value)

    def infer() -> None:
        forward(np, held[0], x)

    return Contender(step, infer)
