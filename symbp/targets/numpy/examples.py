"""Random examples for a module's own check: what each argument may hold, as the statement that draws it."""

from __future__ import annotations

from collections.abc import Iterator

from symbp.forward.network import BATCH, Network, NetworkTensor
from symbp.targets.numpy import source
from symbp.targets.numpy.arguments import Argument, arguments

EXAMPLES = 5  # in the batch that is drawn
TOLERANCE = 1e-6


def statements(network: Network) -> list[str]:
    """The statements that draw `x` and `y`."""
    x, y = arguments(network)
    return [*_drawn(x), *(_drawn(y) if y.tensors else ["y = None"])]


def _drawn(argument: Argument) -> Iterator[str]:
    """An array, or a mapping of names to arrays; rows of a target add to 1, which every loss takes."""
    if not argument.several:
        (tensor,) = argument.tensors
        yield f"{argument.name} = {_value(tensor)}"
    else:
        yield f"{argument.name}: dict[str, Array] = {{"
        yield from (f"{source.INDENT}{source.literal(t.name)}: {_value(t)}," for t in argument.tensors)
        yield "}"
    for tensor in argument.tensors:
        if tensor.role == "target" and tensor.kind == "float" and tensor.shape[-1] not in (1, BATCH):
            array = argument.references()[tensor.name]
            yield f"{array} /= {array}.sum(axis=-1, keepdims=True)"


def _value(tensor: NetworkTensor) -> str:
    """Numbers about 0 for an input, between 0 and 1 for a target, classes for either."""
    shape = source.shape([EXAMPLES if dim == BATCH else dim for dim in tensor.shape])
    if tensor.kind == "int":
        return f"draw.integers({tensor.classes}, size={shape})"
    return f"draw.{'random' if tensor.role == 'target' else 'standard_normal'}({shape})"
