"""Text in columns, and prose, as wide as they need; what is wider than a terminal folds between words.

No word is broken, so that names can be searched for, no number parted from its unit, no shape taken apart. Columns that
do not fit beside the others all the same stand on a line below, indented.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest

GAP = "  "
INDENT = "    "
TOGETHER = "\N{NO-BREAK SPACE}"  # which `textwrap` keeps
BOUND = re.compile(r"^ +|(?<=\d) (?=(?:[KMGTP]iB|[kMGTPB])\b)|(?<= ×) | (?=× )")


class Columns:
    """Headings and rows of cells in columns of their `widths`; `right` are those that are set flush right."""

    def __init__(
        self, headings: Sequence[str], rows: Sequence[Sequence[str]], room: int | None, right: Sequence[int] = ()
    ) -> None:
        self.right = right
        columns = list(zip(headings, *rows, strict=True))
        self.widths = [max(map(len, column)) for column in columns]
        self.below: list[list[int]] = [[*range(len(columns))]]  # the columns that stand on one line, and below it
        if room is None or self._total(self.widths) <= room:
            return
        least = [max(len(word) for cell in column for word in _bound(cell).split(" ")) for column in columns]
        if self._total(least) <= room:
            while self._total(self.widths) > room:
                wide = (k for k, width in enumerate(self.widths) if width > least[k])
                self.widths[max(wide, key=self.widths.__getitem__)] -= 1
            return
        most = room - len(INDENT)
        self.widths = [min(width, max(most, low)) for width, low in zip(self.widths, least, strict=True)]
        self.below = [[]]
        for k, width in enumerate(self.widths):
            before = [self.widths[other] for other in self.below[-1]]
            if before and self._total([*before, width]) > (most if len(self.below) > 1 else room):
                self.below.append([])
            self.below[-1].append(k)

    def _total(self, widths: Sequence[int]) -> int:
        return sum(widths) + len(GAP) * (len(widths) - 1)

    def lines(self, cells: Sequence[str]) -> Iterator[str]:
        """A row; more lines than one where a cell is folded, or stands below."""
        for number, columns in enumerate(self.below):
            folded = (folds(cells[k], self.widths[k]) for k in columns)
            for line in zip_longest(*folded, fillvalue=""):
                pairs = zip(line, columns, strict=True)
                set_ = (t.rjust(self.widths[k]) if k in self.right else t.ljust(self.widths[k]) for t, k in pairs)
                if any(line) or not number:
                    yield f"{INDENT if number else ''}{GAP.join(set_)}".rstrip()


def folds(text: str, width: int | None) -> list[str]:
    """The text in lines of this width at most, where its words allow it."""
    if width is None or len(text) <= width:
        return [text]
    lines = textwrap.wrap(_bound(text), max(width, 1), break_long_words=False, break_on_hyphens=False)
    return [line.replace(TOGETHER, " ") for line in lines]


def _bound(text: str) -> str:
    return BOUND.sub(lambda found: TOGETHER * len(found[0]), text)
