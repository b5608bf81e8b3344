"""One contender and one workload in a process of its own: `python -m benchmarks.speed.worker NAME NUMBER`.

It says `{"ready": cost}` after the first step, then answers each line it reads with one line of JSON:

    step SECONDS    seconds of one step: as many as fit into SECONDS, at least one
    infer SECONDS   the same of inferences; null where there are none
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
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed.contender import Contender
from benchmarks.speed.workloads import WORKLOADS, Workload, generated
from symbp import pipeline

CONTENDERS: dict[str, tuple[str, dict[str, Any]]] = {
    "symbp": ("by_symbp", {}),
    "symbp, SciPy": ("by_symbp", {"blas": "scipy"}),
    "by hand": ("by_hand", {}),
    "PyTorch": ("by_torch", {}),
    "PyTorch, fused": ("by_torch", {"fused": True}),
    "torch.compile": ("by_torch", {"compiled": True}),
    "JAX": ("by_jax", {}),
    "autograd": ("by_autograd", {}),
    "bound": ("bound", {"library": "numpy"}),
    "bound, SciPy": ("bound", {"library": "scipy"}),
}
WARM = 5  # steps before anything is measured


def made(name: str, workload: Workload) -> Contender | None:
    """The contender; None where it does not take part."""
    file, options = CONTENDERS[name]
    prepare = import_module(f"benchmarks.speed.{file}").prepare
    if file == "bound":
        found: Contender | None = prepare(workload, **options)
    else:
        module = pipeline.load_module(generated(workload))
        found = partial(prepare, **options)(workload, dict(module.init(0, np.float32)))
    return found


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


def serve(contender: Contender, before: int) -> None:
    """Answer orders until there are no more."""
    for line in sys.stdin:
        order, _, amount = line.strip().partition(" ")
        answer: Any
        if order == "memory":
            answer = {"peak": resident("VmHWM") - before, "allocated": allocated(contender.step)}
        else:
            call = contender.step if order == "step" else contender.infer
            answer = None if call is None else timed(call, float(amount))
        say(answer)


def say(answer: object) -> None:
    """One line."""
    print(json.dumps(answer), flush=True)


def main(name: str, number: str) -> None:
    """Make the contender, warm it up, serve."""
    contender = made(name, WORKLOADS[int(number)])
    if contender is None:
        say({"ready": None})
        return
    Path("/proc/self/clear_refs").write_text("5")
    before = resident("VmRSS")
    cost = contender.step()
    for _ in range(WARM - 1):
        contender.step()
    if contender.infer:
        contender.infer()
    say({"ready": None if math.isnan(cost) else cost, "takes part": True})
    serve(contender, before)


if __name__ == "__main__":
    threads = int(os.environ["OMP_NUM_THREADS"])
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    main(*sys.argv[1:])
