"""Batches in an order that depends on the seed and the epoch alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from symbp.training.dataset import Pair
from symbp.training.random import ORDER, generator


def count(examples: int, size: int) -> int:
    """Batches in an epoch; the last may be short."""
    return -(-examples // size)


def batches(pair: Pair, size: int, *, seed: int, epoch: int, shuffle: bool, start: int = 0) -> Iterator[Pair]:
    """The batches of an epoch from number `start` on. `x` and `y` are overwritten by the next."""
    x, y = pair
    order = generator(seed, ORDER, epoch).permutation(len(x)) if shuffle else np.arange(len(x))
    size = min(size, len(x))
    kept_x, kept_y = np.empty((size, *x.shape[1:]), x.dtype), np.empty((size, *y.shape[1:]), y.dtype)
    for first in range(start * size, len(x), size):
        chosen = order[first : first + size]
        n = len(chosen)
        yield np.take(x, chosen, axis=0, out=kept_x[:n]), np.take(y, chosen, axis=0, out=kept_y[:n])
