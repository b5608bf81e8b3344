"""References for the layers: each as a function of `x` and of the layer's parameters, in JAX."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp

Shapes = tuple[tuple[int, ...], ...]
ROWS: Shapes = ((4,), (3, 4), (1,))
SEQUENCES: Shapes = ((5, 6), (1, 6), (3, 2))


@dataclass(frozen=True)
class LayerCase:
    """A layer with options, and what it computes: `jax` takes `x` and the parameters by name.

    `shapes` are those of one example that it is tried with.
    """

    jax: Callable[..., Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    shapes: Shapes = ROWS


def _dense(x: Any, W: Any, b: Any = 0.0) -> Any:  # noqa: N803
    return x @ W + b


def _flat(*shape: int) -> Callable[..., Any]:
    return lambda x: x.reshape(len(x), *shape)


def _turned(x: Any) -> Any:
    """Rotary positions of (n, t, h, 2, e), in complex numbers."""
    _, places, _, _, half = x.shape
    angle = jnp.arange(places)[:, None] * 10000.0 ** (-jnp.arange(half) / half)
    turned = (x[..., 0, :] + 1j * x[..., 1, :]) * jnp.exp(1j * angle)[None, :, None, :]
    return jnp.stack([turned.real, turned.imag], axis=-2)


def _attention(causal: bool = False, rotary: bool = False) -> Callable[..., Any]:
    def attend(x: Any, Wo: Any, bo: Any = 0.0, **more: Any) -> Any:  # noqa: N803
        q, k, v = (
            jnp.tensordot(x, more[f"W{name}"], 1) + more.get(f"b{name}", 0.0) for name in "qkv"
        )  # (n, t, h, ...)
        if rotary:
            q, k = (_turned(a).reshape(*v.shape) for a in (q, k))
        scores = jnp.einsum("nthd,nuhd->nhtu", q, k) / math.sqrt(v.shape[-1])
        if causal:
            scores = jnp.where(jnp.tril(jnp.ones(scores.shape[-2:], bool)), scores, -jnp.inf)
        seen = jnp.einsum("nhtu,nuhd->nthd", jax.nn.softmax(scores, axis=-1), v)
        return jnp.einsum("nthd,hdj->ntj", seen, Wo) + bo

    return attend


def _sinusoids(x: Any) -> Any:
    _, places, features = x.shape
    angle = jnp.arange(places)[:, None] / 10000.0 ** (2 * (jnp.arange(features) // 2) / features)
    return x + jnp.where(jnp.arange(features) % 2 == 0, jnp.sin(angle), jnp.cos(angle))


def _attention_cases() -> tuple[LayerCase, ...]:
    every = tuple(
        LayerCase(
            _attention(causal, rotary),
            {"heads": 2, "bias": bias, "causal": causal, "rotary": rotary},
            ((4, 8),),
        )
        for bias in (True, False)
        for causal in (False, True)
        for rotary in (False, True)
    )
    return (
        *every,
        LayerCase(_attention(causal=True, rotary=True), {"heads": 1, "causal": True, "rotary": True}, SEQUENCES),
    )


LAYERS: dict[str, tuple[LayerCase, ...]] = {
    "dense": (LayerCase(_dense, {"units": 3}), LayerCase(_dense, {"units": 3, "bias": False})),
    "flatten": (LayerCase(_flat(-1), shapes=((4,), (3, 4), (2, 1, 3))),),
    "reshape": (
        LayerCase(_flat(2, 3), {"shape": [2, 3]}, ((6,), (3, 2), (1, 6, 1))),
        LayerCase(_flat(6), {"shape": [6]}, ((3, 2),)),
    ),
    "learned_positions": (LayerCase(lambda x, P: x + P, shapes=SEQUENCES),),  # noqa: N803
    "sinusoidal_positions": (LayerCase(_sinusoids, shapes=SEQUENCES),),
    "multi_head_attention": _attention_cases(),
}
