"""Examples by name, for networks of several inputs or targets: every array of a source, split, scaled and shaped alike.

An array has the name of the input or the target that it is. Where every name of a file stands twice, with `_train` and
with `_test` behind it, the file has a test set of its own.
"""

from __future__ import annotations

from math import prod
from pathlib import Path

import numpy as np

from symbp.forward.network import Network, NetworkTensor
from symbp.spec.model import DataSpec, NetworkSpec
from symbp.training.compared import Compared
from symbp.training.dataset import Arrays, NamedArrays, Pair
from symbp.training.errors import DataError
from symbp.training.prepare import Examples, Scaling, real, whole
from symbp.training.random import SPLIT_TEST, SPLIT_VALIDATION, generator
from symbp.training.tables import numbers_of, read_arrays

PIXEL = 255.0
NAMED = ("ratings",)  # sources that always give arrays by name


def is_named(data: DataSpec, network: Network) -> bool:
    """Whether examples come by name; DataError for a source that has one input and one target where several are."""
    if data.source in NAMED:
        return True
    if data.source == "npz":
        return len(network.inputs) > 1 or len(network.targets) != 1
    if len(network.inputs) > 1 or len(network.targets) > 1:
        wanted = ", ".join((*network.inputs, *network.targets))
        raise DataError(f"`{data.source}` has one input and one target; {wanted} come by name, from an .npz file")
    return False


def named_examples(found: NamedArrays, spec: NetworkSpec, network: Network) -> Examples:
    """The examples of a source for a network. DataError where they do not fit it."""
    assert spec.data is not None
    seed, training, source = spec.training.seed, spec.training, found.source
    names = (*network.inputs, *network.targets)
    for name in names:
        if name not in found.train:
            raise DataError(f"{source}: expected arrays {', '.join(names)}; has {', '.join(found.train)}")
    train, test = found.train, found.test
    if test is None:
        train, test = _split(train, spec.data.test, generator(seed, SPLIT_TEST), source)
    validation = None
    if training.validation:
        train, validation = _split(train, training.validation, generator(seed, SPLIT_VALIDATION), source)
    scales = {
        name: Scaling.of(train[name], PIXEL if train[name].dtype == np.uint8 else None, spec.data)
        for name in network.differentiable_inputs
    }

    def ready(arrays: Arrays) -> Pair:
        made = {name: _shaped(arrays, network.tensors[name], scales.get(name), spec.dtype, source) for name in names}
        return _given(made, network.inputs), _given(made, network.targets)

    held = ready(validation) if validation else None
    return Examples(of_train := ready(train), held, ready(test), Compared.of(of_train, spec, network))


def _given(arrays: Arrays, names: tuple[str, ...]) -> np.ndarray | Arrays | None:
    """Arrays as a module takes them: several by name, one as it is, none as None."""
    return {name: arrays[name] for name in names} if len(names) > 1 else next((arrays[name] for name in names), None)


def read_named(path: Path, network: Network) -> NamedArrays:
    """The arrays of an `.npz` file that the network takes, and those of the test where the file says which they are."""
    names = (*network.inputs, *network.targets)
    arrays = read_arrays(path)
    for ends in (("_train", "_test"), ("",)):
        if all(name + end in arrays for end in ends for name in names):
            parts = [{name: numbers_of(arrays, name + end, path) for name in names} for end in ends]
            for part, end in zip(parts, ends, strict=True):
                counts = {name + end: len(array) for name, array in part.items()}
                if len(set(counts.values())) > 1:
                    raise DataError(f"{path}: expected as many examples in every array, has {counts}")
            return NamedArrays(str(path), *parts)
    wanted = f"{', '.join(names)}, or each with _train and with _test behind it"
    raise DataError(f"{path}: expected arrays {wanted}; has {', '.join(arrays)}")


def _split(arrays: Arrays, fraction: float, source: np.random.Generator, name: str) -> tuple[Arrays, Arrays]:
    """What is kept, and the fraction that is held out, at random."""
    count = len(next(iter(arrays.values())))
    held = round(fraction * count)
    if not 0 < held < count:
        raise DataError(f"{name}: {fraction} of {count} examples are {held}; both parts need one at least")
    order = source.permutation(count)
    kept, out = np.sort(order[held:]), np.sort(order[:held])
    return {n: a[kept] for n, a in arrays.items()}, {n: a[out] for n, a in arrays.items()}


def _shaped(arrays: Arrays, tensor: NetworkTensor, scale: Scaling | None, dtype: str, source: str) -> np.ndarray:
    """An array in the shape and the kind of the tensor that it gives."""
    array, shape = arrays[tensor.name], tuple(int(d) for d in tensor.shape[1:])
    if prod(array.shape[1:]) != prod(shape):
        raise DataError(
            f"{source}: an example of {tensor.name} has shape {array.shape[1:]}, {prod(array.shape[1:])} numbers; "
            f"the network's is {shape}, {prod(shape)} numbers"
        )
    array = array.reshape(len(array), *shape)
    if tensor.kind == "float":
        return real(array if scale is None else scale(array), dtype, source, tensor.name)
    return whole(array, tensor, source)
