"""References for optimizers, schedules, initializers, clipping and penalties: PyTorch's, and JAX from the papers.

An optimizer's reference in JAX is one step `(w, g, memory, t, eta, options) -> (w, memory)` with `memory` a dictionary
that is empty before the first step; in PyTorch it is the class and how options translate to its arguments.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
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


@dataclass(frozen=True)
class ScheduleReference:
    """`torch` makes the scheduler from `(optimizer, options)`; `jax` gives eta from `(t, eta_0, **options)`."""

    torch: Callable[..., Any]
    jax: Callable[..., Any]
    cases: tuple[Case, ...]
    steps: int = 30


@dataclass(frozen=True)
class InitializerReference:
    """`torch` fills a tensor of shape (fan_out, fan_in) in place; `jax` draws one of shape (fan_in, fan_out)."""

    torch: Callable[..., Any]
    jax: Callable[..., Any]
    cases: tuple[Case, ...] = ({},)


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


def _scheduler(name: str) -> Callable[..., Any]:
    return lambda optimizer, options: getattr(torch.optim.lr_scheduler, name)(optimizer, **options)


def _jax_one_cycle(
    t: int,
    eta_0: float,
    total_steps: int,
    pct_start: float = 0.3,
    anneal_strategy: str = "cos",
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> Any:
    points = jnp.asarray([0.0, pct_start * total_steps - 1, total_steps - 1])
    values = jnp.asarray([eta_0 / div_factor, eta_0, eta_0 / div_factor / final_div_factor])
    if anneal_strategy == "linear":
        return jnp.interp(t, points, values)
    part = 0 if t <= points[1] else 1
    share = jnp.clip((t - points[part]) / (points[part + 1] - points[part]), 0, 1)
    return values[part] + (values[part + 1] - values[part]) * jnp.sin(jnp.pi / 2 * share) ** 2


SCHEDULES: dict[str, ScheduleReference] = {
    "constant": ScheduleReference(
        lambda optimizer, options: torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: 1.0),
        lambda t, eta_0: eta_0,
        ({},),
    ),
    "step": ScheduleReference(
        _scheduler("StepLR"),
        lambda t, eta_0, step_size, gamma=0.1: eta_0 * gamma ** (t // step_size),
        ({"step_size": 4}, {"step_size": 7, "gamma": 0.5}),
    ),
    "exponential": ScheduleReference(
        _scheduler("ExponentialLR"), lambda t, eta_0, gamma: eta_0 * jnp.exp(t * jnp.log(gamma)), ({"gamma": 0.9},)
    ),
    "cosine": ScheduleReference(
        _scheduler("CosineAnnealingLR"),
        lambda t, eta_0, T_max, eta_min=0.0: eta_min + (eta_0 - eta_min) * jnp.cos(jnp.pi * t / T_max / 2) ** 2,  # noqa: N803
        ({"T_max": 30}, {"T_max": 12, "eta_min": 0.01}),
    ),
    "linear_warmup": ScheduleReference(
        _scheduler("LinearLR"),
        lambda t, eta_0, start_factor=1 / 3, end_factor=1.0, total_iters=5: (
            eta_0 * jnp.interp(t, jnp.asarray([0.0, total_iters]), jnp.asarray([start_factor, end_factor]))
        ),
        ({}, {"start_factor": 0.1, "end_factor": 0.8, "total_iters": 9}),
    ),
    "one_cycle": ScheduleReference(
        lambda optimizer, options: torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=optimizer.param_groups[0]["lr"], cycle_momentum=False, **options
        ),
        _jax_one_cycle,
        (
            {"total_steps": 30},
            {"total_steps": 31, "anneal_strategy": "linear", "pct_start": 0.5, "div_factor": 5.0},
            {"total_steps": 30, "pct_start": 0.25, "final_div_factor": 10.0},
        ),
    ),
}


def _torch_init(name: str, **fixed: Any) -> Callable[..., Any]:
    return lambda tensor, **options: getattr(torch.nn.init, name)(tensor, **options, **fixed)


def _jax_init(name: str) -> Callable[..., Any]:
    return lambda key, shape: getattr(jax.nn.initializers, name)()(key, shape, jnp.float64)


INITIALIZERS: dict[str, InitializerReference] = {
    "zeros": InitializerReference(_torch_init("zeros_"), lambda key, shape: jnp.zeros(shape)),
    "ones": InitializerReference(_torch_init("ones_"), lambda key, shape: jnp.ones(shape)),
    "constant": InitializerReference(
        lambda tensor, value: torch.nn.init.constant_(tensor, value),
        lambda key, shape, value: jnp.full(shape, value),
        ({"value": 0.3},),
    ),
    "normal": InitializerReference(
        _torch_init("normal_"),
        lambda key, shape, mean=0.0, std=1.0: mean + std * jax.random.normal(key, shape),
        ({}, {"mean": 2.0, "std": 0.5}),
    ),
    "uniform": InitializerReference(
        lambda tensor, low=0.0, high=1.0: torch.nn.init.uniform_(tensor, low, high),
        lambda key, shape, low=0.0, high=1.0: jax.random.uniform(key, shape, minval=low, maxval=high),
        ({}, {"low": -2.0, "high": 0.5}),
    ),
    "orthogonal": InitializerReference(
        _torch_init("orthogonal_"),
        lambda key, shape, gain=1.0: jax.nn.initializers.orthogonal(gain)(key, shape, jnp.float64),
        ({}, {"gain": 2.0}),
    ),
    "torch_default": InitializerReference(
        lambda tensor: tensor.copy_(torch.nn.Linear(tensor.shape[1], tensor.shape[0]).weight),
        lambda key, shape: jax.nn.initializers.variance_scaling(1 / 3, "fan_in", "uniform")(key, shape, jnp.float64),
    ),
    "he_normal": InitializerReference(_torch_init("kaiming_normal_"), _jax_init("he_normal")),
    "he_uniform": InitializerReference(_torch_init("kaiming_uniform_"), _jax_init("he_uniform")),
    "glorot_normal": InitializerReference(_torch_init("xavier_normal_"), _jax_init("glorot_normal")),
    "glorot_uniform": InitializerReference(_torch_init("xavier_uniform_"), _jax_init("glorot_uniform")),
    "lecun_normal": InitializerReference(
        _torch_init("kaiming_normal_", nonlinearity="linear"), _jax_init("lecun_normal")
    ),
    "lecun_uniform": InitializerReference(
        _torch_init("kaiming_uniform_", nonlinearity="linear"), _jax_init("lecun_uniform")
    ),
}

CLIPPING: dict[str, tuple[Callable[..., Any], Callable[..., Any], Case]] = {
    "value": (
        lambda parameters, clip_value: torch.nn.utils.clip_grad_value_(parameters, clip_value),
        lambda g, clip_value: jnp.clip(g, -clip_value, clip_value),
        {"clip_value": 0.7},
    ),
    "global_norm": (
        lambda parameters, max_norm: torch.nn.utils.clip_grad_norm_(parameters, max_norm),
        lambda g, max_norm: g / jnp.maximum(1.0, (jnp.linalg.norm(g) + 1e-6) / max_norm),
        {"max_norm": 2.0},
    ),
}

PENALTIES: dict[str, tuple[Callable[..., Any], Callable[..., Any], Case]] = {
    "l1": (
        lambda w, strength: strength * torch.linalg.vector_norm(w, 1),
        lambda w, strength: strength * jnp.abs(w).sum(),
        {"strength": 0.1},
    ),
    "l2": (
        lambda w, strength: strength / 2 * torch.linalg.vector_norm(w) ** 2,
        lambda w, strength: strength / 2 * jnp.vdot(w, w),
        {"strength": 0.1},
    ),
}
