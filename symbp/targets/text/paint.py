"""Colour for a terminal, by what a piece of text is.

Colours are those of the terminal's own theme, without a background, so they stand out where it is light and where it
is dark. Blue, yellow, black and white do not, and are not used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rich.color import ColorSystem
from rich.style import Style

from symbp.targets.highlight import pieces

Paint = Callable[[str, str], str]  # of a text, and of what it is
STYLES: Mapping[str, Style] = {
    "title": Style(bold=True),
    "heading": Style(bold=True),
    "rule": Style(bold=True, color="cyan"),
    "result": Style(color="green"),
    "keyword": Style(color="magenta"),
    "string": Style(color="green"),
    "number": Style(color="cyan"),
    "comment": Style(dim=True),
    "right": Style(color="green"),
    "wrong": Style(color="red"),
    "quiet": Style(dim=True),
}


def plain(text: str, what: str) -> str:
    """The text as it is."""
    return text


def coloured(text: str, what: str) -> str:
    """The text between the codes of its style, line by line; space at the start of a line has none."""
    return "\n".join(_line(line, STYLES[what]) for line in text.split("\n"))


def _line(line: str, style: Style) -> str:
    inside = line.lstrip()
    return line[: len(line) - len(inside)] + style.render(inside, color_system=ColorSystem.STANDARD)


def code(text: str, paint: Paint) -> str:
    """Python code, painted."""
    return "".join(paint(piece, kind) if kind and piece.strip() else piece for kind, piece in pieces(text))
