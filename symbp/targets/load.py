"""A generated module loaded from its text, and its gradient checked before the text goes anywhere."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np

from symbp.errors import DefectError, NetworkError, UserError, to_install
from symbp.forward.network import BATCH, Network, NetworkTensor

EXAMPLES = 3
DIRECTIONS = 2
STEPS = tuple(4.0**-k for k in range(10, 2, -1))  # short ones meet the fewest kinks, long ones the least rounding
LUCK = 12  # sets of examples more whose cost is finite
TRIES = 6  # points at which it is tried
TINY = float(np.finfo(np.float64).tiny)
TOLERANCE = 1e-6  # of a directional derivative: Richardson's central differences in double precision reach 1e-9


class GradientError(DefectError):
    """A module whose gradient is wrong. Nothing is written."""


class DomainError(NetworkError):
    """A network whose cost is not a finite number, or too rugged, where it is tried: no gradient can be checked."""


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
    """The module of a text, under a name of its own that no import finds.

    UserError where it needs SciPy, and there is none.
    """
    label = f"symbp_generated_{name}"
    loader = _Text(text, f"<{name}, generated>")
    spec = importlib.machinery.ModuleSpec(label, loader, origin=loader.path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[label] = module
    try:
        loader.exec_module(module)
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("scipy"):
            raise
        raise UserError(
            f"{name}: the spec asks for `blas: scipy`, and SciPy is not installed: {to_install('blas')}, "
            "or leave the key out for NumPy alone"
        ) from None
    finally:
        del sys.modules[label]
    return module


def check_module(text: str, name: str, network: Network) -> None:
    """Compare the module's gradient with central differences along random directions of all parameters at once.

    Where the differences themselves do not converge (near a pole, beside a kink) other numbers are drawn. A module has
    a longer check of its own, parameter by parameter (`check`); it is run, and the parameters it finds are named,
    where this one fails. Raises GradientError; DomainError where cost or gradient is not finite, or nothing converges.
    """
    module = load_source(text, name)
    draws: dict[str, Any] = {"random": 0} if network.random else {}
    training = {**draws, "training": True} if network.has_modes else {}
    with np.errstate(all="ignore"):
        for attempt in range(TRIES):
            source = np.random.Generator(np.random.PCG64(attempt))
            params = module.init(attempt, np.float64)
            spread = max(1e-3, float(np.abs(params.flat).mean()))
            params.flat += 0.1 * source.standard_normal(params.flat.size) * spread
            x, y = _examples(network, source)
            for mode in [training] if not training else [training, {}]:
                if not np.isfinite(module.loss(params, x, y, **mode)):
                    raise DomainError(_not_finite(module, params, x, y, mode))
            readings = _readings(module, params, x, y, source, draws, training)
            if all(error <= TOLERANCE for error, _ in readings):
                _stay_finite(module, network, params, source, training)
                return
            wrong = [error for error, doubt in readings if error > TOLERANCE and doubt <= TOLERANCE / 10]
            if wrong:
                found = {key: r.error for key, r in module.check().items() if not r.error <= module.TOLERANCE}
                told = [f"{key} (relative error {error:.1e})" for key, error in found.items()]
                shown = ", ".join(told) or f"by {wrong[0]:.1e}"
                raise GradientError(
                    f"{name}: the gradient disagrees with central differences: {shown}; nothing is written"
                )
    reason = "the cost is too steep or too rugged for differences to converge"
    if any(np.isnan(error) for error, _ in readings):
        reason = "it is not a finite number, though the cost is (a formula without a slope there, as sqrt at 0?),"
    raise DomainError(f"the gradient cannot be checked: {reason} at any of {TRIES} random points; nothing is written")


def _stay_finite(
    module: ModuleType, network: Network, params: Any, source: np.random.Generator, mode: Mapping[str, Any]
) -> None:
    """That the cost was finite by no chance, as where a loss of probabilities meets numbers that mostly are such."""
    for _ in range(LUCK):
        x, y = _examples(network, source)
        if not np.isfinite(module.loss(params, x, y, **mode)):
            raise DomainError(_not_finite(module, params, x, y, mode))


def _not_finite(module: ModuleType, params: Any, x: Any, y: Any, mode: Mapping[str, Any]) -> str:
    reason = "it overflows"
    with np.errstate(invalid="raise", divide="raise"):
        try:
            module.loss(params, x, y, **mode)
        except FloatingPointError as error:
            reason = str(error)
    return (
        f"the cost is not a finite number for random parameters and inputs ({reason}): a formula of the spec meets "
        "numbers for which it is not defined, such as log of a negative one (does the loss expect probabilities?), "
        "or a softmax over places that a mask hides all; "
        "nothing is written"
    )


def _readings(
    module: ModuleType,
    params: Any,
    x: Any,
    y: Any,
    source: np.random.Generator,
    draws: Mapping[str, Any],
    training: Mapping[str, Any],
) -> list[tuple[float, float]]:
    """Along each direction the relative error of the gradient, and the doubt about it.

    `draws` fixes what is random, `training` makes a cost that of training.
    """
    workspace = module.Workspace(EXAMPLES, np.float64)
    cost, gradients = module.loss_and_gradients(params, x, y, workspace, **draws)
    workspace.held = True  # what stop(...) made, where there is such
    start, readings = params.flat.copy(), []
    for _ in range(DIRECTIONS):
        direction = source.standard_normal(params.flat.size)
        direction /= np.linalg.norm(direction)

        def central(step: float, direction: np.ndarray = direction) -> float:
            np.add(start, step * direction, out=params.flat)
            above = module.loss(params, x, y, workspace, **training)
            np.subtract(start, step * direction, out=params.flat)
            return float((above - module.loss(params, x, y, workspace, **training)) / (2 * step))

        readings.append(_reading(float(gradients.flat @ direction), map(central, STEPS), max(1e-6 * abs(cost), TINY)))
        params.flat[...] = start
    return readings


def _reading(exact: float, central: Iterator[float], floor: float) -> tuple[float, float]:
    """The relative error of a derivative, at the step where differences agree best with it.

    Beside it their doubt: how far the two differences are apart that agree best with each other. Once one agrees, no
    more are taken. The error of what is not finite is NaN.
    """
    finite: list[float] = []
    error, size = np.inf, 0.0
    for fine, coarse in pairwise(central):
        value = (16 * fine - coarse) / 15
        if np.isfinite(value):
            finite.append(value)
            size = float(np.linalg.norm(finite))
            error = min(abs(v - exact) for v in finite) / max(abs(exact), 1e-3 * size, floor)
            if error <= TOLERANCE:
                break
    doubt = min((abs(fine - coarse) for coarse, fine in pairwise(finite)), default=np.inf) / max(size, floor)
    return float(error) if np.isfinite(exact) else np.nan, float(doubt)


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
