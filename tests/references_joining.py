"""Layers of several inputs, and layers that choose, order or fold axes: cases with functions of JAX and of PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
from references import torch

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Joined:
    """`shapes` of the inputs, the options, and what the layer computes, in order of its inputs."""

    shapes: tuple[Shape, ...]
    jax: Callable[..., Any]
    torch: Callable[..., Any]
    options: Mapping[str, Any] = field(default_factory=dict)


def _product(*x: Any) -> Any:
    total = x[0]
    for each in x[1:]:
        total = total * each
    return total


def _fold(function: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """A function of two arguments, folded over several, in both libraries."""

    def jax(*x: Any) -> Any:
        total = x[0]
        for each in x[1:]:
            total = getattr(jnp, function)(total, each)
        return total

    def other(*x: Any) -> Any:
        total = x[0]
        for each in x[1:]:
            total = getattr(torch, function)(total, each)
        return total

    return jax, other


def _end_to_end(axis: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    return lambda *x: jnp.concatenate(x, axis), lambda *x: torch.cat(x, axis)


_ALIKE: tuple[tuple[Shape, ...], ...] = (((5, 4), (5, 4)), ((1, 3, 2),) * 3, ((2, 3, 1, 2),) * 4, ((3, 1),))


def _elementwise(jax: Callable[..., Any], other: Callable[..., Any]) -> list[Joined]:
    return [Joined(shapes, jax, other) for shapes in _ALIKE]


JOINING: dict[str, list[Joined]] = {
    "add": _elementwise(lambda *x: sum(x), lambda *x: sum(x)),
    "subtract": [
        Joined(shapes, lambda x_1, x_2: x_1 - x_2, lambda x_1, x_2: torch.sub(x_1, x_2))
        for shapes in (((5, 4), (5, 4)), ((1, 2, 3), (1, 2, 3)))
    ],
    "multiply": _elementwise(_product, _product),
    "average": _elementwise(lambda *x: sum(x) / len(x), lambda *x: torch.stack(x).mean(0)),
    "maximum": _elementwise(*_fold("maximum")),
    "minimum": _elementwise(*_fold("minimum")),
    "concatenate": [
        Joined(((5, 4), (5, 2), (5, 1)), *_end_to_end(-1)),
        Joined(((5, 4),), *_end_to_end(1), {"axis": 1}),
        Joined(((1, 2, 3, 2), (1, 1, 3, 2), (1, 5, 3, 2)), *_end_to_end(1), {"axis": 1}),
        Joined(((2, 3, 4), (2, 1, 4)), *_end_to_end(1), {"axis": -2}),
        Joined(((2, 3, 4, 2), (2, 3, 1, 2)), *_end_to_end(2), {"axis": 2}),
    ],
}
