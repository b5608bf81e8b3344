"""An explanation as plain text: wrapped paragraphs, mathematics on indented lines, tables in columns."""

from __future__ import annotations

from collections.abc import Sequence

from symbp.explain import document as d
from symbp.explain.breaking import broken
from symbp.explain.mathematics import Line, Math, Row
from symbp.targets.environment import render
from symbp.targets.text.braces import layers
from symbp.targets.text.cells import cells, filled, left, right
from symbp.targets.text.mathematics import write as write_mathematics
from symbp.targets.text.paint import Paint, code, coloured, plain
from symbp.targets.text.picture import draw
from symbp.targets.text.symbols import LINE_SIGNS

COLUMNS = 100
INDENT = 4
UNDERLINES = {1: "─", 2: "┈", 3: ""}


def write(document: d.Document, paint: Paint = plain) -> str:
    """The document as text, its pieces painted."""
    ends = [isinstance(part, d.Derived) for part in document.parts[1:]]  # a step is followed by another, or a result
    followed = zip(document.parts, [*ends, False], strict=True)
    parts = [_part(part, paint, last=not goes_on).rstrip("\n") for part, goes_on in followed]
    title = _clean(document.title)
    return render(
        "text/document.txt.jinja",
        title=paint(title, "title"),
        underline=paint("═" * cells(title), "title"),
        origin=document.origin,
        parts=parts,
    )


def write_coloured(document: d.Document) -> str:
    """The document as text with the codes by which terminals show colours."""
    return write(document, coloured)


def _part(part: d.Part, paint: Paint, *, last: bool) -> str:
    """A part as text; `last` says that it is no step that others follow."""
    match part:
        case d.Heading(level=level, text=text):
            line = _inline(text)
            return paint(f"{line}\n{UNDERLINES[level] * cells(line)}".rstrip("\n"), "heading")
        case d.Paragraph(text=text):
            return filled(_inline(text), COLUMNS)
        case d.Display(lines=lines):
            return _display(lines, "", paint, [line.asked for line in lines])
        case d.Equations(number=number, lines=lines):
            return _display(lines, f"({number}) ", paint, [True] * len(lines))
        case d.Derived(rule=rule, reason=reason, lines=lines):
            opening = f"({part.label}) {rule}{part.then}"
            wrapped = filled(f"{opening}{_inline(reason)}", COLUMNS, " " * INDENT)
            return render(
                "text/step.txt.jinja",
                reason=paint(opening.rstrip(), "rule") + wrapped[len(opening.rstrip()) :],
                display=_display(lines, "", paint, [last and line is lines[-1] for line in lines]),
            )
        case d.Listing(passages=passages):
            return _listing(passages, paint)
        case d.Answer(number=number, lines=lines):
            return _display(lines, f"[{number}] ", paint, [True] * len(lines))
        case d.Picture():
            return "\n".join(" " * INDENT + _clean(line) for line in draw(part))
        case d.Table(header=header, rows=rows):
            return _table([[_inline(cell) for cell in row] for row in (header, *rows)])


def _listing(passages: tuple[d.Passage, ...], paint: Paint) -> str:
    """Lines of code behind their numbers."""
    margin = max(INDENT, *(len(f"({p.number}) ") for p in passages))
    painted = [(p.number, code("\n".join(_clean(line).rstrip() for line in p.code), paint)) for p in passages]
    labelled = ((f"({n})" if not at else "", line) for n, text in painted for at, line in enumerate(text.split("\n")))
    return "\n".join((label.ljust(margin) + line).rstrip() for label, line in labelled)


def _clean(text: str) -> str:
    """The text without line ends, control characters and those for private use."""
    return "".join(c if c.isprintable() else " " for c in text)


def _inline(text: d.Inline) -> str:
    return "".join(
        write_mathematics(p) if isinstance(p, Math) else _clean(p.text if isinstance(p, d.Code) else p) for p in text
    )


def _display(lines: tuple[Line, ...], label: str, paint: Paint, results: Sequence[bool]) -> str:
    """The lines with their signs aligned, those that are results painted."""
    lefts = [layers(write_mathematics(line.left)) if line.left is not None else ("", "") for line in lines]
    column = max(cells(above) for above, _ in lefts)
    margin = label.rjust(INDENT) if label else " " * INDENT
    room = COLUMNS - len(margin) - column - 3
    out: list[str] = []
    for (above, below), line, result in zip(lefts, lines, results, strict=True):
        before = len(out)
        for place, row in enumerate(broken(line.right, lambda node: float(cells(layers(_line(node))[0])), room)):
            start = margin if not out else " " * len(margin)
            head = f"{right(above, column)} {LINE_SIGNS[line.sign]} " if place == 0 else " " * (column + 3)
            written, shapes = layers(_line(row))
            out.append(f"{start}{head}{written}".rstrip())
            if shapes or (below and place == 0):
                under = right(below, column) if place == 0 else " " * column
                out.append(f"{' ' * len(margin)}{under}   {shapes}".rstrip())
        out[before:] = paint("\n".join(out[before:]), "result").split("\n") if result else out[before:]
    return "\n".join(out)


def _line(node: Math) -> str:
    return "  " * node.indent + write_mathematics(node) if isinstance(node, Row) else write_mathematics(node)


def _table(rows: list[list[str]]) -> str:
    widths = [max(cells(row[c]) for row in rows) for c in range(len(rows[0]))]
    lines = ["  ".join(left(cell, w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    rule = "  ".join("─" * w for w in widths)
    return "\n".join([lines[0], rule, *lines[1:]])
