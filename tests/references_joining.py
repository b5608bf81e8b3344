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


def _along(
    jax: Callable[..., Any], other: Callable[..., Any], options: Mapping[str, Any], *shapes: Shape
) -> list[Joined]:
    """The same on inputs of several shapes, each case with one input."""
    return [Joined((shape,), jax, other, options) for shape in shapes]


AXES: dict[str, list[Joined]] = {
    "slice": [
        *_along(lambda x: x[..., 1:3], lambda x: torch.narrow(x, -1, 1, 2), {"start": 1, "length": 2}, (5, 4), (2, 3)),
        *_along(lambda x: x[:, :2], lambda x: x[:, :2], {"length": 2, "axis": 1}, (1, 2, 3), (2, 4, 2, 1)),
        *_along(lambda x: x[:, :, 3:4], lambda x: x[:, :, 3:4], {"start": 3, "length": 1, "axis": -2}, (2, 3, 4, 2)),
    ],
    "split": [
        *_along(lambda x: x[..., 2:], lambda x: torch.chunk(x, 2, -1)[1], {"parts": 2, "index": 1}, (5, 4), (1, 2, 4)),
        *_along(lambda x: x[:, :1], lambda x: torch.chunk(x, 3, 1)[0], {"parts": 3, "axis": 1}, (2, 3, 2), (2, 3, 1)),
        *_along(lambda x: x, lambda x: torch.chunk(x, 1, 1)[0], {"parts": 1, "axis": 1}, (2, 3)),
    ],
    "mean": [
        *_along(lambda x: x.mean(-1), lambda x: x.mean(-1), {}, (2, 3, 4), (1, 2, 1, 3)),
        *_along(lambda x: x.mean(1), lambda x: x.mean(1), {"axis": 1}, (2, 3, 4), (2, 1, 3)),
        *_along(lambda x: x.mean(2), lambda x: x.mean(2), {"axis": 2}, (2, 3, 4, 2)),
    ],
    "sum": [
        *_along(lambda x: x.sum(-1), lambda x: x.sum(-1), {}, (2, 3, 4)),
        *_along(lambda x: x.sum(1), lambda x: x.sum(1), {"axis": -2}, (1, 3, 4)),
    ],
    "max": [
        *_along(lambda x: x.max(-1), lambda x: torch.amax(x, -1), {}, (2, 3, 4)),
        *_along(lambda x: x.max(1), lambda x: torch.amax(x, 1), {"axis": 1}, (2, 3, 4), (1, 2, 3, 2)),
    ],
    "permute": [
        *_along(lambda x: x.transpose(0, 2, 1), lambda x: x.permute(0, 2, 1), {"dims": (2, 1)}, (2, 3, 4), (1, 1, 2)),
        *_along(
            lambda x: x.transpose(0, 3, 1, 2), lambda x: x.permute(0, 3, 1, 2), {"dims": (3, 1, 2)}, (2, 3, 4, 2)
        ),
    ],
    "transpose": _along(lambda x: jnp.swapaxes(x, -1, -2), lambda x: x.mT, {}, (2, 3, 4), (1, 2, 3, 1)),
    "repeat_vector": _along(
        lambda x: jnp.repeat(x[..., None, :], 3, -2), lambda x: x.unsqueeze(-2).repeat_interleave(3, -2), {"times": 3},
        (2, 4), (1, 2, 3),
    ),
    "matmul": [
        Joined(((2, 3, 4), (2, 4, 5)), lambda a, b: a @ b, lambda a, b: torch.matmul(a, b)),
        Joined(((1, 2, 3, 1), (1, 2, 1, 2)), lambda a, b: a @ b, lambda a, b: torch.matmul(a, b)),
        Joined(
            ((2, 3, 4), (2, 5, 4)),
            lambda a, b: a @ jnp.swapaxes(b, -1, -2),
            lambda a, b: torch.matmul(a, b.mT),
            {"transpose": True},
        ),
    ],
    "dot": [
        Joined(shapes, lambda a, b: (a * b).sum(-1, keepdims=True), lambda a, b: (a * b).sum(-1, keepdim=True))
        for shapes in (((5, 4), (5, 4)), ((2, 3, 1), (2, 3, 1)))
    ],
    "scale_channels": [
        Joined(shapes, lambda x, s: x * s[..., None], lambda x, s: torch.mul(x, s[..., None]))
        for shapes in (((2, 3, 4), (2, 3)), ((1, 2, 1), (1, 2)))
    ],
}  # fmt: skip
