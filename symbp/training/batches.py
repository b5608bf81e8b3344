"""Batches in an order that depends on the seed and the epoch alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from symbp.training.dataset import Pair, each, examples_in
from symbp.training.random import ORDER, generator


def count(examples: int, size: int) -> int:
    """Batches in an epoch; the last may be short."""
    return -(-examples // size)


def batches(pair: Pair, size: int, *, seed: int, epoch: int, shuffle: bool, start: int = 0) -> Iterator[Pair]:
    """The batches of an epoch from number `start` on. `x` and `y` are overwritten by the next."""
    x, y = pair
    examples = examples_in(x)
    order = generator(seed, ORDER, epoch).permutation(examples) if shuffle else np.arange(examples)
    size = min(size, examples)
    kept_x, kept_y = (each(lambda a: np.empty((size, *a.shape[1:]), a.dtype), given) for given in pair)
    for first in range(start * size, examples, size):
        chosen = order[first : first + size]

        def take(array: np.ndarray, kept: np.ndarray, chosen: np.ndarray = chosen) -> np.ndarray:
            return np.take(array, chosen, axis=0, out=kept[: len(chosen)])

        yield each(take, x, kept_x), each(take, y, kept_y)
