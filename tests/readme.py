"""README.md as a test reads it: fenced blocks with the directive above them, and the tables under a heading.

A directive is an HTML comment, `<!-- test: WORD ARGUMENTS -->`, in the line before the fence:

    file NAME        the block is written to NAME
    run              the block is run, as a shell script or as Python; it must succeed
    output           `$ command` and what it prints; `...` stands for anything
    excerpt NAME     the block stands in the file NAME, which an earlier block wrote
    row NAME LAYER   a row of the catalog, the same as the layer that the spec NAME defines
    make             commands that set up environments of their own: what make would run is looked at
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
BLOCK = re.compile(
    r"""
    ^(?P<indent>[ ]*) (?:<!--[ ]test:[ ](?P<directive>[^>]*?)[ ]-->\n(?P=indent))?
    ```(?P<language>\w*)\n (?P<text>.*?)\n (?P=indent)```$
    """,
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text without indentation, the words of its directive, and its line."""

    language: str
    text: str
    directive: tuple[str, ...]
    line: int


def blocks() -> tuple[Block, ...]:
    """Every fenced block of the README in order."""
    source = README.read_text(encoding="utf-8")
    return tuple(
        Block(
            found["language"],
            re.sub(rf"^{found['indent']}", "", found["text"], flags=re.MULTILINE) + "\n",
            tuple((found["directive"] or "").split()),
            source.count("\n", 0, found.start()) + 1,
        )
        for found in BLOCK.finditer(source)
    )


def prose() -> str:
    """The README without its fenced blocks."""
    return BLOCK.sub("", README.read_text(encoding="utf-8"))


def first_column(heading: str) -> tuple[str, ...]:
    """What stands in the first column of the first table below a heading, cell by cell."""
    section = prose().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return tuple(re.split(r"(?<!\\)\|", row)[1].strip() for row in rows[2:])


def matches(expected: str, printed: str) -> bool:
    """Whether a text is what was expected, where `...` stands for anything."""
    pattern = ".*".join(map(re.escape, re.split(r"\.\.\.", expected.strip())))
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None
