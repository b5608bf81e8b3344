"""Every random choice of training from a generator of its own, so that one does not move with another."""

from __future__ import annotations

import numpy as np

SPLIT_TEST, SPLIT_VALIDATION, ORDER, EXAMPLES, SAMPLE = range(5)


def generator(seed: int, purpose: int, number: int = 0) -> np.random.Generator:
    """The generator for a purpose; `number` is the epoch."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(purpose, number))))
