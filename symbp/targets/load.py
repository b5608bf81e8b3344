"""A generated module loaded from its text, and its gradient checked before the text goes anywhere."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Mapping
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np

from symbp.errors import DefectError, UserError
from symbp.forward.network import BATCH, Network, NetworkTensor

EXAMPLES = 3
DIRECTIONS = 2
STEPS = tuple(4.0**-k for k in range(3, 9))
TOLERANCE = 1e-6  # of a directional derivative: Richardson's central differences in double precision reach 1e-9


class GradientError(DefectError):
    """A module whose gradient is wrong. Nothing is written."""


class DomainError(UserError):
    """A network whose cost is not a finite number where it is tried, so that no gradient can be checked."""


class _Text(importlib.abc.SourceLoader):
    """Loads a module from a text that symbp emitted and inspected."""

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path

    def get_filename(self, fullname: str) -> str:
        return self.path

    def get_data(self, path: str) -> bytes:
        return self.text.encode()


def load_source(text: str, name: str) -> ModuleType:
    """The module of a text, under a name of its own that no import finds."""
    label = f"symbp_generated_{name}"
    loader = _Text(text, f"<{name}, generated>")
    spec = importlib.machinery.ModuleSpec(label, loader, origin=loader.path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[label] = module
    try:
        loader.exec_module(module)
    finally:
        del sys.modules[label]
    return module


def check_module(text: str, name: str, network: Network) -> None:
    """Compare the module's gradient with central differences along random directions of all parameters at once.

    A module has a longer check of its own, parameter by parameter (`check`); it is run, and the parameters it finds
    are named, where this one fails. Raises GradientError; DomainError where the cost is not finite to begin with.
    """
    module = load_source(text, name)
    source = np.random.Generator(np.random.PCG64(0))
    params = module.init(0, np.float64)
    params.flat += 0.1 * source.standard_normal(params.flat.size) * max(1e-3, float(np.abs(params.flat).mean()))
    x, y = _examples(network, source)
    _check_finite(module, name, params, x, y)
    _, gradients = module.loss_and_gradients(params, x, y)
    workspace = module.Workspace(EXAMPLES, np.float64)
    for _ in range(DIRECTIONS):
        direction = source.standard_normal(params.flat.size)
        direction /= np.linalg.norm(direction)
        exact = float(gradients.flat @ direction)
        error = _disagreement(module, params, x, y, workspace, direction, exact)
        if not error <= TOLERANCE:
            readings = {key: r.error for key, r in module.check().items() if not r.error <= module.TOLERANCE}
            shown = ", ".join(f"{key} (relative error {e:.1e})" for key, e in readings.items()) or f"by {error:.1e}"
            raise GradientError(f"{name}: the gradient disagrees with central differences: {shown}; nothing is written")


def _check_finite(module: ModuleType, name: str, params: Any, x: Any, y: Any) -> None:
    with np.errstate(all="ignore"):
        if np.isfinite(module.loss(params, x, y)):
            return
    reason = "it overflows"
    with np.errstate(invalid="raise", divide="raise"):
        try:
            module.loss(params, x, y)
        except FloatingPointError as error:
            reason = str(error)
    raise DomainError(
        f"{name}: the cost is not a finite number for random parameters and inputs ({reason}): a formula of the spec "
        "meets numbers for which it is not defined, such as log of a negative one (does the loss expect "
        "probabilities?); nothing is written"
    )


def _disagreement(
    module: ModuleType, params: Any, x: Any, y: Any, workspace: Any, direction: np.ndarray, exact: float
) -> float:
    """The relative error of the derivative along a direction, at the step where differences agree best."""
    start = params.flat.copy()
    central = []
    for step in STEPS:
        np.add(start, step * direction, out=params.flat)
        above = module.loss(params, x, y, workspace)
        np.subtract(start, step * direction, out=params.flat)
        central.append((above - module.loss(params, x, y, workspace)) / (2 * step))
    params.flat[...] = start
    better = [(16 * fine - coarse) / 15 for coarse, fine in pairwise(central)]
    scale = max(abs(exact), 1e-3 * float(np.linalg.norm(better)), 1e-6 * abs(module.loss(params, x, y, workspace)))
    least = min(abs(float(value) - exact) for value in better)
    return least / max(float(scale), float(np.finfo(np.float64).tiny))


def _examples(network: Network, source: np.random.Generator) -> tuple[Any, Any]:
    """Random `x` and `y`: one array, several by name, or none. Targets are labels, or positive rows that add to 1."""
    x, y = (
        {name: _drawn(network.tensors[name], source) for name in names} for names in (network.inputs, network.targets)
    )
    return as_argument(x), as_argument(y)


def as_argument(arrays: Mapping[str, np.ndarray]) -> Any:
    """Arrays as a module takes them: one as it is, several by name, none as None."""
    return arrays if len(arrays) > 1 else next(iter(arrays.values()), None)


def _drawn(tensor: NetworkTensor, source: np.random.Generator) -> np.ndarray:
    shape = [EXAMPLES if d == BATCH else int(d) for d in tensor.shape]
    if tensor.kind == "int":
        return source.integers(tensor.classes, size=shape)
    if tensor.role == "input":
        return source.standard_normal(shape)
    y = source.uniform(0.05, 0.95, shape)
    return y / y.sum(-1, keepdims=True) if len(shape) > 1 and shape[-1] > 1 else y
