"""An explanation as plain text: wrapped paragraphs, mathematics on indented lines, tables in columns."""

from __future__ import annotations

from symbp.explain import document as d
from symbp.explain.breaking import broken
from symbp.explain.mathematics import Line, Math, Row
from symbp.targets.environment import render
from symbp.targets.text.braces import layers
from symbp.targets.text.cells import cells, filled, left, right
from symbp.targets.text.mathematics import LINE_SIGNS
from symbp.targets.text.mathematics import write as write_mathematics
from symbp.targets.text.picture import draw

COLUMNS = 100
INDENT = 4
UNDERLINES = {1: "─", 2: "┈", 3: ""}


def write(document: d.Document) -> str:
    """The document as text."""
    parts = [_part(part).rstrip("\n") for part in document.parts]
    title = _clean(document.title)
    underline = "═" * cells(title)
    return render("text/document.txt.jinja", title=title, underline=underline, origin=document.origin, parts=parts)


def _part(part: d.Part) -> str:
    match part:
        case d.Heading(level=level, text=text):
            line = _inline(text)
            return f"{line}\n{UNDERLINES[level] * cells(line)}".rstrip("\n")
        case d.Paragraph(text=text):
            return filled(_inline(text), COLUMNS)
        case d.Display(lines=lines):
            return _display(lines)
        case d.Equations(number=number, lines=lines):
            return _display(lines, f"({number}) ")
        case d.Derived(rule=rule, reason=reason, lines=lines):
            sentence = f"({part.label}) {rule}. {_inline(reason)}"
            wrapped = filled(sentence, COLUMNS, " " * INDENT)
            return render("text/step.txt.jinja", reason=wrapped, display=_display(lines))
        case d.Listing(passages=passages):
            return _listing(passages)
        case d.Picture():
            return "\n".join(" " * INDENT + _clean(line) for line in draw(part))
        case d.Table(header=header, rows=rows):
            return _table([[_inline(cell) for cell in row] for row in (header, *rows)])


def _listing(passages: tuple[d.Passage, ...]) -> str:
    """Lines of code behind their numbers."""
    margin = max(INDENT, *(len(f"({p.number}) ") for p in passages))
    labelled = ((f"({p.number})" if not at else "", line) for p in passages for at, line in enumerate(p.code))
    return "\n".join((label.ljust(margin) + _clean(line)).rstrip() for label, line in labelled)


def _clean(text: str) -> str:
    """The text without line ends, control characters and those for private use."""
    return "".join(c if c.isprintable() else " " for c in text)


def _inline(text: d.Inline) -> str:
    return "".join(
        write_mathematics(p) if isinstance(p, Math) else _clean(p.text if isinstance(p, d.Code) else p) for p in text
    )


def _display(lines: tuple[Line, ...], label: str = "") -> str:
    lefts = [layers(write_mathematics(line.left)) if line.left is not None else ("", "") for line in lines]
    column = max(cells(above) for above, _ in lefts)
    margin = label.rjust(INDENT) if label else " " * INDENT
    room = COLUMNS - len(margin) - column - 3
    out: list[str] = []
    for (above, below), line in zip(lefts, lines, strict=True):
        for place, row in enumerate(broken(line.right, lambda node: float(cells(layers(_line(node))[0])), room)):
            start = margin if not out else " " * len(margin)
            head = f"{right(above, column)} {LINE_SIGNS[line.sign]} " if place == 0 else " " * (column + 3)
            written, shapes = layers(_line(row))
            out.append(f"{start}{head}{written}".rstrip())
            if shapes or (below and place == 0):
                under = right(below, column) if place == 0 else " " * column
                out.append(f"{' ' * len(margin)}{under}   {shapes}".rstrip())
    return "\n".join(out)


def _line(node: Math) -> str:
    return "  " * node.indent + write_mathematics(node) if isinstance(node, Row) else write_mathematics(node)


def _table(rows: list[list[str]]) -> str:
    widths = [max(cells(row[c]) for row in rows) for c in range(len(rows[0]))]
    lines = ["  ".join(left(cell, w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    rule = "  ".join("─" * w for w in widths)
    return "\n".join([lines[0], rule, *lines[1:]])
