"""Dense layers under softmax cross-entropy in PyTorch, beside a generated module."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from benchmarks.twin import Twin


def twin(
    params: Mapping[str, np.ndarray],
    activation: type[torch.nn.Module],
    make: Callable[[list[torch.nn.Parameter]], torch.optim.Optimizer],
    schedule: Callable[[torch.optim.Optimizer], Any] | None = None,
    clip: Callable[[list[torch.nn.Parameter]], Any] | None = None,
) -> Twin:
    """The network with these parameters, an optimizer, and a schedule that steps with it."""
    network = sequential(params, activation)
    leaves = list(network.parameters())
    cost, optimizer = torch.nn.CrossEntropyLoss(), make(leaves)
    scheduler = schedule(optimizer) if schedule else None

    def step(x: np.ndarray, y: np.ndarray) -> float:
        optimizer.zero_grad()
        loss = cost(network(torch.from_numpy(x)), torch.from_numpy(y))
        loss.backward()
        if clip:
            clip(leaves)
        optimizer.step()
        if scheduler:
            scheduler.step()
        return float(loss.detach())

    def forward(x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            output: np.ndarray = network(torch.from_numpy(x)).numpy()
        return output

    views = dict(zip(params, (leaf.detach().numpy().T for leaf in leaves), strict=True))
    return Twin(step, views, forward)


def sequential(params: Mapping[str, np.ndarray], activation: type[torch.nn.Module]) -> torch.nn.Sequential:
    """`torch.nn.Linear` for each `dense_k` of `params`, in order, with copies of its numbers; `activation` between."""
    layers: list[torch.nn.Module] = []
    names = [name.removesuffix(".W") for name in params if name.endswith(".W")]
    for name in names:
        inputs, outputs = params[f"{name}.W"].shape
        linear = torch.nn.Linear(inputs, outputs, dtype=torch.float64 if _double(params) else torch.float32)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(params[f"{name}.W"].T.copy()))
            linear.bias.copy_(torch.from_numpy(params[f"{name}.b"].copy()))
        layers += [linear, activation()]
    return torch.nn.Sequential(*layers[:-1])


@contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch on one thread: taking turns, its pool of threads and that of NumPy's BLAS wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def double_precision() -> Iterator[None]:
    """float64 as PyTorch's default: some of its optimizers keep numbers in the default, whatever the weights have."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _double(params: Mapping[str, np.ndarray]) -> bool:
    return next(iter(params.values())).dtype == np.float64
