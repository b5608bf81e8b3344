"""One contender and one workload in a process of its own: `python -m benchmarks.speed.worker NAME NUMBER FOLDER CORES`.

It says the cost of its first step, then answers each line it reads with one line of JSON:

    warm            takes a few steps and an inference, which count for nothing; null
    cores LIST      works on these cores from now on; null
    step SECONDS    seconds of one step: as many as fit into SECONDS, at least one
    infer SECONDS   the same of inferences
    caches          whether its cores share a cache
    memory          bytes: the peak above what was resident before the first step; what a steady step allocates
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
import tracemalloc
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.speed.caches import caches, caches_by_threads
from benchmarks.speed.contender import CONTENDERS, Contender
from benchmarks.speed.given import Given
from benchmarks.speed.workloads import WORKLOADS

WARM = 4  # steps


def timed(call: Callable[[], object], seconds: float) -> float:
    """Seconds of one call, of as many as fit."""
    calls, start = 0, time.perf_counter()
    while True:
        call()
        calls += 1
        passed = time.perf_counter() - start
        if passed >= seconds:
            return passed / calls


def resident(which: str) -> int:
    """Bytes of memory: `VmRSS`, now, or `VmHWM`, the most since the mark was last reset."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(which))
    return int(line.split()[1]) * 1024


def allocated(call: Callable[[], object]) -> int:
    """The most that Python and NumPy hold at once during a call above what they held before."""
    tracemalloc.start()
    call()
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak - before


def work_on(cores: str) -> None:
    """Every thread that there is, and those that come."""
    if hasattr(os, "sched_setaffinity"):
        for thread in os.listdir("/proc/self/task"):
            os.sched_setaffinity(int(thread), map(int, cores.split(",")))


def serve(contender: Contender, before: int, divided: bool) -> None:
    """Answer orders until there are no more. Where work is divided among threads, it is not that of a product."""
    for line in sys.stdin:
        order, _, amount = line.strip().partition(" ")
        answer: Any = None
        match order:
            case "warm":
                for _ in range(WARM):
                    contender.step()
                contender.infer()
            case "cores":
                work_on(amount)
            case "step" | "infer":
                answer = timed(getattr(contender, order), float(amount))
            case "caches":
                answer = caches_by_threads() if divided else caches()
            case "memory":
                answer = {"peak": resident("VmHWM") - before, "allocated": allocated(contender.step)}
        say(answer)


def say(answer: object) -> None:
    """One line."""
    print(json.dumps(answer), flush=True)


def main(name: str, number: str, folder: str, cores: str) -> None:
    """Make the contender, take a step, serve."""
    work_on(cores)
    entry = CONTENDERS[name]
    prepare = import_module(f"benchmarks.speed.{entry.file}").prepare
    contender: Contender = prepare(WORKLOADS[int(number)], Given(Path(folder)), **entry.options)
    Path("/proc/self/clear_refs").write_text("5")
    before = resident("VmRSS")
    cost = contender.step()
    say(None if math.isnan(cost) else cost)
    serve(contender, before, entry.divided)


if __name__ == "__main__":
    main(*sys.argv[1:])
