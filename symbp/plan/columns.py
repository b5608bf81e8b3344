"""Text in columns, and prose, as wide as they need; what is wider than a terminal folds between words.

No word is broken, so that names can be searched for, and no number parted from its unit.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest

GAP = "  "
UNIT = re.compile(r"(?<=\d) (?=(?:[KMGTP]iB|[kMGTPB])\b)")
TOGETHER = "\N{NO-BREAK SPACE}"  # which `textwrap` keeps


class Columns:
    """The widths of columns, for a heading and rows of cells; `right` are those that are set flush right."""

    def __init__(
        self, headings: Sequence[str], rows: Sequence[Sequence[str]], room: int | None, right: Sequence[int] = ()
    ) -> None:
        self.right = right
        columns = list(zip(headings, *rows, strict=True))
        self.widths = [max(map(len, column)) for column in columns]
        least = [max(len(word) for cell in column for word in _words(cell)) for column in columns]
        while room is not None and sum(self.widths) + len(GAP) * (len(columns) - 1) > room:
            wide = [k for k, width in enumerate(self.widths) if width > least[k]]
            if not wide:
                break
            self.widths[max(wide, key=self.widths.__getitem__)] -= 1

    def lines(self, cells: Sequence[str]) -> Iterator[str]:
        """A row; more lines than one where a cell is folded."""
        folded = (folds(cell, width) for cell, width in zip(cells, self.widths, strict=True))
        for line in zip_longest(*folded, fillvalue=""):
            set_ = (
                text.rjust(width) if k in self.right else text.ljust(width)
                for k, (text, width) in enumerate(zip(line, self.widths, strict=True))
            )
            yield GAP.join(set_).rstrip()


def folds(text: str, width: int | None) -> list[str]:
    """The text in lines of this width at most, where its words allow it."""
    if width is None or len(text) <= width:
        return [text]
    lines = textwrap.wrap(UNIT.sub(TOGETHER, text), max(width, 1), break_long_words=False, break_on_hyphens=False)
    return [line.replace(TOGETHER, " ") for line in lines]


def _words(text: str) -> list[str]:
    return UNIT.sub(TOGETHER, text).split(" ")
