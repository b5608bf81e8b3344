"""Whether the cores that a process works on share a cache, which decides what small products on several threads cost.

A virtual machine may say it wrongly, and may move its cores while a process runs; so it is found by time, turn by turn.
There are two ways, which agree:

products    A product on all threads leaves a part of its result in the cache of another core: where the cores share a
            cache, reading that takes about a tenth longer than what this thread wrote; where they share none, half as
            long again and more. Where it takes several times as long, another program has had the core.
threads     Where products have one thread, one of Python's reads on another core what this one wrote. To write it again
            takes five times as long as what no other core has where the cores share a cache, and twenty times where
            they share none. Where this thread waits long for the other more than once, another program has had a core.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import median

import numpy as np

SHARED, APART, DISTURBED = "cores that share a cache", "cores that share none", "disturbed cores"
LONGER = 1.3  # between what was seen of the first two, 1.05 to 1.2 and 1.4 to 1.8 with Zen 4
TOO_LONG = 2.5  # beyond it, and below 4.8 to 11 where other programs ran
SIZES = (32, 128, 512)  # of a product that OpenBLAS divides among threads, whose result fits into a core's own cache
WRITTEN_LONGER = 10  # between 4.9 to 6.1 and 16 to 21, whatever other programs did
LATE = 2e-3  # seconds: above 0.2e-3, and below a slice of another program, 3e-3 and more
NUMBERS = 16384  # of float32, which fit into a core's own cache
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


def caches_by_threads() -> str:
    """Which of them it is, of all cores that this thread may use: of several, what the furthest is to the first."""
    first, *others = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, [first])
    try:
        found = [_written_after(other) for other in others]
    finally:
        os.sched_setaffinity(0, [first, *others])
    longer, waited = (max(each) for each in zip(*found, strict=True))
    return DISTURBED if waited > LATE else SHARED if longer < WRITTEN_LONGER else APART


def _written_after(core: int) -> tuple[float, float]:
    """How many times as long it takes to write what that core has read; the longest wait for it but one."""
    numbers = np.zeros(NUMBERS, np.float32)
    write = partial(np.add, numbers, 1, out=numbers)
    write()
    waited, shared, own = [], [], []
    with ThreadPoolExecutor(1, initializer=os.sched_setaffinity, initargs=(0, [core])) as other:
        for _ in range(TRIES):
            waited.append(_seconds(lambda: other.submit(numbers.sum).result()))
            shared.append(_seconds(write))
            own.append(_seconds(write))
    return median(shared) / median(own), sorted(waited)[-2]


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
