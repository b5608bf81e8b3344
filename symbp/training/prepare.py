"""From a source's examples to what a network reads: split, scaled, shaped. Seeded, and the same in every run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from math import prod

import numpy as np

from symbp.forward.network import Network, NetworkTensor
from symbp.spec.model import DataSpec, NetworkSpec
from symbp.training.alphabet import Alphabet
from symbp.training.compared import Compared
from symbp.training.dataset import Dataset, Pair, arrays_of
from symbp.training.errors import DataError
from symbp.training.random import SPLIT_TEST, SPLIT_VALIDATION, generator


@dataclass(frozen=True)
class Examples:
    """Pairs of `x` (n, *input) and `y`, in the network's dtype.

    `compared` says what is measured beside the cost. `alphabet` belongs to a text.
    """

    train: Pair
    validation: Pair | None
    test: Pair
    compared: Compared
    alphabet: Alphabet | None = None

    def fingerprint(self) -> str:
        """A checksum of the training examples, so that a run goes on with those it began with."""
        digest = hashlib.blake2b(digest_size=16)
        for array in (array for given in self.train for array in arrays_of(given)):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def prepare(dataset: Dataset, spec: NetworkSpec, network: Network) -> Examples:
    """The examples of a source for a network. DataError where they do not fit it."""
    assert spec.data is not None
    seed, training = spec.training.seed, spec.training
    _counted(dataset.source, dataset.x, dataset.y)
    train: Pair = (dataset.x, dataset.y)
    test = dataset.test
    if test is None:
        train, test = split(train, spec.data.test, generator(seed, SPLIT_TEST), dataset.source, dataset.ordered)
    else:
        _counted(f"{dataset.source} (test)", *test)
    validation = None
    if training.validation:
        source = generator(seed, SPLIT_VALIDATION)
        train, validation = split(train, training.validation, source, dataset.source, dataset.ordered)
    integers = network.tensors[network.inputs[0]].kind == "int"
    scale = None if integers else Scaling.of(train[0], dataset.largest, spec.data)
    targets = Targets.of(dataset, spec, network) if network.targets else None  # else the cost compares with nothing

    def ready(pair: Pair) -> Pair:
        x = _inputs(scale(pair[0]) if scale else pair[0], dataset.source, network, spec.dtype)
        return x, targets(pair[1], spec.dtype) if targets else None

    held = ready(validation) if validation else None
    return Examples(of_train := ready(train), held, ready(test), Compared.of(of_train, spec, network))


def whole(array: np.ndarray, tensor: NetworkTensor, source: str) -> np.ndarray:
    """An array of whole numbers, each of which is one of the tensor's classes."""
    numbers = array.astype(np.int64)
    if (numbers != array).any() or numbers.min() < 0 or numbers.max() >= tensor.classes:
        wanted = f"whole numbers from 0 to {tensor.classes - 1}"
        raise DataError(f"{source}: {tensor.name} runs from {array.min()} to {array.max()}, expected {wanted}")
    return numbers


def real(array: np.ndarray, dtype: str, source: str, name: str) -> np.ndarray:
    """An array of numbers in the precision of the network, which holds all of them."""
    with np.errstate(over="ignore"):
        numbers = np.ascontiguousarray(array, dtype)
    if not np.isfinite(numbers).all():
        largest = f"{np.abs(array).max():.3g}, beyond what {dtype} holds"
        raise DataError(f"{source}: {name} has numbers of up to {largest}; `normalize: standard` makes them small")
    return numbers


@dataclass(frozen=True)
class Scaling:
    """x becomes (x - shift) / width: numbers for images, rows of numbers for tables."""

    shift: np.ndarray
    width: np.ndarray

    @staticmethod
    def of(x: np.ndarray, largest: float | None, data: DataSpec) -> Scaling:
        """From the training set alone: `unit` to the range 0 to 1, `standard` to mean 0 and deviation 1."""
        axes = None if largest is not None else 0
        zero, one = np.float64(0), np.float64(1)
        if data.normalize == "none":
            return Scaling(np.asarray(zero), np.asarray(one))
        if data.normalize == "unit":
            low = zero if largest is not None else x.min(axes).astype(np.float64)
            high = np.float64(largest) if largest is not None else x.max(axes).astype(np.float64)
            return Scaling(np.asarray(low), _width(high - low))
        unit = np.float64(1 if largest is None else largest)  # a given mean and deviation are of pixels from 0 to 1
        mean = x.mean(axes, dtype=np.float64) if data.mean is None else data.mean * unit
        std = x.std(axes, dtype=np.float64) if data.std is None else data.std * unit
        return Scaling(np.asarray(mean), _width(std))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The scaled numbers, in double precision where they are not yet."""
        if not self.shift.any() and (self.width == 1).all():
            return x
        result: np.ndarray = np.subtract(x, self.shift, dtype=np.float64)
        result /= self.width
        return result


@dataclass(frozen=True)
class Targets:
    """How a source's targets become the network's `y`."""

    source: str
    shape: tuple[int, ...]  # of one example
    integers: bool
    outputs: int
    one_hot: bool

    @staticmethod
    def of(dataset: Dataset, spec: NetworkSpec, network: Network) -> Targets:
        """What the cost compares with: labels, classes as rows with a single 1, or numbers."""
        tensor = network.tensors[network.targets[0]]
        shape = tuple(int(d) for d in tensor.shape[1:])
        outputs = int(network.tensors[network.heads[0].output].shape[-1])
        integers, whole = tensor.kind == "int", dataset.y.dtype.kind in "iub"
        labels = whole and (dataset.y.ndim == 1 or (integers and dataset.y.shape[1:] == shape))
        if integers and labels and dataset.y.shape[1:] != shape:
            raise DataError(
                f"{dataset.source}: an example has one label; the network's output {network.heads[0].output} has a row "
                f"of {outputs} classes for each of {' x '.join(map(str, shape))} places; a `flatten` before its last "
                "layer, or a pooling over all places, leaves one row"
            )
        if integers and not labels:
            raise DataError(
                f"{dataset.source}: the loss `{spec.loss.name}` compares with labels, the targets are "
                f"{dataset.y.dtype} of shape {dataset.y.shape}"
            )
        one_hot = labels and not integers and outputs > 1 and shape == (outputs,)
        if integers or one_hot:
            _labels(dataset, outputs, spec, network)
        return Targets(dataset.source, shape, integers, outputs, one_hot)

    def __call__(self, y: np.ndarray, dtype: str) -> np.ndarray:
        """`y` for the network."""
        if self.integers:
            return y.astype(np.int64)
        if self.one_hot:
            return np.asarray(y[:, None] == np.arange(self.outputs), dtype)
        if prod(y.shape[1:]) != prod(self.shape):
            raise DataError(
                f"{self.source}: targets of shape {y.shape[1:]}, the cost compares with numbers of shape {self.shape}"
            )
        return real(y.reshape(len(y), *self.shape), dtype, self.source, "the target")


def _labels(dataset: Dataset, outputs: int, spec: NetworkSpec, network: Network) -> None:
    for y in (dataset.y, *([dataset.test[1]] if dataset.test else [])):
        if y.min() < 0 or y.max() >= outputs:
            mend = "labels begin at 0" if y.min() < 0 else of_classes(spec, network, y.max() + 1)
            raise DataError(
                f"{dataset.source}: labels run from {y.min()} to {y.max()}; "
                f"the network's output {network.heads[0].output} has {outputs} classes, 0 to {outputs - 1}\n  {mend}"
            )


def of_classes(spec: NetworkSpec, network: Network, classes: int) -> str:
    """How the network gets an output of so many classes, and where its spec says of how many it is."""
    block = network.heads[0].output.partition(".")[0]
    place = next((f"{layer.use.place}: " for layer in spec.layers if layer.name == block), f"{spec.place.file}: ")
    return f"{place}make the last layer `dense: {classes}`"


def _counted(source: str, x: np.ndarray, y: np.ndarray) -> None:
    if len(x) != len(y) or len(x) == 0:
        raise DataError(f"{source}: {len(x)} inputs and {len(y)} targets; expected one target for each input, and some")


def split(
    pair: Pair, fraction: float, source: np.random.Generator, name: str, ordered: bool = False
) -> tuple[Pair, Pair]:
    """What is kept, and the fraction that is held out: at random, or the end of what is in order."""
    x, y = pair
    held = round(fraction * len(x))
    if not 0 < held < len(x):
        raise DataError(f"{name}: {fraction} of {len(x)} examples are {held}; both parts need one at least")
    order = np.arange(len(x))[::-1] if ordered else source.permutation(len(x))
    kept, out = np.sort(order[held:]), np.sort(order[:held])
    return (x[kept], y[kept]), (x[out], y[out])


def _inputs(x: np.ndarray, source: str, network: Network, dtype: str) -> np.ndarray:
    tensor = network.tensors[network.inputs[0]]
    shape = tuple(int(d) for d in tensor.shape[1:])
    if prod(x.shape[1:]) != prod(shape):
        raise DataError(
            f"{source}: an example has shape {x.shape[1:]}, {prod(x.shape[1:])} numbers; "
            f"the spec's input is {shape}, {prod(shape)} numbers"
        )
    x = x.reshape(len(x), *shape)
    return whole(x, tensor, source) if tensor.kind == "int" else real(x, dtype, source, tensor.name)


def _width(width: np.ndarray | float) -> np.ndarray:
    """A divisor: 1 where nothing varies."""
    width = np.asarray(width, np.float64)
    return np.asarray(np.where(width > 0, width, 1.0))
