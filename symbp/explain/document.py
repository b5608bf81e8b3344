"""An explanation as a document: headings, paragraphs, displays, tables and numbered steps, before any target's syntax.

What a link leads to has a label, such as `layer dense_1` or `formula dense`; a target that cannot link prints the text.

Every string is plain text as a person or a spec gave it; targets escape it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from symbp.explain.mathematics import Line, Math


@dataclass(frozen=True)
class Code:
    """A name or a formula as it stands in a spec or in the formula language."""

    text: str


@dataclass(frozen=True)
class Link(Code):
    """A name that leads to the heading or the paragraph with this label, where the document has one.

    With `plain` it is set as text, not as code.
    """

    label: str
    plain: bool = False


Inline = tuple[str | Math | Code, ...]
Computed = tuple[tuple[str, int], ...]  # the blocks and numbers by which code quotes what a display says


@dataclass(frozen=True)
class Heading:
    """A heading: level 1 is a section."""

    level: int
    text: Inline
    label: str = ""


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: Inline
    label: str = ""


@dataclass(frozen=True)
class Display:
    """Displayed mathematics, lines aligned at their signs."""

    lines: tuple[Line, ...]
    computed: Computed = ()


@dataclass(frozen=True)
class Equations:
    """Displayed equations with a number of their own, which stand in the same sequence as the steps."""

    number: int
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Table:
    """A table with a header."""

    header: tuple[Inline, ...]
    rows: tuple[tuple[Inline, ...], ...]


@dataclass(frozen=True)
class Derived:
    """A step of the derivation: its number, its rule, why it holds, and `before = after`.

    Several steps told as one have the number of the last of them, and `since` is that of the first. `then` stands
    between the rule and the reason.
    """

    number: int
    rule: str
    reason: Inline
    lines: tuple[Line, ...]
    since: int = 0
    then: str = ". "

    @property
    def label(self) -> str:
        """The numbers of the steps that it tells, `7` or `6–7`."""
        return f"{self.since}–{self.number}" if 0 < self.since < self.number else str(self.number)


@dataclass(frozen=True)
class Passage:
    """What a module says about one equation of one block: a comment that quotes its number, and the code after it.

    `first` and `last` are lines of the module, counted from 1; `code` is without the comment, and not indented.
    """

    block: str
    number: int
    first: int
    last: int
    code: tuple[str, ...]


@dataclass(frozen=True)
class Listing:
    """Code that numbered equations became, in the order of their numbers."""

    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class Module:
    """A generated module: the name of its file, its text, and where it computes what."""

    name: str
    text: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class NoModule:
    """What stands in a module's place where a network can be derived, and not computed or trained: why."""

    reason: str

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True)
class Node:
    """A block of the network, or one of its inputs, in a picture, with the names of what it reads.

    `formula` is empty for an input.
    """

    name: str
    formula: str
    label: str
    role: Literal["input", "layer", "cost"]
    reads: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stroke:
    """A connection between two rows, from a lane above to a lane below; `size` is what comes out of the node above."""

    above: int
    below: int
    size: str = ""


@dataclass(frozen=True)
class Row:
    """A row of a picture: the strokes that lead to it from the row above, nodes by lane, and lanes that pass by.

    `sizes` are those of what the nodes give, by lane.
    """

    strokes: tuple[Stroke, ...]
    nodes: Mapping[int, Node]
    passing: tuple[int, ...]
    sizes: Mapping[int, str]


@dataclass(frozen=True)
class Picture:
    """The network drawn from top to bottom."""

    rows: tuple[Row, ...]

    @property
    def lanes(self) -> int:
        """How many lanes there are."""
        used = (lane for row in self.rows for lane in (*row.nodes, *row.passing))
        return max(used, default=-1) + 1


@dataclass(frozen=True)
class Answer:
    """What belongs into the blanks of one number, in every place where it is asked."""

    number: int
    lines: tuple[Line, ...]


Part = Heading | Paragraph | Display | Equations | Table | Derived | Listing | Picture | Answer


@dataclass(frozen=True)
class Document:
    """A title and the parts below it, in reading order; `origin` says what made it of what, in a comment or a line.

    `language` is that of its prose, in two letters; `module` is the code that the numbers are quoted in, for targets
    that show it whole.
    """

    title: str
    parts: tuple[Part, ...]
    origin: str = ""
    language: str = "en"
    module: Module | None = None
