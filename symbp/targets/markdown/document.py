"""An explanation as Markdown with mathematics between dollars, as GitHub and Jupyter render it."""

from __future__ import annotations

import re

from symbp.explain import document as d
from symbp.explain.mathematics import Line, Math
from symbp.targets.environment import render
from symbp.targets.latex.lines import rows
from symbp.targets.latex.mathematics import write as write_mathematics
from symbp.targets.text.picture import draw

PAGE = 52.0  # ems of a line on GitHub
BLANK = re.compile(r"\\(?:question|again)\{(\d+)\}\{(\d+em)\}")
SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$~&!])")


def escape(text: str) -> str:
    """Plain text in which no character means anything to Markdown or HTML."""
    return SPECIAL.sub(r"\\\1", re.sub(r"\s", " ", text))


def write(document: d.Document) -> str:
    """The document as Markdown source."""
    parts = [_part(part).rstrip("\n") for part in document.parts]
    return render(
        "markdown/document.md.jinja",
        title=escape(document.title),
        origin=document.origin.replace("--", "- -"),
        parts=parts,
    )


def mathematics(document: d.Document) -> str:
    """The displayed mathematics of the document alone, as LaTeX between dollars."""
    lines = (p.lines for p in document.parts if isinstance(p, d.Display | d.Equations | d.Derived | d.Answer))
    return "\n".join(map(_display, lines))


def _part(part: d.Part) -> str:
    match part:
        case d.Heading(level=level, text=text):
            return f"{'#' * (level + 1)} {_inline(text)}"
        case d.Paragraph(text=text):
            return _inline(text)
        case d.Display(lines=lines):
            return _display(lines)
        case d.Equations(number=number, lines=lines):
            return _display(lines, number)
        case d.Derived(rule=rule, reason=reason, lines=lines):
            return render(
                "markdown/step.md.jinja",
                number=escape(part.label),
                rule=escape(rule),
                then=escape(part.then),
                reason=_inline(reason),
                display=_display(lines).rstrip("\n"),
            )
        case d.Listing(passages=passages):
            entries = [{"number": str(p.number), "code": "\n".join(p.code)} for p in passages]
            return render("markdown/listing.md.jinja", passages=entries, fence=_fence(*(e["code"] for e in entries)))
        case d.Answer(number=number, lines=lines):
            return f"**{number}.**\n\n{_display(lines)}"
        case d.Picture():
            drawn = draw(part)
            return "\n".join([_fence(*drawn), *drawn, _fence(*drawn)])
        case d.Table(header=header, rows=body):
            return render(
                "markdown/table.md.jinja",
                header=_row(header),
                rule="|" + " --- |" * len(header),
                rows=[_row(row) for row in body],
            )


def _fence(*texts: str) -> str:
    """Backticks that none of these texts ends."""
    longest = max((len(run) for text in texts for run in re.findall("`+", text)), default=0)
    return "`" * max(3, longest + 1)


def _display(lines: tuple[Line, ...], number: int | None = None) -> str:
    tag = rf" \tag{{{number}}}" if number is not None else ""
    return render("markdown/display.md.jinja", rows=[_boxed(row) for row in rows(lines, page=PAGE)], tag=tag)


def _boxed(mathematics: str) -> str:
    """The boxes of a worksheet in what needs no definitions."""
    return BLANK.sub(r"\\boxed{\\scriptstyle{\1}\\hspace{\2}}", mathematics)


def _row(cells: tuple[d.Inline, ...]) -> str:
    return "| " + " | ".join(map(_inline, cells)) + " |"


def _inline(text: d.Inline) -> str:
    return "".join(map(_piece, text))


def _piece(piece: str | Math | d.Code) -> str:
    if isinstance(piece, str):
        return escape(piece)
    if isinstance(piece, d.Link) and piece.plain:
        return escape(piece.text)
    if isinstance(piece, d.Code):
        return "`" + re.sub(r"\s", " ", piece.text).replace("`", "'").replace("|", "\\|") + "`"
    mathematics = _boxed(write_mathematics(piece))
    return "$" + mathematics.replace(r"\_", r"\text{-}") + "$"  # Markdown would take the backslash away
