"""The layout of the parameters: every parameter's place in one vector, in the order of the network."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from symbp.forward.network import Parameter, State
from symbp.targets.numpy import names, source


def layout(parameters: Sequence[Parameter | State]) -> list[str]:
    """The entries of LAYOUT: `"dense_1.W": (784, 512)`."""
    return [f"{source.literal(p.name)}: {source.shape(p.shape)}" for p in parameters]


def size(parameters: Sequence[Parameter | State]) -> int:
    """How many numbers all parameters hold together."""
    return sum(math.prod(p.shape) for p in parameters)


def views(parameters: Sequence[Parameter | State], separator: str) -> Iterator[str]:
    """One attribute for each parameter: `self.dense_1_W = flat[0:401408].reshape(784, 512)`."""
    start = 0
    for p in parameters:
        stop = start + math.prod(p.shape)
        reshape = "" if len(p.shape) == 1 else f".reshape({', '.join(map(str, p.shape)) or '()'})"
        yield f"self.{names.identifier(p.name, separator)} = flat[{start}:{stop}]{reshape}"
        start = stop
