"""Whether the cores that a process works on share a cache, which decides what small products on several threads cost.

A virtual machine may say it wrongly, and may move its cores while a process runs; so it is found by time, turn by turn.
A product on all threads leaves a part of its result in the cache of another core: where the cores share a cache,
reading that takes about a tenth longer than what this thread wrote; where they share none, half as long again and more.
Where it takes several times as long, another program has had the core.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np

SHARED, APART, DISTURBED = "cores that share a cache", "cores that share none", "disturbed cores"
LONGER = 1.3  # between what was seen of the first two, 1.05 to 1.2 and 1.4 to 1.8 with Zen 4
TOO_LONG = 2.5  # beyond it, and below 4.8 to 11 where other programs ran
SIZES = (32, 128, 512)  # of a product that OpenBLAS divides among threads, whose result fits into a core's own cache
TRIES = 20


def caches() -> str:
    """Which of them it is, as the threads of NumPy's products stand now."""
    rows, between, columns = SIZES
    a, b = np.ones((rows, between), np.float32), np.ones((between, columns), np.float32)
    theirs, own = np.empty((2, rows, columns), np.float32)
    read_theirs, read_own = [], []
    for _ in range(TRIES):
        np.dot(a, b, out=theirs)
        read_theirs.append(_seconds(theirs.sum))
        np.add(theirs, 1, out=own)
        read_own.append(_seconds(own.sum))
    longer = median(read_theirs) / median(read_own)
    return SHARED if longer < LONGER else APART if longer < TOO_LONG else DISTURBED


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
