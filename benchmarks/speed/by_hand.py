"""NumPy as one writes it by hand, from the textbook: nothing is reused, nothing is allocated beforehand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmarks.speed.contender import Contender
from benchmarks.speed.forward import updated
from benchmarks.speed.workloads import Workload

Pair = tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]  # of an activation: f(z), and f'(z) by z and f(z)
RELU: Pair = (lambda z: np.maximum(z, 0), lambda z, a: (z > 0).astype(z.dtype))
TANH: Pair = (np.tanh, lambda z, a: 1 - a**2)


def prepare(workload: Workload, params: Mapping[str, np.ndarray]) -> Contender | None:
    """Dense networks alone; None for others."""
    pair = {"mlp": RELU, "small": TANH}.get(workload.kind)
    if pair is None:
        return None
    x, y = workload.examples()
    held: list[Any] = [{k: v.copy() for k, v in params.items()}, None]

    def step() -> float:
        value, gradients = differentiated(held[0], x, y, pair)
        held[:] = updated(np, workload.spec, held[0], gradients, held[1])
        return value

    def infer() -> None:
        passed(held[0], x, pair)

    return Contender(step, infer)


def passed(w: Mapping[str, Any], x: Any, pair: Pair) -> tuple[list[Any], list[Any]]:
    """Weighted inputs and activations of every layer."""
    z, a = [], [x]
    for k in (1, 2, 3):
        z.append(a[-1] @ w[f"dense_{k}.W"] + w[f"dense_{k}.b"])
        a.append(pair[0](z[-1]) if k < 3 else z[-1])
    return z, a


def differentiated(w: Mapping[str, Any], x: Any, y: Any, pair: Pair) -> tuple[float, dict[str, Any]]:
    """The cost, and its gradient by every parameter."""
    z, a = passed(w, x, pair)
    e = np.exp(z[2] - z[2].max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    rows = np.arange(len(y))
    value = float(-np.log(p[rows, y]).mean())
    delta = p.copy()
    delta[rows, y] -= 1
    delta /= len(y)
    gradients = {}
    for k in (3, 2, 1):
        gradients[f"dense_{k}.W"] = a[k - 1].T @ delta
        gradients[f"dense_{k}.b"] = delta.sum(axis=0)
        if k > 1:
            delta = (delta @ w[f"dense_{k}.W"].T) * pair[1](z[k - 2], a[k - 1])
    return value, gradients
