"""Processes of one thread and of two, what they say, and the page."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks import ROOT
from benchmarks.machine import libraries, machine
from benchmarks.progress import Progress
from benchmarks.report import grid
from benchmarks.speed.caches import APART, DISTURBED, SHARED
from benchmarks.speed.generated import give
from benchmarks.speed.goals import setting
from benchmarks.speed.rounds import available, reason_of
from benchmarks.speed.workloads import WORKLOADS, Workload
from benchmarks.threads.forms import STEPS
from benchmarks.threads.worker import Turn
from benchmarks.turns import VARIABLES
from symbp.files import replace_file

DOCUMENT = ROOT / "docs" / "threads.md"
THREADS = 2
PROCESSES = 6  # of each number of threads, one after another: how cores stand changes with time
TURNS = {1: 2, THREADS: 6}  # of a process: those on several threads are of several kinds
SECONDS = 0.06  # of each form in a turn
Found = Mapping[str, Mapping[str, Sequence[float]]]  # seconds by setting and by form


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.threads",
        description="Time small products, what reads and writes their results, and steps of networks on one thread and "
        f"on {THREADS}, by how the cores stand. It takes a minute and writes docs/threads.md.",
    )
    parser.parse_args(arguments)
    if len(available()) < THREADS:
        parser.error(f"{THREADS} threads need as many cores, and there is one")
    page = document(by_setting(measured(_workloads())))
    print(page)
    replace_file(DOCUMENT, page.encode())
    print(f"written: {DOCUMENT.relative_to(ROOT)}", file=sys.stderr)
    return 0


def measured(workloads: Sequence[Workload]) -> Iterator[tuple[int, Turn]]:
    """Turns, each with its number of threads. RuntimeError, with the reason, where a process fails."""
    count = PROCESSES * len(TURNS)
    progress = Progress(len(workloads) + count, count)
    with tempfile.TemporaryDirectory() as folder:
        given = []
        for number, workload in enumerate(workloads):
            progress.say(f"{workload.name}: the module", measured=False)
            given += [str(WORKLOADS.index(workload)), str(give(workload, {}, Path(folder) / str(number)).folder)]
        for _ in range(PROCESSES):
            for threads, turns in TURNS.items():
                progress.say(f"turns of a process, {setting(threads, '')}", measured=True)
                yield from ((threads, turn) for turn in said(threads, turns, given))


def said(threads: int, turns: int, given: Sequence[str]) -> Iterator[Turn]:
    """What a process says of its turns."""
    cores = ",".join(map(str, available()[:threads]))
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.threads.worker", str(turns), str(SECONDS), cores, *given],
        cwd=ROOT,
        env={**os.environ, **dict.fromkeys(VARIABLES, str(threads))},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{setting(threads, '')}: status {done.returncode}: {reason_of(done.stderr)}")
    yield from map(json.loads, done.stdout.splitlines())


def by_setting(turns: Iterable[tuple[int, Turn]]) -> Found:
    """In the order of the page; of settings that did not come, nothing."""
    found: dict[str, dict[str, list[float]]] = {
        setting(threads, caches): {}
        for threads, caches in ((1, ""), *((THREADS, caches) for caches in (SHARED, APART, DISTURBED)))
    }
    for threads, turn in turns:
        for form, (seconds, caches) in turn.items():
            found[setting(threads, caches)].setdefault(form, []).append(seconds)
    return {name: times for name, times in found.items() if times}


def document(found: Found) -> str:
    """docs/threads.md."""
    disturbed = setting(THREADS, DISTURBED)
    one, several = found[setting(1, "")], {name: each for name, each in found.items() if name != setting(1, "")}
    thrown = sum(map(len, several.pop(disturbed, {}).values()))
    columns = ["median", setting(1, ""), *(c for name in several for c in (name, "over one thread's", "turns"))]
    rows = [[form, shown(median(times)), *_cells(form, times, several.values())] for form, times in one.items()]
    missing = [name for name in (setting(THREADS, each) for each in (SHARED, APART)) if name not in several]
    absent = "".join(f"No turn was of {name}. " for name in missing)
    return (
        "# Two threads\n\n"
        "Written by `python -m benchmarks.threads`. Here the BLAS has several threads, and products of matrices alone "
        "run on them; what reads their results, or writes where they have read, is one thread's, and waits for what "
        "the core of the other has in its cache. How long depends on whether the two cores share a cache, which is "
        "found by time after each turn "
        "([how](benchmarks.md#how-it-is-measured)). [What follows from it for modules](speed.md#two-threads).\n\n"
        f"{PROCESSES} processes with one thread and {PROCESSES} with {THREADS} follow each other. A turn is "
        f"{SECONDS:g} s of one row, after half of that uncounted, and gives the median of its calls; the table has the "
        "medians of turns. Where a row is about a product, one comes before each call, and is not timed unless it is "
        "the row. A microsecond for a thousand cache lines is a nanosecond for each. A step is forward pass, backward "
        "pass and update of a generated module, with NumPy, in float32. "
        f"{absent}Turns that were thrown away, as another program had a core: {thrown}.\n\n"
        f"Machine: {machine(('numpy', 'scipy'))} {libraries()}\n\n"
        f"{grid(columns, rows)}\n"
    )


def _cells(form: str, alone: Sequence[float], several: Iterable[Mapping[str, Sequence[float]]]) -> Iterator[str]:
    """Of each setting of several threads: time, the same over one thread's, turns."""
    for found in several:
        if times := found.get(form):
            yield from (shown(median(times)), f"{median(times) / median(alone):.2f}", str(len(times)))
        else:
            yield from ("-", "-", "-")


def shown(seconds: float) -> str:
    """In milliseconds from one on."""
    return f"{1e3 * seconds:.2f} ms" if seconds >= 1e-3 else f"{1e6 * seconds:.1f} µs"


def _workloads() -> list[Workload]:
    return [workload for workload in WORKLOADS if STEPS.get(workload.kind) == workload.batch]
