"""NumPy as one writes it by hand, from the textbook: nothing is reused, nothing is allocated beforehand.

Each network is a file with `forward`, whose second result is what `backward` reads. These gradients are what a reader
would write, to be timed; nothing but the benchmarks reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.speed.by_hand import convolutional, dense, ratings, recurrent, transformer
from benchmarks.speed.contender import Contender
from benchmarks.speed.forward import updated
from benchmarks.speed.given import Given
from benchmarks.speed.workloads import Workload


@dataclass(frozen=True)
class Network:
    """`forward(w, x)` gives the output and what was saved; `backward(w, saved, d_output)` the gradients by name."""

    forward: Callable[..., tuple[Any, Any]]
    backward: Callable[..., dict[str, Any]]


NETWORKS: Mapping[str, Network] = {
    "mlp": Network(partial(dense.forward, activation=dense.RELU), partial(dense.backward, activation=dense.RELU)),
    "small": Network(partial(dense.forward, activation=dense.TANH), partial(dense.backward, activation=dense.TANH)),
    "cnn": Network(convolutional.forward, convolutional.backward),
    "lstm": Network(recurrent.forward, recurrent.backward),
    "transformer": Network(transformer.forward, transformer.backward),
    "recommender": Network(ratings.forward, ratings.backward),
}


def prepare(workload: Workload, given: Given) -> Contender:
    """The workload by hand."""
    network = NETWORKS[workload.kind]
    x, y = workload.examples()
    held: list[Any] = [{k: v.copy() for k, v in given.parameters.items()}, None]

    def step() -> float:
        value, gradients = differentiated(network, held[0], x, y)
        held[:] = updated(np, workload.spec, held[0], gradients, held[1])
        return value

    def infer() -> None:
        network.forward(held[0], x)

    return Contender(step, infer)


def differentiated(network: Network, w: Mapping[str, Any], x: Any, y: Any) -> tuple[float, dict[str, Any]]:
    """The cost, and its gradient by every parameter."""
    output, saved = network.forward(w, x)
    value, d_output = squared_error(output, y) if y.dtype.kind == "f" else cross_entropy(output, y)
    return value, network.backward(w, saved, d_output)


def squared_error(output: Any, target: Any) -> tuple[float, Any]:
    """The mean over all numbers, and its gradient."""
    difference = output - target
    return float((difference**2).mean()), 2 * difference / difference.size


def cross_entropy(output: Any, target: Any) -> tuple[float, Any]:
    """The mean over all places, and its gradient by the scores."""
    scores, classes = output.reshape(-1, output.shape[-1]), target.reshape(-1)
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    rows = np.arange(len(classes))
    value = float(-np.log(p[rows, classes]).mean())
    delta = p.copy()
    delta[rows, classes] -= 1
    delta /= len(classes)
    return value, delta.reshape(output.shape)
