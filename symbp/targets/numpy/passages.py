"""Where a module computes what: its comments `# (11) zₙⱼ = ...` and the code below them, read back from its text.

A comment in a routine is one of three, which `source.comment` and `source.remark` keep apart:

    # dense_1: x (n, 784) -> z (n, 512)    a block's heading
    # (11) zₙⱼ = Σᵢ xₙᵢ · Wᵢⱼ              a statement's equation, numbered where the derivation has it
    # 16 rows at a time                    a remark on the code of a statement, whose passage it belongs to
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from symbp.explain.document import Passage
from symbp.targets.numpy.source import EQUATION, HEADING

QUOTED = re.compile(r"\((\d+)\) ")
COMMENT = re.compile(r" +# (.*)")
CONTINUED = re.compile(r" +#     (.*)")
LOOP = re.compile(r" +for ")


def passages(module: str) -> tuple[Passage, ...]:
    """Every passage, in order."""
    return tuple(_passages(module.split("\n")))


def _passages(lines: Sequence[str]) -> Iterator[Passage]:
    block = ""
    for at, line in enumerate(lines):
        comment = COMMENT.match(line)
        if not comment:
            continue
        heading, quoted = HEADING.match(comment[1]), QUOTED.match(comment[1])
        block = heading[1] if heading else block
        if quoted:
            start = at + 1 + len(list(takewhile(CONTINUED.match, lines[at + 1 :])))
            code = _code(lines, start, _depth(line))
            if code:
                yield Passage(block, int(quoted[1]), at + 1, start + len(code), code)


def _code(lines: Sequence[str], start: int, depth: int) -> tuple[str, ...]:
    """The lines from there to the next equation or empty line, or the end of the routine, without the margin.

    A loop that computes several equations, each with its comment, is not part of it.
    """
    end = start
    while end < len(lines) and lines[end].startswith(" " * depth) and not _states(lines, end):
        end += 1
    code = list(lines[start:end])
    if end < len(lines) and _depth(lines[end]) > depth and COMMENT.match(lines[end]):
        del code[max(at for at, line in enumerate(code) if LOOP.match(line) and _depth(line) == depth) :]
    return tuple(line[depth:] for line in code)


def _states(lines: Sequence[str], at: int) -> bool:
    """Whether a comment starts there that is an equation, or a heading."""
    comment = COMMENT.match(lines[at])
    if not comment:
        return False
    more = (found[1] for found in map(CONTINUED.match, lines[at + 1 : at + 4]) if found)
    return bool(HEADING.match(comment[1]) or EQUATION.search(" ".join([comment[1], *more])))


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
