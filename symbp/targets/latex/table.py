r"""The columns of a table: as wide as their cells, or where that leaves the page, the widest of them as paragraphs."""

from __future__ import annotations

from collections.abc import Sequence

from symbp.explain.document import Code, Inline
from symbp.explain.mathematics import Math
from symbp.targets.latex.languages import CHINESE
from symbp.targets.latex.width import width

PAGE = 54.5  # ems of small print
BETWEEN = 1.2  # ems between columns
LETTER, TYPEWRITER = 0.46, 0.525


def columns(rows: Sequence[tuple[Inline, ...]]) -> str:
    """The columns as `tabular` is told them."""
    widths = [max(map(_width, cells)) for cells in zip(*rows, strict=True)]
    most = _cap(widths, PAGE - BETWEEN * len(widths))
    return "".join("l" if each <= most else rf">{{\raggedright\arraybackslash}}p{{{most:.1f}em}}" for each in widths)


def _cap(widths: Sequence[float], room: float) -> float:
    """The width to which the widest are cut so that all have room; no bound where they have it anyway."""
    rest = sorted(widths)
    while rest and rest[0] <= room / len(rest):
        room -= rest.pop(0)
    return room / len(rest) if rest else sum(widths)


def _width(cell: Inline) -> float:
    return sum(map(_piece, cell))


def _piece(piece: str | Math | Code) -> float:
    if isinstance(piece, Math):
        return width(piece)
    if isinstance(piece, Code):
        return TYPEWRITER * len(piece.text)
    return sum(1.0 if CHINESE.match(character) else LETTER for character in piece)
