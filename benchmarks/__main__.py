"""Every figure: `python -m benchmarks`, or some of them: `python -m benchmarks lockstep catalog`.

Each report is printed as it comes, then a table of all figures. With all of them, docs/figures.md is written. The exit
status is 1 where a figure does not hold, 2 where one could not be measured.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from importlib import import_module

from benchmarks import ROOT
from benchmarks.machine import machine
from benchmarks.report import HEADINGS, Report, grid, markdown, status

BENCHMARKS = ("generation", "lockstep", "optimizers", "catalog", "accuracy")
DOCUMENT = ROOT / "docs" / "figures.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the project's figures.")
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], help="all, where none is named")
    chosen = parser.parse_args(arguments).names or BENCHMARKS
    reports = []
    for name in chosen:
        start = time.perf_counter()
        print(f"{name} ...", file=sys.stderr, flush=True)
        reports.append(import_module(f"benchmarks.{name}").run())
        print(f"{name}: {time.perf_counter() - start:.0f} s\n", file=sys.stderr, flush=True)
        print(markdown(reports[-1]), flush=True)
    print(summary(reports))
    if tuple(chosen) == BENCHMARKS:
        DOCUMENT.write_text(document(reports), encoding="utf-8")
        print(f"written: {DOCUMENT.relative_to(ROOT)}", file=sys.stderr)
    return status(figure for report in reports for figure in report.figures)


def summary(reports: Sequence[Report]) -> str:
    """All figures in one table."""
    return grid(HEADINGS, [figure.cells() for report in reports for figure in report.figures])


def document(reports: Sequence[Report]) -> str:
    """docs/figures.md."""
    opening = (
        "# Figures\n\n"
        "Written by `make figures` (`python -m benchmarks`): every number below was printed by the command named with "
        "it. Times depend on the machine and on what else it does.\n\n"
        f"Machine: {machine()}\n\n"
    )
    return opening + summary(reports) + "\n\n" + "\n".join(map(markdown, reports))


if __name__ == "__main__":
    sys.exit(main())
