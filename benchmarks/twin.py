"""A network in PyTorch beside a generated module: the same parameters, the same batches, a step at a time.

How far they are apart is told for each tensor of parameters by max |a - b| / max |b|, b being PyTorch's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

TOLERANCE = 1e-9  # relative, float64: rounding is 1e-16 a step, and training may amplify it


@dataclass(frozen=True)
class Agreement:
    """The worst relative disagreement of any tensor after any of `steps` steps, and where it was."""

    worst: float
    tensor: str
    step: int
    steps: int

    @property
    def holds(self) -> bool:
        """Whether steps were taken and none of them parted the two; NaN is no agreement."""
        return self.steps > 0 and self.worst <= TOLERANCE


@dataclass(frozen=True)
class Twin:
    """`step` takes a batch and gives the cost before the update; `parameters` are views, by the module's names."""

    step: Callable[[np.ndarray, np.ndarray], float]
    parameters: Mapping[str, np.ndarray]


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


def twin(
    params: Mapping[str, np.ndarray],
    activation: type[torch.nn.Module],
    make: Callable[[list[torch.nn.Parameter]], torch.optim.Optimizer],
    schedule: Callable[[torch.optim.Optimizer], Any] | None = None,
    clip: Callable[[list[torch.nn.Parameter]], Any] | None = None,
) -> Twin:
    """Dense layers under softmax cross-entropy, with an optimizer, and a schedule that steps with it."""
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

    views = dict(zip(params, (leaf.detach().numpy().T for leaf in leaves), strict=True))
    return Twin(step, views)


def follow(trainer: Any, twin: Twin, batches: Iterable[tuple[np.ndarray, np.ndarray]]) -> Agreement:
    """Train both on the batches and compare every tensor after every step."""
    worst, where, after, steps = 0.0, "", 0, 0
    with one_thread():
        for steps, (x, y) in enumerate(batches, 1):
            trainer.step(x, y)
            twin.step(x, y)
            for name, ours in trainer.params.items():
                error = disagreement(ours, twin.parameters[name])
                if error > worst or np.isnan(error):
                    worst, where, after = error, name, steps
    return Agreement(worst, where, after, steps)


def disagreement(ours: np.ndarray, theirs: np.ndarray) -> float:
    """max |a - b| / max |b|; the difference itself where b is 0 throughout."""
    return float(np.abs(ours - theirs).max() / (np.abs(theirs).max() or 1.0))


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
