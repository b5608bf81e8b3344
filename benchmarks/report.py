"""What a benchmark says: figures beside what is wanted of them, and tables. Everything is printed as Markdown."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One number beside what is wanted of it; `holds` is None where it could not be measured, for the reason told."""

    name: str
    wanted: str
    measured: str
    holds: bool | None

    def cells(self) -> tuple[str, str, str, str]:
        """A row of a table."""
        return self.name, self.wanted, self.measured, {True: "yes", False: "**no**", None: "not measured"}[self.holds]


@dataclass(frozen=True)
class Table:
    """Rows of text under a caption; columns that hold numbers throughout are set flush right."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Report:
    """What `python -m benchmarks.NAME` prints. `method` says what was compared, and how."""

    name: str
    title: str
    method: str
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...] = ()


HEADINGS = ("figure", "wanted", "measured", "holds")


def markdown(report: Report) -> str:
    """The report as a section."""
    command = f"`python -m benchmarks.{report.name}`"
    parts = [f"## {report.title}", f"{report.method}\n\n{command}", grid(HEADINGS, [f.cells() for f in report.figures])]
    for table in report.tables:
        parts += [table.caption, grid(table.columns, table.rows)]
    return "\n\n".join(parts) + "\n"


def grid(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table whose columns also line up as plain text."""
    lines = [list(columns), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    right = [len(lines) > 1 and all(_is_number(line[c]) for line in lines[1:]) for c in range(len(columns))]
    rule = ["-" * (width - 1) + (":" if flush else "-") for width, flush in zip(widths, right, strict=True)]
    padded = [
        [
            cell.rjust(width) if flush else cell.ljust(width)
            for cell, width, flush in zip(line, widths, right, strict=True)
        ]
        for line in [lines[0], rule, *lines[1:]]
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)


def _is_number(cell: str) -> bool:
    return cell == "-" or cell[:1].isdigit()


def error(value: float | None) -> str:
    """A relative error; `-` where there is none."""
    return "-" if value is None else f"{value:.1e}"


def status(figures: Iterable[Figure]) -> int:
    """The exit status: 1 where a figure does not hold, else 2 where one could not be measured, else 0."""
    held = [figure.holds for figure in figures]
    return 1 if False in held else 2 if None in held or not held else 0


def show(report: Report) -> int:
    """Print the report; the exit status."""
    sys.stdout.write(markdown(report))
    sys.stdout.flush()
    return status(report.figures)
