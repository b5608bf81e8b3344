"""A module and its passages as HTML: highlighted, every passage an element of its own that knows what it computes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from symbp.explain.document import Computed, Module, Passage
from symbp.targets.highlight import pieces

CLASSES = {"comment": "c", "keyword": "k", "string": "s", "number": "d", "": ""}
QUOTED = re.compile(r"# \((\d+)\)")


def highlighted(code: str) -> list[str]:
    """The lines of a piece of Python."""
    text = ""
    for kind, value in pieces(code):
        shown = CLASSES[kind]
        lines = map(escape, value.split("\n"))
        text += "\n".join(f'<span class="{shown}">{line}</span>' if shown and line else line for line in lines)
    return text.split("\n")


def keys(computed: Computed) -> str:
    """What an attribute says of where code computes a display: `7@dense_2 11@dense_2`."""
    return " ".join(f"{number}@{block}" for block, number in computed)


def anchor(passage: Passage) -> str:
    """The `id` of a passage in the whole module."""
    return f"L{passage.first}"


def snippet(passage: Passage) -> str:
    """The code of a passage alone."""
    return "\n".join(highlighted("\n".join(passage.code)))


def whole(module: Module, steps: frozenset[int]) -> str:
    """The text of a module, as the contents of a `pre`; numbers in comments lead to these steps."""
    lines = highlighted(module.text.rstrip("\n"))
    text, at = "", 0
    for passage in module.passages:
        text += _plain(lines[at : passage.first - 1])
        inside = _linked("\n".join(lines[passage.first - 1 : passage.last]), steps)
        text += f'<span class="passage" id="{anchor(passage)}" data-key="{_key(passage)}">{inside}\n</span>'
        at = passage.last
    return text + _plain(lines[at:])


def _key(passage: Passage) -> str:
    return escape(keys(((passage.block, passage.number),)))


def _plain(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _linked(code: str, steps: frozenset[int]) -> str:
    def link(found: re.Match[str]) -> str:
        number = found[1]
        return f'# <a href="#step-{number}">({number})</a>' if int(number) in steps else found[0]

    return QUOTED.sub(link, code, count=1)
