"""Train specs of the zoo, print their table, write docs/zoo.md."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmarks import ROOT
from benchmarks.report import grid
from benchmarks.zoo.document import COLUMNS, DOCUMENT, row, rows_of, write
from benchmarks.zoo.entries import ENTRIES
from benchmarks.zoo.trained import train
from symbp.training.errors import DataError


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, print and write; 2 where the data of one was not found."""
    known = {entry.name: entry for entry in ENTRIES}
    parser = argparse.ArgumentParser(prog="python -m benchmarks.zoo", description="Train the specs of the zoo.")
    parser.add_argument("names", nargs="*", choices=[[], *known], help="all, where none is named")
    chosen = parser.parse_args(arguments).names or list(known)
    rows, images, missing = rows_of(DOCUMENT.read_text(encoding="utf-8")) if DOCUMENT.exists() else {}, {}, False
    for name in chosen:
        try:
            trained = train(name)
        except DataError as error:
            print(f"{name}: {error}", file=sys.stderr)
            missing = True
            continue
        rows[name] = row(known[name], trained)
        images = {f"{name}_{end}.png": draw(trained) for end, draw in known[name].pictures.items()}
        written = write(rows, images)
        print("".join(f"  {path.relative_to(ROOT)}\n" for path in written), file=sys.stderr)
    print(grid(COLUMNS, [rows[name] for name in chosen if name in rows]))
    return 2 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
