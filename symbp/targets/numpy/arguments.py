"""What the functions of a module accept as `x` and `y`, for the checks that refuse anything else.

Floats must have the dtype of the parameters: another one is refused, with the conversion to write, rather than
converted in every call. Labels may be integers of any width. Integer inputs other than labels are not supported.
"""

from __future__ import annotations

from dataclasses import dataclass

from symbp.forward.network import Network, NetworkTensor
from symbp.targets.numpy import source


@dataclass(frozen=True)
class Accepted:
    """An argument as the checks need it. `labels` counts the values an integer may take, 0 for floats."""

    wrong_dtype: str
    expected: str
    hint: str
    rank: int
    shape: str
    labels: int = 0


def accepted(name: str, network: Network) -> Accepted:
    """What is accepted as the tensor `x` or `y`; the shape of `x` is that of one example."""
    tensor: NetworkTensor = network.tensors[name]
    shape = source.shape(tensor.shape[1:] if name == "x" else tensor.shape)
    words = f"of shape {source.shape(tensor.shape)}"
    if tensor.kind == "float":
        hint = f" (write {name}.astype(np.{{dtype}}))"
        return Accepted(f"{name}.dtype != dtype", f"{{dtype}} {words}", hint, len(tensor.shape), shape)
    last = network.tensors[network.output].shape[-1]
    assert isinstance(last, int), "the classes of a network's output are counted by its spec"
    return Accepted(f'{name}.dtype.kind not in "iu"', f"integers {words}", "", len(tensor.shape), shape, last)
