"""References for optimizers: PyTorch's, and JAX from the papers.

In JAX, one step `(w, g, memory, t, eta, options) -> (w, memory)` with `memory` a dictionary that is empty before the
first step; in PyTorch, the class and how options translate to its arguments.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
from references import Case, torch

Memory = dict[str, Any]
Step = Callable[[Any, Any, Memory, int, float, Mapping[str, Any]], tuple[Any, Memory]]


@dataclass(frozen=True)
class OptimizerReference:
    """`torch` makes the optimizer from `(parameters, options)`; None where PyTorch lacks it. `cases` are options.

    `decouples` says whether PyTorch's class can decouple the weight decay.
    """

    torch: Callable[[Any, Mapping[str, Any]], Any] | None
    jax: Step
    cases: tuple[Case, ...] = ({},)
    decouples: bool = False

    def torch_cases(self) -> tuple[Case, ...]:
        """The cases that PyTorch knows."""
        known = self.cases if self.torch is not None else ()
        return tuple(case for case in known if self.decouples or not case.get("decoupled_weight_decay"))


def _sgd(w: Any, g: Any, memory: Memory, t: int, eta: float, o: Mapping[str, Any]) -> tuple[Any, Memory]:
    mu = o.get("momentum", 0.0)
    velocity = mu * memory.get("velocity", 0.0) + g
    return w - eta * (g + mu * velocity if o.get("nesterov") else velocity), {"velocity": velocity}


def _adagrad(w: Any, g: Any, memory: Memory, t: int, eta: float, o: Mapping[str, Any]) -> tuple[Any, Memory]:
    total = memory.get("total", o["initial_accumulator_value"]) + g * g
    return w - eta / (1 + (t - 1) * o["lr_decay"]) * g / (jnp.sqrt(total) + o["epsilon"]), {"total": total}


def _adadelta(w: Any, g: Any, memory: Memory, t: int, eta: float, o: Mapping[str, Any]) -> tuple[Any, Memory]:
    rho, eps = o["rho"], o["epsilon"]
    gradients = rho * memory.get("gradients", 0.0) + (1 - rho) * g * g
    step = jnp.sqrt((memory.get("steps", 0.0) + eps) / (gradients + eps)) * g
    return w - eta * step, {"gradients": gradients, "steps": rho * memory.get("steps", 0.0) + (1 - rho) * step * step}


def _rmsprop(w: Any, g: Any, memory: Memory, t: int, eta: float, o: Mapping[str, Any]) -> tuple[Any, Memory]:
    alpha = o["alpha"]
    square = alpha * memory.get("square", 0.0) + (1 - alpha) * g * g
    mean = alpha * memory.get("mean", 0.0) + (1 - alpha) * g
    variance = square - mean * mean if o["centered"] else square
    velocity = o["momentum"] * memory.get("velocity", 0.0) + g / (jnp.sqrt(variance) + o["epsilon"])
    return w - eta * velocity, {"square": square, "mean": mean, "velocity": velocity}


def _moments(g: Any, memory: Memory, o: Mapping[str, Any]) -> tuple[Any, Any]:
    b1, b2 = o["beta_1"], o["beta_2"]
    return b1 * memory.get("m", 0.0) + (1 - b1) * g, b2 * memory.get("v", 0.0) + (1 - b2) * g * g


def _adam(w: Any, g: Any, memory: Memory, t: int, eta: float, o: Mapping[str, Any]) -> tuple[Any, Memory]:
    m, v = _moments(g, memory, o)
    scale = jnp.sqrt(v / (1 - o["beta_2"] ** t)) + o["epsilon"]
    return w - eta * m / (1 - o["beta_1"] ** t) / scale, {"m": m, "v": v}


def _amsgrad(w: Any, g: Any, memory: Memory, t: int, eta: float, o: Mapping[str, Any]) -> tuple[Any, Memory]:
    m, v = _moments(g, memory, o)
    top = jnp.maximum(memory.get("top", 0.0), v)
    scale = jnp.sqrt(top / (1 - o["beta_2"] ** t)) + o["epsilon"]
    return w - eta * m / (1 - o["beta_1"] ** t) / scale, {"m": m, "v": v, "top": top}


def _nadam(w: Any, g: Any, memory: Memory, t: int, eta: float, o: Mapping[str, Any]) -> tuple[Any, Memory]:
    m, v = _moments(g, memory, o)
    mus = [o["beta_1"] * (1 - 0.5 * 0.96 ** (i * o["momentum_decay"])) for i in range(1, t + 2)]
    ahead = mus[t] * m / (1 - math.prod(mus)) + (1 - mus[t - 1]) * g / (1 - math.prod(mus[:t]))
    return w - eta * ahead / (jnp.sqrt(v / (1 - o["beta_2"] ** t)) + o["epsilon"]), {"m": m, "v": v}


def _lion(w: Any, g: Any, memory: Memory, t: int, eta: float, o: Mapping[str, Any]) -> tuple[Any, Memory]:
    m = memory.get("m", jnp.zeros_like(g))
    step = jnp.sign(o["beta_1"] * m + (1 - o["beta_1"]) * g)
    return w - eta * step, {"m": o["beta_2"] * m + (1 - o["beta_2"]) * g}


def _decaying(step: Step, always: bool = False) -> Step:
    """The step with weight decay: decoupled before the step, or coupled into its gradient."""

    def decayed(w: Any, g: Any, memory: Memory, t: int, eta: float, o: Mapping[str, Any]) -> tuple[Any, Memory]:
        share = o.get("weight_decay", 0.0)
        if always or o.get("decoupled_weight_decay"):
            return step(w * (1 - eta * share), g, memory, t, eta, o)
        return step(w, g + share * w, memory, t, eta, o)

    return decayed


_ARGUMENTS = {"epsilon": "eps", "learning_rate": "lr"}


def _torch_optimizer(name: str, **fixed: Any) -> Callable[[Any, Mapping[str, Any]], Any]:
    def make(parameters: Any, options: Mapping[str, Any]) -> Any:
        arguments = {_ARGUMENTS.get(k, k): v for k, v in options.items()}
        if not arguments.get("decoupled_weight_decay"):
            arguments.pop("decoupled_weight_decay", None)  # some classes lack it
        if "beta_1" in arguments:
            arguments["betas"] = (arguments.pop("beta_1"), arguments.pop("beta_2"))
        return getattr(torch.optim, name)(parameters, **arguments, **fixed)

    return make


_DECAYED: tuple[Case, ...] = (
    {},
    {"weight_decay": 0.1},
    {"weight_decay": 0.1, "decoupled_weight_decay": True},
)


def _also_decayed(*cases: Case) -> tuple[Case, ...]:
    return tuple({**case, **decay} for case in cases for decay in _DECAYED)


OPTIMIZERS: dict[str, OptimizerReference] = {
    "sgd": OptimizerReference(
        _torch_optimizer("SGD"),
        _decaying(_sgd),
        _also_decayed({}, {"momentum": 0.8}, {"momentum": 0.8, "nesterov": True}),
    ),
    "momentum": OptimizerReference(_torch_optimizer("SGD"), _decaying(_sgd), _also_decayed({}, {"momentum": 0.5})),
    "nesterov": OptimizerReference(
        _torch_optimizer("SGD", nesterov=True),
        _decaying(lambda w, g, memory, t, eta, o: _sgd(w, g, memory, t, eta, {**o, "nesterov": True})),
        _also_decayed({}),
    ),
    "adagrad": OptimizerReference(
        _torch_optimizer("Adagrad"),
        _decaying(_adagrad),
        _also_decayed({}, {"lr_decay": 0.2, "initial_accumulator_value": 0.1}),
    ),
    "adadelta": OptimizerReference(_torch_optimizer("Adadelta"), _decaying(_adadelta), _also_decayed({})),
    "rmsprop": OptimizerReference(
        _torch_optimizer("RMSprop"),
        _decaying(_rmsprop),
        _also_decayed({}, {"momentum": 0.7}, {"centered": True}, {"momentum": 0.7, "centered": True}),
    ),
    "adam": OptimizerReference(
        _torch_optimizer("Adam"), _decaying(_adam), _also_decayed({}, {"beta_1": 0.5, "epsilon": 0.01}), decouples=True
    ),
    "adamw": OptimizerReference(_torch_optimizer("AdamW"), _decaying(_adam, always=True), ({}, {"weight_decay": 0.2})),
    "amsgrad": OptimizerReference(
        _torch_optimizer("Adam", amsgrad=True), _decaying(_amsgrad), _also_decayed({}), decouples=True
    ),
    "nadam": OptimizerReference(
        _torch_optimizer("NAdam"), _decaying(_nadam), _also_decayed({}, {"momentum_decay": 0.1}), decouples=True
    ),
    "lion": OptimizerReference(None, _decaying(_lion), _also_decayed({})),
}
