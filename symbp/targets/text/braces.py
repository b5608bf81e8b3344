"""Shapes under matrices, in text: marked within a line of mathematics, then written on a line below it.

∂C/∂W =  Xᵀ ·  δ
Nᵢ×Nⱼ   Nᵢ×N N×Nⱼ
"""

from __future__ import annotations

import re

from symbp.targets.text.cells import cells, centred

OPEN, MIDDLE, CLOSE = "\ue000", "\ue001", "\ue002"  # for private use: no text has them, see `document.clean`
_MARKED = re.compile(f"{OPEN}([^{MIDDLE}]*){MIDDLE}([^{CLOSE}]*){CLOSE}")


def braced(body: str, below: str) -> str:
    """A piece of a line, marked with what stands below it."""
    return f"{OPEN}{body}{MIDDLE}{below}{CLOSE}"


def layers(line: str) -> tuple[str, str]:
    """The line without marks, and the line below it; both are equally wide, but for an empty line below."""
    above, below, end = "", "", 0
    for found in _MARKED.finditer(line):
        plain = line[end : found.start()]
        body, shape = found.groups()
        room = max(cells(body), cells(shape))
        above += plain + centred(body, room)
        below += " " * cells(plain) + centred(shape, room)
        end = found.end()
    rest = line[end:]
    return above + rest, below + " " * cells(rest) if end else ""
