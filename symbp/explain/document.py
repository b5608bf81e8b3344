"""An explanation as a document: headings, paragraphs, displays, tables and numbered steps, before any target's syntax.

Every string is plain text as a person or a spec gave it; targets escape it.
"""

from __future__ import annotations

from dataclasses import dataclass

from symbp.explain.mathematics import Line, Math


@dataclass(frozen=True)
class Code:
    """A name or a formula as it stands in a spec or in the formula language."""

    text: str


Inline = tuple[str | Math | Code, ...]


@dataclass(frozen=True)
class Heading:
    """A heading: level 1 is a section."""

    level: int
    text: Inline


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: Inline


@dataclass(frozen=True)
class Display:
    """Displayed mathematics, lines aligned at their signs."""

    lines: tuple[Line, ...]


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
    """A step of the derivation: its number, its rule, why it holds, and `before = after`."""

    number: int
    rule: str
    reason: Inline
    lines: tuple[Line, ...]


Part = Heading | Paragraph | Display | Equations | Table | Derived


@dataclass(frozen=True)
class Document:
    """A title and the parts below it, in reading order; `origin` says what made it of what, in a comment or a line.

    `language` is that of its prose, in two letters.
    """

    title: str
    parts: tuple[Part, ...]
    origin: str = ""
    language: str = "en"
