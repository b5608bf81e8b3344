"""An explanation as plain text: wrapped paragraphs, mathematics on indented lines, tables in columns."""

from __future__ import annotations

import textwrap

from symbp.explain import document as d
from symbp.explain.breaking import broken
from symbp.explain.mathematics import Line, Math, Row
from symbp.targets.environment import render
from symbp.targets.text.mathematics import LINE_SIGNS
from symbp.targets.text.mathematics import write as write_mathematics

COLUMNS = 100
INDENT = 4
UNDERLINES = {1: "─", 2: "┈", 3: ""}


def write(document: d.Document) -> str:
    """The document as text."""
    parts = [_part(part).rstrip("\n") for part in document.parts]
    title = _clean(document.title)
    underline = "═" * len(title)
    return render("text/document.txt.jinja", title=title, underline=underline, origin=document.origin, parts=parts)


def _part(part: d.Part) -> str:
    match part:
        case d.Heading(level=level, text=text):
            line = _inline(text)
            return f"{line}\n{UNDERLINES[level] * len(line)}".rstrip("\n")
        case d.Paragraph(text=text):
            return textwrap.fill(_inline(text), COLUMNS, break_long_words=False, break_on_hyphens=False)
        case d.Display(lines=lines):
            return _display(lines)
        case d.Equations(number=number, lines=lines):
            return _display(lines, f"({number}) ")
        case d.Derived(number=number, rule=rule, reason=reason, lines=lines):
            sentence = f"({number}) {rule}. {_inline(reason)}"
            wrapped = textwrap.fill(
                sentence, COLUMNS, subsequent_indent=" " * INDENT, break_long_words=False, break_on_hyphens=False
            )
            return render("text/step.txt.jinja", reason=wrapped, display=_display(lines))
        case d.Listing(passages=passages):
            return _listing(passages)
        case d.Table(header=header, rows=rows):
            return _table([[_inline(cell) for cell in row] for row in (header, *rows)])


def _listing(passages: tuple[d.Passage, ...]) -> str:
    """Lines of code behind their numbers."""
    margin = max(INDENT, *(len(f"({p.number}) ") for p in passages))
    labelled = ((f"({p.number})" if not at else "", line) for p in passages for at, line in enumerate(p.code))
    return "\n".join(label.ljust(margin) + _clean(line) for label, line in labelled)


def _clean(text: str) -> str:
    """The text without line ends and control characters."""
    return "".join(c if c.isprintable() else " " for c in text)


def _inline(text: d.Inline) -> str:
    return "".join(
        write_mathematics(p) if isinstance(p, Math) else _clean(p.text if isinstance(p, d.Code) else p) for p in text
    )


def _display(lines: tuple[Line, ...], label: str = "") -> str:
    lefts = [write_mathematics(line.left) if line.left is not None else "" for line in lines]
    column = max(map(len, lefts))
    margin = label.rjust(INDENT) if label else " " * INDENT
    room = COLUMNS - len(margin) - column - 3
    out: list[str] = []
    for left, line in zip(lefts, lines, strict=True):
        for place, row in enumerate(broken(line.right, lambda node: float(len(_line(node))), room)):
            head = f"{left.rjust(column)} {LINE_SIGNS[line.sign]} " if place == 0 else " " * (column + 3)
            start = margin if not out else " " * len(margin)
            out.append(start + head + _line(row))
    return "\n".join(out)


def _line(node: Math) -> str:
    return "  " * node.indent + write_mathematics(node) if isinstance(node, Row) else write_mathematics(node)


def _table(rows: list[list[str]]) -> str:
    widths = [max(len(row[c]) for row in rows) for c in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    rule = "  ".join("─" * w for w in widths)
    return "\n".join([lines[0], rule, *lines[1:]])
