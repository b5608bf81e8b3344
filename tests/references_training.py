"""References for schedules, initializers, clipping and penalties: PyTorch's, and JAX from the papers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from references import Case, torch


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
