"""References for layers that are random in training, in JAX: each with what it draws as an argument."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp

Shapes = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Noise:
    """A layer with options: `jax` takes `x` and what is drawn, by the names of the row.

    In inference it is `x` itself. `random` are the shapes of what is drawn for an `x` of a shape, batch and all.
    """

    jax: Callable[..., Any]
    options: Mapping[str, Any]
    random: Callable[[tuple[int, ...]], Mapping[str, tuple[int, ...]]]
    shapes: Shapes = field(default=((5,), (2, 4), (3, 2, 4)))


def _dropout(x: Any, u: Any, rate: float) -> Any:
    kept = (u >= rate).reshape(*u.shape, *[1] * (x.ndim - u.ndim))
    return jnp.where(kept, x / (1 - rate), 0)


NOISE: Mapping[str, tuple[Noise, ...]] = {
    "dropout": tuple(Noise(_dropout, {"rate": rate}, lambda shape: {"u": shape}) for rate in (0.5, 0.1, 0.0)),
    "channel_dropout": (Noise(_dropout, {"rate": 0.4}, lambda shape: {"u": shape[:2]}, ((4, 3), (2, 4, 3))),),
    "gaussian_sample": (),  # of two inputs: tests/modes/test_sampling.py
    "gaussian_noise": (Noise(lambda x, e, stddev: x + stddev * e, {"stddev": 0.7}, lambda shape: {"e": shape}),),
}
