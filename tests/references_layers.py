"""References for the layers: each as a function of `x` and of the layer's parameters, in JAX."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

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


def _sinusoids(x: Any) -> Any:
    _, places, features = x.shape
    angle = jnp.arange(places)[:, None] / 10000.0 ** (2 * (jnp.arange(features) // 2) / features)
    return x + jnp.where(jnp.arange(features) % 2 == 0, jnp.sin(angle), jnp.cos(angle))


LAYERS: dict[str, tuple[LayerCase, ...]] = {
    "dense": (LayerCase(_dense, {"units": 3}), LayerCase(_dense, {"units": 3, "bias": False})),
    "flatten": (LayerCase(_flat(-1), shapes=((4,), (3, 4), (2, 1, 3))),),
    "reshape": (
        LayerCase(_flat(2, 3), {"shape": [2, 3]}, ((6,), (3, 2), (1, 6, 1))),
        LayerCase(_flat(6), {"shape": [6]}, ((3, 2),)),
    ),
    "learned_positions": (LayerCase(lambda x, P: x + P, shapes=SEQUENCES),),  # noqa: N803
    "sinusoidal_positions": (LayerCase(_sinusoids, shapes=SEQUENCES),),
}
