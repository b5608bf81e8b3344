"""Where a module computes what: its comments `# (11) zₙⱼ = ...` and the code below them, read back from its text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from symbp.explain.document import Passage

HEADING = re.compile(r" +# (\w+)(?:\.\w+)?: ")  # dense_1: x (n, 784), ..., or batch_norm_1.inference: ...
QUOTED = re.compile(r" +# \((\d+)\) ")
COMMENT = re.compile(r" +#")
CONTINUED = re.compile(r" +#     ")
LOOP = re.compile(r" +for ")


def passages(module: str) -> tuple[Passage, ...]:
    """Every passage, in order."""
    return tuple(_passages(module.split("\n")))


def _passages(lines: Sequence[str]) -> Iterator[Passage]:
    block = ""
    for at, line in enumerate(lines):
        if not line:
            continue
        heading, quoted = HEADING.match(line), QUOTED.match(line)
        block = heading[1] if heading else block
        if quoted:
            start = at + 1 + len(list(takewhile(CONTINUED.match, lines[at + 1 :])))
            code = _code(lines, start, len(line) - len(line.lstrip()))
            if code:
                yield Passage(block, int(quoted[1]), at + 1, start + len(code), code)


def _code(lines: Sequence[str], start: int, depth: int) -> tuple[str, ...]:
    """The lines from there to the next comment or empty line, or the end of the routine, without the margin.

    A loop that computes several equations, each with its comment, is not part of it.
    """
    margin = " " * depth
    code = list(takewhile(lambda line: line.startswith(margin) and not COMMENT.match(line), lines[start:]))
    inside = lines[start + len(code)] if start + len(code) < len(lines) else ""
    if COMMENT.match(inside) and len(inside) - len(inside.lstrip()) > depth:
        loop = max(at for at, line in enumerate(code) if LOOP.match(line) and not line.startswith(margin + " "))
        code = code[:loop]
    return tuple(line[depth:] for line in code)
