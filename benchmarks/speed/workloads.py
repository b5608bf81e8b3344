"""What is computed: specs with a batch and seeded examples, networks that every framework offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Batch = tuple[Any, np.ndarray]  # inputs, one or by name, and targets
Draw = Callable[[np.random.Generator, int], Batch]


@dataclass(frozen=True)
class Workload:
    """`kind` names the network: workloads of one kind differ in the batch alone."""

    kind: str
    spec: Mapping[str, Any]
    batch: int
    draw: Draw

    @property
    def name(self) -> str:
        """The kind and the batch."""
        return f"{self.kind}, batch {self.batch}"

    def examples(self, seed: int = 0) -> Batch:
        """The same examples in every process."""
        return self.draw(np.random.default_rng(seed), self.batch)


def _classes(shape: tuple[int, ...], count: int, places: tuple[int, ...] = ()) -> Draw:
    """Normal inputs, one class each, or one for each place."""
    return lambda draw, n: (
        draw.normal(size=(n, *shape)).astype(np.float32),
        draw.integers(0, count, (n, *places)),
    )


def _characters(length: int, count: int) -> Draw:
    return lambda draw, n: (draw.integers(0, count, (n, length)), draw.integers(0, count, (n, length)))


def _sequences(length: int, width: int) -> Draw:
    shape = (length, width)
    return lambda draw, n: (
        draw.normal(size=(n, *shape)).astype(np.float32),
        draw.normal(size=(n, *shape)).astype(np.float32),
    )


def _ratings(users: int, items: int) -> Draw:
    return lambda draw, n: (
        {"user": draw.integers(0, users, n), "item": draw.integers(0, items, n)},
        draw.normal(size=(n, 1)).astype(np.float32),
    )


MLP = {
    "name": "mlp",
    "input": 784,
    "layers": [
        {"dense": {"units": 512, "activation": "relu"}},
        {"dense": {"units": 256, "activation": "relu"}},
        {"dense": 10},
    ],
    "loss": "softmax_cross_entropy",
    "optimizer": {"momentum": {"learning_rate": 0.01, "momentum": 0.5}},
}
SMALL = {
    "name": "small",
    "input": 16,
    "layers": [
        {"dense": {"units": 32, "activation": "tanh"}},
        {"dense": {"units": 16, "activation": "tanh"}},
        {"dense": 4},
    ],
    "loss": "softmax_cross_entropy",
    "optimizer": {"momentum": {"learning_rate": 0.01, "momentum": 0.5}},
}
CNN = {
    "name": "cnn",
    "input": [1, 28, 28],
    "layers": [
        {"conv2d": {"filters": 16, "kernel_size": 5, "padding": 2, "activation": "relu"}},
        {"max_pool2d": 2},
        {"conv2d": {"filters": 32, "kernel_size": 5, "activation": "relu"}},
        {"max_pool2d": 2},
        "flatten",
        {"dense": {"units": 120, "activation": "relu"}},
        {"dense": {"units": 84, "activation": "relu"}},
        {"dense": 10},
    ],
    "loss": "softmax_cross_entropy",
    "optimizer": {"adam": {"learning_rate": 0.001}},
}
LSTM = {
    "name": "lstm",
    "input": {"shape": [32], "kind": "integer", "classes": 96},
    "layers": [{"embedding": {"tokens": 96, "units": 64}}, {"lstm": 128}, {"dense": 96}],
    "loss": "softmax_cross_entropy",
    "optimizer": {"adam": {"learning_rate": 0.003}},
}
TRANSFORMER = {
    "name": "transformer",
    "input": [128, 256],
    "layers": [{"transformer_encoder": {"units": 256, "heads": 8, "hidden": 1024, "norm_first": True}}],
    "loss": "mse",
    "optimizer": {"adam": {"learning_rate": 0.001}},
}
RECOMMENDER = {
    "name": "recommender",
    "input": {"user": {"shape": [], "kind": "integer"}, "item": {"shape": [], "kind": "integer"}},
    "layers": [
        {"embedding": {"tokens": 20000, "units": 32, "name": "taste", "input": "user"}},
        {"embedding": {"tokens": 5000, "units": 32, "name": "nature", "input": "item"}},
        {"dot": ["taste", "nature"]},
    ],
    "loss": "mse",
    "optimizer": {"sgd": {"learning_rate": 0.01}},
}

WORKLOADS = (
    *(Workload("mlp", MLP, batch, _classes((784,), 10)) for batch in (1, 64, 512)),
    *(Workload("small", SMALL, batch, _classes((16,), 4)) for batch in (1, 8)),
    Workload("cnn", CNN, 64, _classes((1, 28, 28), 10)),
    Workload("lstm", LSTM, 32, _characters(32, 96)),
    Workload("transformer", TRANSFORMER, 4, _sequences(128, 256)),
    Workload("recommender", RECOMMENDER, 1024, _ratings(20000, 5000)),
)
