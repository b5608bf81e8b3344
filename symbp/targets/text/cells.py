"""Text measured in the cells of a terminal: a Chinese character takes two, a combining accent none."""

from __future__ import annotations

import re

from rich.cells import cell_len

NEVER_FIRST = "，。、；：？！）】」》”’"  # on a line
NEVER_LAST = "（【「《“‘"
_TOKENS = re.compile(r"\s+|[^\s\u3000-\u303f\u3400-\u9fff\uff00-\uffef]+|.")


def cells(text: str) -> int:
    """How many cells the text takes."""
    return cell_len(text)


def left(text: str, width: int) -> str:
    """The text with space to its right."""
    return text + " " * (width - cells(text))


def right(text: str, width: int) -> str:
    """The text with space to its left."""
    return " " * (width - cells(text)) + text


def centred(text: str, width: int) -> str:
    """The text with space on both sides."""
    room = width - cells(text)
    return " " * (room // 2) + text + " " * (room - room // 2)


def filled(text: str, width: int, indent: str = "") -> str:
    """The text in lines of at most `width` cells, those after the first indented.

    It is broken at spaces and beside Chinese characters, but not where a line would begin or end with the wrong sign.
    """
    lines, line = [], ""
    for piece in _unbroken(text):
        if line.strip() and cells(line + piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = indent + piece.lstrip()
        else:
            line += piece
    return "\n".join([*lines, line.rstrip()])


def _unbroken(text: str) -> list[str]:
    """The pieces of a text that stay whole, each with the space before it."""
    pieces: list[str] = []
    for token in _TOKENS.findall(text):
        token = " " if token.isspace() else token
        last = pieces[-1].rstrip() if pieces else ""
        sticks = token[0] in NEVER_FIRST or (last and last[-1] in NEVER_LAST and not pieces[-1].endswith(" "))
        if pieces and (sticks or pieces[-1] == " "):
            pieces[-1] += token
        else:
            pieces.append(token)
    return pieces
