"""Everything that is timed, in turns: `python -m benchmarks.threads.worker TURNS SECONDS CORES [NUMBER FOLDER]...`.

It says a line of JSON after each turn, by the name of what was timed: seconds of a call, and how its cores stood right
after, where there are several.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

from benchmarks.speed.caches import caches
from benchmarks.speed.worker import work_on
from benchmarks.speed.workloads import WORKLOADS
from benchmarks.threads.forms import Timed, forms_of

Turn = dict[str, tuple[float, str]]


def turns(forms: Mapping[str, Timed], count: int, seconds: float, several: bool) -> Iterator[Turn]:
    """Each form once in a turn: for half of the seconds uncounted, so that all threads are awake, then for all."""
    for _ in range(count):
        turn: Turn = {}
        for name, form in forms.items():
            calls(form, seconds / 2)
            turn[name] = median(calls(form, seconds)), caches() if several else ""
        yield turn


def calls(form: Timed, seconds: float) -> list[float]:
    """Seconds of as many calls as fit, with what comes before each; at least one."""
    found, end = list[float](), time.perf_counter() + seconds
    while not found or time.perf_counter() < end:
        if form.before is not None:
            form.before()
        start = time.perf_counter()
        form.call()
        found.append(time.perf_counter() - start)
    return found


def main(count: str, seconds: str, cores: str, *given: str) -> None:
    """Take the turns and say them."""
    work_on(cores)
    workloads = [WORKLOADS[int(number)] for number in given[::2]]
    made = forms_of(workloads, [Path(folder) for folder in given[1::2]])
    for turn in turns(made, int(count), float(seconds), several="," in cores):
        print(json.dumps(turn), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
