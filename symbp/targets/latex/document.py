r"""An explanation as a LaTeX document; needs amsmath, amssymb, array, booktabs, geometry, hyperref and longtable.

Every string that is not mathematics is escaped.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata

from symbp.explain import document as d
from symbp.explain.mathematics import Line, Math
from symbp.targets.environment import render
from symbp.targets.latex.languages import CHINESE, SETTINGS
from symbp.targets.latex.lines import rows
from symbp.targets.latex.mathematics import write as write_mathematics
from symbp.targets.latex.picture import Drawing, Said, pictures
from symbp.targets.latex.table import columns

ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%",
        "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
        "|": r"\textbar{}", '"': "''", "∂": r"\ensuremath{\partial}", "δ": r"\ensuremath{\delta}",
        "⊙": r"\ensuremath{\odot}", "×": r"\ensuremath{\times}", "–": "--", "’": "'", "“": "``", "”": "''",
    }
)  # fmt: skip
TYPEWRITER = str.maketrans({c: c for c in '"<>|'} | {"{": r"\char123{}", "}": r"\char125{}"})  # has what others lack
PLACEHOLDER = "?"  # for characters that the fonts of a plain LaTeX lack
ACCENTS = "\u0300\u0301\u0302\u0303\u0308\u030a\u030c\u0327"  # those that Computer Modern can compose
WHOLE = 4  # rows of a display that stay on one page
LONG_WORD, BREAK_AFTER = re.compile(r"\S{16,}"), re.compile(r"(?<=\w)([./:,]|\\_)(?=\w)")
TYPEWRITER_WIDTH = 0.525  # ems of its characters
LETTER = re.compile(r"(?<![\\A-Za-z])[A-Za-z](?![A-Za-z])")  # of the number of examples
CODE = 100  # characters of a line of code
SECTIONS = {1: "section*", 2: "subsection*", 3: "subsubsection*"}


def escape(text: str, *, code: bool = False) -> str:
    """Plain text as LaTeX: what LaTeX would read as a command is set as itself; what its fonts lack as `?`.

    Code keeps its quotes, and is not broken. Chinese stays: whether a document has fonts for it, its language says.
    """
    plain = "".join(c if _has_glyph(c) else " " if c.isspace() else PLACEHOLDER for c in text)
    if code:
        return plain.translate(ESCAPES | TYPEWRITER)
    return LONG_WORD.sub(lambda word: BREAK_AFTER.sub(r"\1\\maybreak{}", word[0]), plain.translate(ESCAPES))


def _has_glyph(character: str) -> bool:
    if character.isascii():
        return character.isprintable()
    if CHINESE.match(character):
        return True
    base, *accents = list(unicodedata.normalize("NFD", character))
    composed = base.isascii() and base.isalpha() and len(accents) == 1 and accents[0] in ACCENTS
    return composed or ord(character) in ESCAPES


def write(document: d.Document) -> str:
    """The document as LaTeX source."""
    parts: list[str] = []
    before: d.Part | None = None
    for part in document.parts:
        written = _part(part).rstrip("\n")
        if isinstance(part, d.Answer) and isinstance(before, d.Heading):
            parts[-1] = f"\\clearpage\n{parts[-1]}"  # a sheet is handed out without its answers
        if isinstance(before, d.Paragraph) and isinstance(part, d.Display | d.Equations):
            parts[-1] += f"\n{written}"  # an empty line would set them apart
        else:
            parts.append(written)
        before = part
    setting = SETTINGS[document.language]
    source = render(
        "latex/document.tex.jinja",
        "latex",
        preamble=setting.preamble,
        step=setting.step,
        margin=setting.margin,
        title=escape(document.title),
        origin=document.origin,
        boxes=any(isinstance(part, d.Answer) for part in document.parts),
        parts=parts,
    )
    return source if setting.chinese else CHINESE.sub(PLACEHOLDER, source)


def _part(part: d.Part) -> str:
    match part:
        case d.Heading(level=level, text=text):
            return render("latex/heading.tex.jinja", "latex", command=SECTIONS[level], text=_inline(text, moving=True))
        case d.Paragraph(text=text):
            return _inline(text)
        case d.Display(lines=lines):
            return _display(lines)
        case d.Equations(number=number, lines=lines):
            return _display(lines, number)
        case d.Derived(rule=rule, reason=reason, lines=lines):
            return render(
                "latex/step.tex.jinja",
                "latex",
                number=escape(part.label),
                rule=escape(rule),
                reason=_inline(reason),
                display=_display(lines).rstrip("\n"),
            )
        case d.Listing(passages=passages):
            entries = [
                {"number": str(p.number), "code": r"\newline ".join(map(_code, _wrapped(p.code)))} for p in passages
            ]
            return render("latex/listing.tex.jinja", "latex", passages=entries)
        case d.Answer(number=number, lines=lines):
            return render("latex/answer.tex.jinja", "latex", number=str(number), display=_display(lines).rstrip("\n"))
        case d.Picture():
            return render("latex/picture.tex.jinja", "latex", pictures=[_said(each) for each in pictures(part)])
        case d.Table(header=header, rows=body):
            return render(
                "latex/table.tex.jinja",
                "latex",
                columns=columns((header, *body)),
                header=_row(header),
                rows=[_row(row) for row in body],
            )


def _said(part: Drawing) -> dict[str, object]:
    """A picture with the names of its nodes and the sizes of what they give."""
    said = [{"y": f"{y:g}", "text": ", ".join(map(_node, nodes))} for y, nodes in part.said]
    return {"width": f"{part.width:g}", "height": f"{part.height:g}", "commands": part.commands, "said": said}


def _node(node: Said) -> str:
    read = ", ".join(rf"\texttt{{{escape(name)}}}" for name in node.reads)
    return rf"\texttt{{{escape(node.name)}}}\enspace {_size(node.size)}" + (rf" $\leftarrow$ {read}" if read else "")


def _size(size: str) -> str:
    return rf"{{\footnotesize {LETTER.sub(lambda letter: f'${letter[0]}$', escape(size))}}}"


def _display(lines: tuple[Line, ...], number: int | None = None) -> str:
    written = rows(lines, number=number)
    if len(written) <= WHOLE:
        written = [row + "*" if row.endswith(r"\\") else row for row in written]
    return render("latex/display.tex.jinja", "latex", rows=written)


def _wrapped(code: tuple[str, ...]) -> list[str]:
    """Lines of code, those that would leave the page continued further to the right."""
    lines: list[str] = []
    for line in code:
        margin = " " * (len(line) - len(line.lstrip()))
        lines += textwrap.wrap(line, CODE, subsequent_indent=margin + " " * 8, break_on_hyphens=False)
    return lines


def _code(line: str) -> str:
    """A line of code, its spaces as they stand, those that begin it too."""
    code = line.lstrip(" ")
    margin = len(line) - len(code)
    indent = rf"\hspace*{{{TYPEWRITER_WIDTH * margin:g}em}}" if margin else ""
    return indent + escape(code, code=True).replace(" ", r"\ ")


def _row(cells: tuple[d.Inline, ...]) -> str:
    return " & ".join(map(_inline, cells)) + r" \\"


def _inline(text: d.Inline, *, moving: bool = False) -> str:
    return "".join(_piece(piece, moving) for piece in text)


def _piece(piece: str | Math | d.Code, moving: bool) -> str:
    if isinstance(piece, str):
        return escape(piece)
    if isinstance(piece, d.Link) and piece.plain:
        return escape(piece.text)
    if isinstance(piece, d.Code):
        return rf"\texttt{{{escape(piece.text)}}}"
    mathematics = write_mathematics(piece)
    return rf"\texorpdfstring{{${mathematics}$}}{{}}" if moving else f"${mathematics}$"
