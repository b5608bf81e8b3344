"""Processes that take turns: what each says of its time and memory, and the ratios between them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from benchmarks import ROOT
from benchmarks.speed.workloads import WORKLOADS, Workload

SAMPLE = 0.25  # seconds of steps in each round
AGREE = 1e-3  # relative, of the first cost in float32: the contenders compute the same
VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass
class Measured:
    """What one contender said: seconds of a step and of an inference by round; bytes; seconds to its first step."""

    cost: float | None
    start_up: float
    steps: list[float] = field(default_factory=list)
    inferences: list[float] = field(default_factory=list)
    peak: int = 0
    allocated: int = 0

    def ratios(self, other: Measured) -> list[float]:
        """Of steps, round by round: this one's over the other's."""
        return [a / b for a, b in zip(self.steps, other.steps, strict=True)]


class Process:
    """A worker, ready to take orders; `ready` is None where it does not take part."""

    def __init__(self, contender: str, workload: Workload, threads: int) -> None:
        """Start it and wait for its first step."""
        number = str(WORKLOADS.index(workload))
        start = time.perf_counter()
        self.name = f"{contender}, {workload.name}"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.speed.worker", contender, number],
            cwd=ROOT,
            env={**os.environ, **dict.fromkeys(VARIABLES, str(threads))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        said = self._read()
        self.takes_part = "takes part" in said
        self.measured = Measured(said["ready"], time.perf_counter() - start)

    def ask(self, order: str) -> Any:
        """What it answers."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            assert self._process.stderr is not None
            reason = self._process.stderr.read()
            self.close()
            raise RuntimeError(f"{self.name}: status {self._process.returncode}: {reason}")
        return json.loads(line)

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let it end, and wait for that."""
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        self._process.wait()


def measure(workload: Workload, contenders: Sequence[str], threads: int, rounds: int) -> Mapping[str, Measured]:
    """All contenders that take part, in turn, another one first in every round. RuntimeError where one fails."""
    with ExitStack() as stack:
        processes = {name: stack.enter_context(Process(name, workload, threads)) for name in contenders}
        taking = {name: process for name, process in processes.items() if process.takes_part}
        for turn in range(rounds):
            names = [*taking]
            shift = turn % len(names)
            for name in names[shift:] + names[:shift]:
                process = taking[name]
                process.measured.steps.append(process.ask(f"step {SAMPLE}"))
                process.measured.inferences.append(process.ask(f"infer {SAMPLE / 2}"))
        for process in taking.values():
            said = process.ask("memory")
            process.measured.peak, process.measured.allocated = said["peak"], said["allocated"]
    found = {name: process.measured for name, process in taking.items()}
    agree(workload.name, found)
    return found


def agree(workload: str, found: Mapping[str, Measured]) -> None:
    """RuntimeError where two contenders start from another cost."""
    costs = {name: each.cost for name, each in found.items() if each.cost is not None}
    first = next(iter(costs.values()))
    for name, cost in costs.items():
        if not abs(cost - first) <= AGREE * abs(first):
            raise RuntimeError(f"{workload}: `{name}` computes another cost, {cost} in place of {first}")


def spread(ratios: Sequence[float]) -> str:
    """The median, and the middle half of the rounds."""
    if len(ratios) < 2:
        return f"{median(ratios):.2f}"
    low, middle, high = quantiles(ratios, n=4, method="inclusive")
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"
