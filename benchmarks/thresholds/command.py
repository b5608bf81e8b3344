"""The tables, and the page that they make."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmarks import ROOT
from benchmarks.machine import libraries, machine
from benchmarks.progress import Progress
from benchmarks.report import grid
from benchmarks.thresholds.constants import THRESHOLDS
from benchmarks.thresholds.judge import RIGHT, Judged, Threshold, judged
from benchmarks.thresholds.otherwise import value
from symbp.files import replace_file

DOCUMENT = ROOT / "docs" / "thresholds.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; write where every constant was measured."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.thresholds",
        description="Time what the constants decide about. Without a word all are measured, which takes minutes, and "
        "docs/thresholds.md is written; with words those whose places hold one are, and nothing is written.",
    )
    parser.add_argument(
        "words", nargs="*", metavar="WORD", help="part of a constant's place, such as labels or STRETCH"
    )
    words = parser.parse_args(arguments).words
    chosen = [t for t in THRESHOLDS if not words or any(word in place for word in words for place in t.places)]
    if not chosen:
        places = "\n".join(f"  {place}" for threshold in THRESHOLDS for place in threshold.places)
        parser.error(f"no constant's place holds {' or '.join(words)}; there are:\n{places}")
    count = sum(len(threshold.cases) for threshold in chosen)
    progress, found = Progress(count, count), list[tuple[Threshold, list[Judged]]]()
    for threshold in chosen:
        rows = []
        for case in threshold.cases:
            progress.say(f"{named(threshold)}: {case.at}", measured=True)
            rows.append(judged(case, threshold))
        found.append((threshold, rows))
        print(section(threshold, rows), flush=True)
    if not words:
        replace_file(DOCUMENT, document(found).encode())
        print(f"written: {DOCUMENT.relative_to(ROOT)}", file=sys.stderr)
    return 0


def named(threshold: Threshold) -> str:
    """Its constants, without their modules."""
    return ", ".join(place.rpartition(".")[2] for place in threshold.places)


def file(threshold: Threshold) -> str:
    """Where its constants are, which is one module."""
    (module,) = {place.rpartition(".")[0] for place in threshold.places}
    return f"symbp/{module.replace('.', '/')}.py"


def values(threshold: Threshold) -> str:
    """What its constants are."""
    return ", ".join(number(value(place)) for place in threshold.places)


def number(value: float) -> str:
    """Large powers of two as such."""
    whole = int(value)
    if whole == value and whole >= 2**10 and whole & (whole - 1) == 0:
        return f"2^{whole.bit_length() - 1}"
    if whole == value and whole and whole % 2**20 == 0:
        return f"{whole >> 20} x 2^20"
    return f"{whole:,}" if whole == value else f"{value:.3g}"


def section(threshold: Threshold, rows: Sequence[Judged]) -> str:
    """A heading, what is decided, and a row for each size."""
    forms = list(dict.fromkeys(name for row in rows for name in row.seconds))
    columns = ("at", *(f"{name}, ms" for name in forms), "chosen", "over the fastest other", "middle half", "rightly")
    cells = [
        (
            row.at,
            *(f"{1e3 * row.seconds[name]:.4g}" if name in row.seconds else "-" for name in forms),
            row.chosen,
            f"{row.over:.2f}",
            row.spread,
            "-" if threshold.compromise else "yes" if row.right else "**no**",
        )
        for row in rows
    ]
    heading = f"## {named(threshold)}\n\n`{file(threshold)}`, {values(threshold)}. {threshold.decides}\n\n"
    return f"{heading}{grid(columns, cells)}\n"


def document(found: Sequence[tuple[Threshold, Sequence[Judged]]]) -> str:
    """docs/thresholds.md."""
    opening = (
        "# Thresholds, measured\n\n"
        "Written by `python -m benchmarks.thresholds`. Where a module can compute the same in two ways, a constant "
        "often decides which takes less time; it was measured once, on one machine. Here each is measured again: symbp "
        "writes every form, with the constant set otherwise, at sizes on both sides of where the decision changes. The "
        "forms take turns in one process and on one thread; times are medians over the rounds, of this thread on the "
        "processor, in float32. *Over the fastest other* is the time of the form that is chosen over that of the "
        "fastest of the others, a median of the rounds' ratios, with the middle half of them: below 1 the choice is "
        f"the fastest. It counts as right up to {RIGHT:g}. A form that is written like one before it has no time of "
        f"its own. Convolutions have [a page of their own](convolutions.md), and so have [the means](means.md).\n\n"
        f"Machine: {machine(('numpy', 'scipy'))} {libraries()}\n\n"
    )
    columns = "constant", "where", "value", "rightly, of sizes", "worst"
    rows = [
        (
            named(threshold),
            file(threshold),
            values(threshold),
            "-" if threshold.compromise else f"{sum(row.right for row in judged)} of {len(judged)}",
            "-" if threshold.compromise else f"{max(row.over for row in judged):.2f}",
        )
        for threshold, judged in found
    ]
    return opening + grid(columns, rows) + "\n\n" + "\n".join(section(*each) for each in found)
