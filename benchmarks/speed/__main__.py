"""Every workload on one and two threads, into docs/benchmarks.md; or some, printed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from statistics import median

from benchmarks import ROOT
from benchmarks.machine import machine
from benchmarks.report import HEADINGS, Figure, grid, status
from benchmarks.speed.goals import Results, figures
from benchmarks.speed.rounds import Measured, measure, spread
from benchmarks.speed.worker import CONTENDERS
from benchmarks.speed.workloads import WORKLOADS, Workload

DOCUMENT = ROOT / "docs" / "benchmarks.md"
ROUNDS = 9
KINDS = tuple(dict.fromkeys(workload.kind for workload in WORKLOADS))
COLUMNS = ("contender", "step, ms", "symbp's over it", "inference, ms", "peak, MB", "allocated, kB", "first step, s")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; write where everything was measured. The exit status is 1 where a figure does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description="Time training steps.")
    parser.add_argument("kinds", nargs="*", choices=[[], *KINDS], help="all, where none is named")
    parser.add_argument("-t", "--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("-r", "--rounds", type=int, default=ROUNDS)
    parser.add_argument("-c", "--contenders", nargs="*", choices=[*CONTENDERS], default=[*CONTENDERS])
    chosen = parser.parse_args(arguments)
    names = ["symbp", *(name for name in chosen.contenders if name != "symbp")]
    sections, goals = [], []
    for workload in (w for w in WORKLOADS if w.kind in (chosen.kinds or KINDS)):
        for threads in chosen.threads:
            print(f"{workload.name}, {threads} threads ...", file=sys.stderr, flush=True)
            results = measure(workload, names, threads, chosen.rounds)
            sections.append(section(workload, threads, results))
            goals += figures(workload.kind, workload.batch, threads, results)
            print(sections[-1], flush=True)
    print(grid(HEADINGS, [figure.cells() for figure in goals]))
    everything = not chosen.kinds and chosen.threads == [1, 2] and chosen.contenders == [*CONTENDERS]
    if everything:
        DOCUMENT.write_text(document(goals, sections), encoding="utf-8")
        print(f"written: {DOCUMENT.relative_to(ROOT)}", file=sys.stderr)
    return status(goals)


def section(workload: Workload, threads: int, results: Results) -> str:
    """A table of every contender."""
    ours = results["symbp"]
    rows = [_row(name, each, ours) for name, each in results.items()]
    return f"## {workload.name}, {threads} {'thread' if threads == 1 else 'threads'}\n\n{grid(COLUMNS, rows)}\n"


def _row(name: str, each: Measured, ours: Measured) -> tuple[str, ...]:
    counted = each.cost is not None
    return (
        name,
        f"{1e3 * median(each.steps):.3f}",
        "-" if each is ours else spread(ours.ratios(each)),
        f"{1e3 * median(each.inferences):.3f}",
        f"{each.peak / 1e6:.1f}" if counted else "-",
        f"{each.allocated / 1e3:.1f}" if counted else "-",
        f"{each.start_up:.1f}",
    )


def document(goals: Sequence[Figure], sections: Sequence[str]) -> str:
    """docs/benchmarks.md."""
    opening = (
        "# Speed\n\n"
        "Written by `make bench` (`python -m benchmarks.speed`). Every contender has a process of its own, with equal "
        "numbers of threads and cores; they take turns, each starts a round once. All start from the same parameters "
        "and compute the same cost, which is compared. A step is forward, backward and update, in float32. Times are "
        "medians over the rounds; ratios are taken round by round, and the middle half of them stands in brackets. "
        "The peak is of memory, from before the first step on; what is allocated is the most that a steady step holds "
        "at once above what was held before it, as far as Python and NumPy tell. The first step counts from the start "
        "of the process, with what it imports, generates or compiles.\n\n"
        f"Machine: {machine()}\n\n"
    )
    return opening + grid(HEADINGS, [figure.cells() for figure in goals]) + "\n\n" + "\n".join(sections)


if __name__ == "__main__":
    sys.exit(main())
