"""Layers that normalize: cases with functions of JAX and of PyTorch, which share no formula with the catalog."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
from references import F, torch

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Normalized:
    """`shapes` of the input to try, the shapes of the parameters for the last axis or the channels of such an input."""

    shapes: tuple[Shape, ...]
    parameters: Callable[[Shape], Mapping[str, Shape]]
    jax: Callable[..., Any]
    torch: Callable[..., Any]
    options: Mapping[str, Any] = field(default_factory=dict)


def _none(_: Shape) -> dict[str, Shape]:
    return {}


def _last(*names: str) -> Callable[[Shape], dict[str, Shape]]:
    return lambda shape: dict.fromkeys(names, shape[-1:])


def _channels(*names: str) -> Callable[[Shape], dict[str, Shape]]:
    return lambda shape: dict.fromkeys(names, shape[1:2])


def _standardized(x: Any, axes: tuple[int, ...], eps: float) -> Any:
    return (x - x.mean(axes, keepdims=True)) / jnp.sqrt(x.var(axes, keepdims=True) + eps)


def _by_channel(values: Any, like: Any) -> Any:
    return values.reshape(1, -1, *[1] * (like.ndim - 2))


def _layer(x: Any, gamma: Any = 1.0, beta: Any = 0.0, eps: float = 1e-5, **_: Any) -> Any:
    return gamma * _standardized(x, (-1,), eps) + beta


def _layer_torch(x: Any, gamma: Any = None, beta: Any = None, eps: float = 1e-5, **_: Any) -> Any:
    return F.layer_norm(x, x.shape[-1:], gamma, beta, eps)


def _rms(x: Any, gamma: Any = 1.0, eps: float = 2**-23, **_: Any) -> Any:
    return gamma * x * jax.lax.rsqrt(jnp.square(x).mean(-1, keepdims=True) + eps)


def _rms_torch(x: Any, gamma: Any = None, eps: float = 2**-23, **_: Any) -> Any:
    return F.rms_norm(x, x.shape[-1:], gamma, eps)


def _group(x: Any, groups: int, gamma: Any = None, beta: Any = None, eps: float = 1e-5, **_: Any) -> Any:
    parts = [_standardized(p, tuple(range(1, x.ndim)), eps) for p in jnp.split(x, groups, 1)]
    whole = jnp.concatenate(parts, 1)
    scaled = whole if gamma is None else whole * _by_channel(gamma, x)
    return scaled if beta is None else scaled + _by_channel(beta, x)


def _group_torch(x: Any, groups: int, gamma: Any = None, beta: Any = None, eps: float = 1e-5, **_: Any) -> Any:
    return F.group_norm(x, groups, gamma, beta, eps)


def _instance(x: Any, gamma: Any = None, beta: Any = None, eps: float = 1e-5, **_: Any) -> Any:
    whole = _standardized(x, tuple(range(2, x.ndim)), eps)
    scaled = whole if gamma is None else whole * _by_channel(gamma, x)
    return scaled if beta is None else scaled + _by_channel(beta, x)


def _instance_torch(x: Any, gamma: Any = None, beta: Any = None, eps: float = 1e-5, **_: Any) -> Any:
    return F.instance_norm(x, None, None, gamma, beta, True, 0.0, eps)


def _weight_norm(x: Any, v: Any, g: Any, b: Any = 0.0, **_: Any) -> Any:
    return x @ (g * v / jnp.linalg.norm(v, axis=0)) + b


def _weight_norm_torch(x: Any, v: Any, g: Any, b: Any = None, **_: Any) -> Any:
    return F.linear(x, torch._weight_norm(v.T, g[:, None], 0), b)


_LAST: tuple[Shape, ...] = ((5, 4), (1, 7), (3, 2), (2, 3, 5), (1, 1, 2, 3))
_IMAGES: tuple[Shape, ...] = ((3, 6, 5), (1, 6, 2, 3), (2, 6, 1, 4))
_WITHOUT = {"affine": False}

NORMALIZATION: dict[str, list[Normalized]] = {
    "layer_norm": [
        Normalized(_LAST, _last("gamma", "beta"), _layer, _layer_torch),
        Normalized(_LAST, _last("gamma", "beta"), _layer, _layer_torch, {"eps": 0.5}),
        Normalized(_LAST, _last("gamma"), _layer, _layer_torch, {"bias": False}),
        Normalized(_LAST, _none, _layer, _layer_torch, _WITHOUT),
        Normalized(_LAST[-1:], _none, _layer, _layer_torch, {"bias": False, **_WITHOUT}),
    ],
    "rms_norm": [
        Normalized((*_LAST, (4, 1)), _last("gamma"), _rms, _rms_torch, {"eps": 0.25}),
        Normalized(_LAST, _none, _rms, _rms_torch, _WITHOUT),
    ],
    "group_norm": [
        Normalized(((5, 6), *_IMAGES), _channels("gamma", "beta"), _group, _group_torch, {"groups": 2}),
        Normalized(_IMAGES, _channels("gamma", "beta"), _group, _group_torch, {"groups": 1, "eps": 0.1}),
        Normalized(_IMAGES, _channels("gamma"), _group, _group_torch, {"groups": 2, "bias": False}),
        Normalized(_IMAGES, _none, _group, _group_torch, {"groups": 3, **_WITHOUT}),
        Normalized(_IMAGES, _none, _group, _group_torch, {"groups": 6, "bias": False, **_WITHOUT}),
    ],
    "instance_norm": [
        Normalized(_IMAGES, _none, _instance, _instance_torch, {"eps": 1e-3}),
        Normalized(_IMAGES, _channels("gamma", "beta"), _instance, _instance_torch, {"affine": True}),
        Normalized(_IMAGES, _channels("gamma"), _instance, _instance_torch, {"affine": True, "bias": False}),
    ],
    "weight_norm_dense": [
        Normalized(
            ((5, 4), (2, 3, 4), (1, 4)),
            lambda _: {"v": (4, 3), "g": (3,), "b": (3,)},
            _weight_norm,
            _weight_norm_torch,
            {"units": 3},
        ),
        Normalized(
            ((5, 1), (2, 3, 1)),
            lambda _: {"v": (1, 2), "g": (2,)},
            _weight_norm,
            _weight_norm_torch,
            {"units": 2, "bias": False},
        ),
    ],
}
