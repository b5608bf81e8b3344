"""Processes that take turns: what each says of its time and memory, and the ratios between them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue
from statistics import quantiles
from threading import Timer
from typing import Any

from benchmarks import ROOT
from benchmarks.speed.caches import APART, SHARED
from benchmarks.speed.contender import CONTENDERS, OURS
from benchmarks.speed.generated import give
from benchmarks.speed.given import Given
from benchmarks.speed.workloads import WORKLOADS, Workload
from symbp.errors import UserError

SAMPLE = 0.2  # seconds of steps in each round; of inferences, half of it
ROUNDS = (5, 9)  # at least, at most
OFTENER = 2  # times as many rounds, each half as long, where several threads work: there are two kinds of turns
REST = 0.05  # seconds before a turn on several threads: those of the last process, which wait for work, have given up
SETTLED = 0.05  # relative: the middle half of the ratios, when rounds end
MIXED = "cores that were not told apart"
AGREE = 1e-3  # relative, of the first cost in float32: the contenders compute the same
LIMIT = 300  # seconds for an answer
TOGETHER = 2  # processes that start at the same time


@dataclass
class Measured:
    """What one contender said: seconds of a step and of an inference by round; bytes; seconds to its first step.

    `caches` says by round whether the cores of its threads shared a cache; of one thread nothing.
    """

    cost: float | None
    start_up: float
    steps: list[float] = field(default_factory=list)
    inferences: list[float] = field(default_factory=list)
    peak: int = 0
    allocated: int = 0
    caches: list[str] = field(default_factory=list)

    def turns(self, caches: str) -> Measured:
        """What it said of rounds in which its cores were like that."""
        rounds = [number for number, each in enumerate(self.caches) if each == caches]
        steps, inferences = ([times[number] for number in rounds] for times in (self.steps, self.inferences))
        return replace(self, steps=steps, inferences=inferences, caches=[caches] * len(rounds))

    def first(self, count: int) -> Measured:
        """What it said of so many rounds."""
        return replace(self, steps=self.steps[:count], inferences=self.inferences[:count], caches=self.caches[:count])

    def ratios(self, other: Measured) -> list[float]:
        """Of steps, round by round: this one's over the other's."""
        return [a / b for a, b in zip(self.steps, other.steps, strict=True)]


@dataclass(frozen=True)
class Results:
    """What was measured by name, and of those that could not run, why."""

    measured: Mapping[str, Measured]
    failed: Mapping[str, str] = field(default_factory=dict)

    def by_caches(self, least: int = 1) -> dict[str, Results]:
        """The turns on cores that share a cache, and those on cores that do not: first beside first, and so on.

        Where some contender took fewer than that, they are left out; where that leaves none, all turns are MIXED. Those
        of one thread are of one kind, named "".
        """
        if not all(each.caches for each in self.measured.values()):
            return {"": self}
        found = {}
        for caches in (SHARED, APART):
            turns = {name: each.turns(caches) for name, each in self.measured.items()}
            count = min(len(each.steps) for each in turns.values())
            if count >= least:
                found[caches] = Results({name: each.first(count) for name, each in turns.items()}, self.failed)
        return found or {MIXED: self}


class Process:
    """A worker that has taken its first step and takes orders. RuntimeError, with the reason, where it ends."""

    def __init__(
        self,
        contender: str,
        workload: Workload,
        given: Given,
        variables: Mapping[str, str],
        cores: Sequence[int],
        compiled: Path,
    ) -> None:
        """Start it on these cores and wait for its first step. What PyTorch compiles is kept in a folder."""
        self.name = f"{contender}, {workload.name}"
        number, places = str(WORKLOADS.index(workload)), ",".join(map(str, cores))
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        start = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.speed.worker", contender, number, str(given.folder), places],
            cwd=ROOT,
            env={
                **os.environ,
                **variables,
                "TORCHINDUCTOR_CACHE_DIR": str(compiled),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self.measured = Measured(self._read(), time.perf_counter() - start)

    def ask(self, order: str) -> Any:
        """What it answers."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        limit = Timer(LIMIT, self._process.kill)
        limit.start()
        line = self._process.stdout.readline()
        late = not limit.is_alive()
        limit.cancel()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            reason = f"no answer in {LIMIT} s" if late else reason_of(self._errors.read())
            self.close()
            raise RuntimeError(f"{self.name}: status {self._process.returncode}: {reason}")
        return json.loads(line)

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let it end, and wait for that."""
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            if pipe is not None:
                pipe.close()
        self._process.wait()


def reason_of(said: str) -> str:
    """The line of a process's last words that names an error; the last where none does."""
    lines = said.strip().splitlines() or ["no word"]
    return next((line for line in reversed(lines) if re.match(r"[\w.]+(Error|Exception)\b", line)), lines[-1])


def measure(
    workload: Workload,
    contenders: Sequence[str],
    threads: int,
    rounds: tuple[int, int] = ROUNDS,
    compiled: Path | None = None,
) -> Results:
    """All contenders in turn, another one first in every round, until the ratios have settled.

    What is compiled is found there, and kept, where a folder is named; else it is forgotten.
    RuntimeError where symbp's module fails, or two compute another cost. The others may fail, and say why.
    """
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        kept = compiled or Path(folder) / "compiled"
        processes, failed = started(workload, contenders, threads, Path(folder), kept, stack)
        found = {name: process.measured for name, process in processes.items()}
        agree(workload.name, found)
        oftener = 1 if threads == 1 else OFTENER
        for turn in range(oftener * rounds[1]):
            names = [*processes]
            shift = turn % len(names)
            for name in names[shift:] + names[:shift]:
                take_turn(processes[name], SAMPLE / oftener, several=threads > 1)
            kinds = Results(found).by_caches()
            if MIXED not in kinds and all(settled(each.measured, rounds[0]) for each in kinds.values()):
                break
        for name, process in processes.items():
            said = process.ask("memory")
            found[name].peak, found[name].allocated = said["peak"], said["allocated"]
    return Results(found, failed)


def take_turn(process: Process, seconds: float, several: bool) -> None:
    """Inferences and steps; on several threads with word of their cores, asked right after the steps.

    Several threads begin after a rest, with steps that do not count: a system may begin with all of them on one core.
    """
    if several:
        time.sleep(REST)
        process.ask(f"step {seconds}")
    process.measured.inferences.append(process.ask(f"infer {seconds / 2}"))
    process.measured.steps.append(process.ask(f"step {seconds}"))
    if several:
        process.measured.caches.append(process.ask("caches"))


def available() -> list[int]:
    """The cores that this process may use."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [*range(os.cpu_count() or 1)]


def started(
    workload: Workload, contenders: Sequence[str], threads: int, folder: Path, compiled: Path, stack: ExitStack
) -> tuple[dict[str, Process], dict[str, str]]:
    """The processes of those that take part, warm, on the same cores; and why others failed.

    Some start at the same time, on cores of their own where there are enough.
    """
    cores = available()
    apart = len(cores) >= TOGETHER * threads
    places = SimpleQueue[list[int]]()
    for each in range(TOGETHER):
        places.put(cores[each * threads : (each + 1) * threads] if apart else cores[:threads])
    made = dict[str, Given]()
    given = dict[str, Given]()
    failed = dict[str, str]()
    for name in contenders:
        if not CONTENDERS[name].where(workload, threads):
            continue
        changes = CONTENDERS[name].changes_for(threads)
        key = json.dumps(changes)
        if key not in made:
            try:
                made[key] = give(workload, changes, folder / str(len(made)))
            except UserError as error:
                if name == OURS:
                    raise
                failed[name] = f"{name}, {workload.name}: {error}"
                continue
        if CONTENDERS[name].without_products or made[key].products["step"]:
            given[name] = made[key]

    def start(name: str) -> Process | str:
        place = places.get()
        try:
            process = Process(name, workload, given[name], CONTENDERS[name].variables(threads), place, compiled)
            stack.callback(process.close)
            process.ask("warm")
        except RuntimeError as error:
            if name == OURS:
                raise
            return str(error)
        finally:
            places.put(place)
        return process

    with ThreadPoolExecutor(TOGETHER) as pool:
        begun = {name: pool.submit(start, name) for name in sorted(given, key=lambda name: not CONTENDERS[name].slow)}
    found = {name: begun[name].result() for name in given}
    processes = {name: process for name, process in found.items() if isinstance(process, Process)}
    for process in processes.values():
        process.ask(f"cores {','.join(map(str, cores[:threads]))}")
    return processes, failed | {name: reason for name, reason in found.items() if isinstance(reason, str)}


def settled(found: Mapping[str, Measured], least: int) -> bool:
    """Whether there are so many rounds, and the middle half of all ratios is narrow."""
    ours = found[OURS]
    if len(ours.steps) < max(least, 2):
        return False
    for other in found.values():
        low, middle, high = quantiles(ours.ratios(other), n=4, method="inclusive")
        if high - low > SETTLED * middle:
            return False
    return True


def agree(workload: str, found: Mapping[str, Measured]) -> None:
    """RuntimeError where two contenders start from another cost."""
    costs = {name: each.cost for name, each in found.items() if each.cost is not None}
    first = next(iter(costs.values()))
    for name, cost in costs.items():
        if not abs(cost - first) <= AGREE * abs(first):
            raise RuntimeError(f"{workload}: `{name}` computes another cost, {cost} in place of {first}")
