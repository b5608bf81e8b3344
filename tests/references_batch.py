"""References for batch normalization: in JAX, by the same statistics; PyTorch's layer holds the running averages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Batch:
    """A layer with options: `jax` takes `x` and the parameters by name, and computes in training.

    `shapes` are those of `x`, the batch among them.
    """

    jax: Callable[..., Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    shapes: tuple[Shape, ...] = ((4, 3), (2, 3), (3, 2, 4), (1, 2, 5), (2, 3, 2, 3), (2, 2, 1, 3, 2))

    @property
    def torch(self) -> dict[str, Any]:
        """The options as PyTorch's layer takes them."""
        given = {name: value for name, value in self.options.items() if name != "cumulative"}
        return {**given, "momentum": None} if self.options.get("cumulative") else given


def batch_norm(x: Any, gamma: Any = None, beta: Any = None, eps: float = 1e-5, **_: Any) -> Any:
    """Every channel with mean 0 and variance 1, over the batch and all positions."""
    axes = (0, *range(2, x.ndim))
    whole = (1, -1, *[1] * (x.ndim - 2))
    y = (x - x.mean(axes, keepdims=True)) / jnp.sqrt(x.var(axes, keepdims=True) + eps)
    return y if gamma is None else gamma.reshape(whole) * y + beta.reshape(whole)


BATCH: Mapping[str, tuple[Batch, ...]] = {
    "batch_norm": (
        Batch(batch_norm),
        Batch(batch_norm, {"eps": 0.125, "momentum": 0.25}, ((3, 2), (2, 2, 3))),
        Batch(batch_norm, {"affine": False}, ((4, 3), (2, 3, 2, 2))),
        Batch(batch_norm, {"cumulative": True}, ((4, 3), (2, 3, 2, 2))),
        Batch(batch_norm, {"cumulative": True, "affine": False}, ((4, 3),)),
    )
}
