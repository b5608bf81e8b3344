"""Random examples for a module's own check: what each argument may hold, as the statement that draws it."""

from __future__ import annotations

from symbp.forward.network import Network
from symbp.targets.numpy import source

BATCH = 5
TOLERANCE = 1e-6


def statements(network: Network) -> list[str]:
    """The statements that draw `x` and `y`."""
    return [*_input(network), *_target(network)]


def _input(network: Network) -> list[str]:
    return [f"x = draw.standard_normal({_shape(network, 'x')})"]


def _target(network: Network) -> list[str]:
    """Labels, or rows of positive numbers that add to 1, which every loss takes."""
    target, output = network.tensors["y"], network.tensors[network.output]
    if target.kind == "int":
        return [f"y = draw.integers({output.shape[-1]}, size={_shape(network, 'y')})"]
    whole = [f"y = draw.random({_shape(network, 'y')})"]
    return whole if target.shape[-1] in (1, "n") else [*whole, "y /= y.sum(axis=-1, keepdims=True)"]


def _shape(network: Network, tensor: str) -> str:
    return source.shape([BATCH if dim == "n" else dim for dim in network.tensors[tensor].shape])
