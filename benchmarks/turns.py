"""Forms that take turns in one process, and what their times tell."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import quantiles

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # which a BLAS reads as it is loaded

Form = Callable[[], object]


def on_one_thread(module: str) -> None:
    """Begin the program again with products on one thread, where it has not begun so."""
    wanted = dict.fromkeys(VARIABLES, "1")
    if not wanted.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]], {**os.environ, **wanted})


def taken_in_turns(
    forms: Mapping[str, Form],
    rounds: int,
    seconds: float,
    clock: Callable[[], float] = time.perf_counter,
    before: Form | None = None,
) -> dict[str, list[float]]:
    """Seconds of a call of each, in rounds; each starts a round once. What comes `before` each call is not timed."""
    found: dict[str, list[float]] = {name: [] for name in forms}
    names = list(forms)
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            calls, spent = 0, 0.0
            start = clock()
            while not calls or spent < seconds:
                if before is not None:
                    before()
                    start = clock() - spent
                forms[name]()
                calls, spent = calls + 1, clock() - start
            found[name].append(spent / calls)
    return found


def ratios(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """Of the rounds."""
    return [a / b for a, b in zip(one, other, strict=True)]


def middle(ratios: Sequence[float]) -> str:
    """The middle half of them."""
    low, _, high = quantiles(ratios, n=4, method="inclusive")
    return f"{low:.2f} to {high:.2f}"
