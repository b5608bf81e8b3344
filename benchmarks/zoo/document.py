"""docs/zoo.md and the README's table: rows of specs that were trained now, and rows that stand there already."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from benchmarks import ROOT
from benchmarks.machine import machine
from benchmarks.report import grid
from benchmarks.zoo.entries import ENTRIES, Entry
from benchmarks.zoo.trained import Trained

DOCUMENT = ROOT / "docs" / "zoo.md"
README = ROOT / "README.md"
IMAGES = ROOT / "docs" / "images" / "zoo"
COLUMNS = ("spec", "application", "parameters", "on the test set", "beside", "seconds")
Cells = tuple[str, ...]


def row(entry: Entry, trained: Trained) -> Cells:
    """What a run came to; a baseline that is better than the network stands in bold."""
    reached = getattr(trained.last, entry.figure.column)
    beside = []
    for name, baseline in entry.baselines.items():
        value = baseline(trained)
        told = entry.figure.told(value).partition(" ")[2]
        wins = (value > reached) == entry.figure.greater and value != reached
        beside.append(f"{name} {f'**{told}**' if wins else told}")
    return (
        f"`{entry.name}`",
        entry.application,
        f"{trained.module.SIZE:,}",
        entry.figure.told(reached),
        "; ".join(beside),
        f"{trained.seconds:.0f}",
    )


def rows_of(text: str) -> dict[str, Cells]:
    """The rows of the first table of a page whose columns are these, by the name of the spec."""
    found = {}
    for line in text.splitlines():
        cells = tuple(cell.strip() for cell in line.strip("| ").split(" | "))
        if len(cells) == len(COLUMNS) and (name := re.fullmatch(r"`(\w+)`", cells[0])):
            found[name[1]] = cells
    return found


def table(rows: Mapping[str, Cells]) -> str:
    """The table, in the order of the zoo."""
    return grid(COLUMNS, [rows[entry.name] for entry in ENTRIES if entry.name in rows])


def page(rows: Mapping[str, Cells]) -> str:
    """docs/zoo.md."""
    parts = [
        "# The zoo",
        "Specs of [specs/](../specs), each trained by the same path as `symbp train`, from the seed that it states. "
        "`python -m benchmarks.zoo` trains all of them, or those that it is given the names of, and writes this page; "
        "a row that was not trained again stands as it was. Figures are of the test set after the last epoch. A "
        "baseline that is better is in bold. Seconds are those of training, on a machine that may have had other work.",
        f"Machine: {machine()}",
        table(rows),
    ]
    for entry in ENTRIES:
        if entry.name in rows:
            parts += [f"## {entry.name}", f"{entry.about} [Its spec](../specs/{entry.name}.yaml)."]
            names = [f"{entry.name}_{end}.png" for end in entry.pictures]
            parts += [f"![{name}](images/zoo/{name})" for name in names if (IMAGES / name).exists()]
    return "\n\n".join(parts) + "\n"


def in_readme(text: str, rows: Mapping[str, Cells]) -> str:
    """The README with these rows in the table of its section on the zoo."""
    head, heading, rest = text.partition("\n## Zoo\n")
    section, following, others = rest.partition("\n## ")
    before = section.partition("\n|")[0]
    after = section.rpartition("|\n")[2] if "\n|" in section else "\n"
    return f"{head}{heading}{before}\n{table(rows)}\n{after}{following}{others}"


def write(rows: Mapping[str, Cells], images: Mapping[str, bytes]) -> list[Path]:
    """Write the page, the pictures and the README's table; what was written."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name, picture in images.items():
        (IMAGES / name).write_bytes(picture)
    DOCUMENT.write_text(page(rows), encoding="utf-8")
    README.write_text(in_readme(README.read_text(encoding="utf-8"), rows), encoding="utf-8")
    return [DOCUMENT, README, *(IMAGES / name for name in images)]
