"""An explanation as one HTML page that needs nothing else: no other file, no network, no script to be read.

Every string is escaped, by the templates or by what writes mathematics and code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from typing import Any

from markupsafe import Markup, escape

from symbp.explain import document as d
from symbp.explain.mathematics import Blank, Line, Math
from symbp.explain.words.languages import LANGUAGES
from symbp.targets import environment
from symbp.targets.html import code, picture
from symbp.targets.html.labels import identifiers
from symbp.targets.html.lines import display
from symbp.targets.html.mathematics import write as write_mathematics
from symbp.targets.latex.width import width

LINE = 14.0  # ems of mathematics within a sentence that fit into a line of a phone
LONG, BREAK_AFTER = 20, re.compile(r"(?<=[_.])(?=\w)")  # characters of a name that a line may break
WORDS = ("contents", "module", "code", "to_code", "close", "answer", "light", "dark")
CLOSING = tuple(".,;:)，。；：）、")


def write(document: d.Document) -> str:
    """The document as an HTML page."""
    return _Page(document).write()


def fragment(document: d.Document) -> str:
    """The document as a piece of a page that is not its own: nothing leads anywhere, and no script takes part."""
    return _Fragment(document).write()


def _render(template: str, /, **context: Any) -> Markup:
    return Markup(environment.render(f"html/{template}.html.jinja", **context))


class _Page:
    """A document on its way: what its links lead to, where its numbers are quoted."""

    def __init__(self, document: d.Document) -> None:
        self.document = document
        self.passages = document.module.passages if document.module else ()

    def write(self) -> str:
        """The page."""
        module = self.document.module
        return _render(
            "document",
            origin=self.document.origin.replace("--", "- -"),
            language=self.document.language,
            title=self.document.title,
            heading=_broken(self.document.title),
            style=Markup(environment.render("html/style.css.jinja")),
            script=Markup(environment.render("html/script.js.jinja")),
            words={word: self.words[word] for word in WORDS if word not in ("to_code", "answer")},
            contents=[self.entry(h) for h in self.headings],
            parts=[self.part(part).rstrip("\n") for part in self.document.parts],
            module=module.name if module else "",
            code=Markup(code.whole(module, self.steps)) if module else "",
        )

    @cached_property
    def words(self) -> dict[str, str]:
        """The page's own words."""
        return {word: LANGUAGES[self.document.language].text(f"page.{word}") for word in WORDS}

    @cached_property
    def headings(self) -> list[d.Heading]:
        """The headings of the table of contents, in order."""
        return [p for p in self.document.parts if isinstance(p, d.Heading) and p.level <= 2]

    @cached_property
    def steps(self) -> frozenset[int]:
        """The numbers of what the document shows."""
        return frozenset(p.number for p in self.document.parts if isinstance(p, d.Equations | d.Derived))

    @cached_property
    def ids(self) -> dict[int, str]:
        """The `id` of every part that has one, by the part's identity."""
        labelled = [p for p in self.document.parts if isinstance(p, d.Heading | d.Paragraph) and p.label]
        known = identifiers(p.label for p in labelled)
        named = {id(part): f"{known[part.label]}" for part in labelled}
        others = [p for p in self.headings if id(p) not in named]
        free = identifiers(f"section {place} {_plain(p.text)}" for place, p in enumerate(others, 1))
        return named | {id(p): each for p, each in zip(others, free.values(), strict=True)}

    @cached_property
    def anchors(self) -> dict[str, str]:
        """The `id` of every label."""
        labelled = (p for p in self.document.parts if isinstance(p, d.Heading | d.Paragraph) and p.label)
        return {part.label: self.ids[id(part)] for part in labelled}

    def entry(self, heading: d.Heading) -> dict[str, Any]:
        """A line of the table of contents."""
        return {"level": heading.level, "id": self.ids[id(heading)], "text": self.inline(heading.text, links=False)}

    def part(self, part: d.Part) -> Markup:
        """One part of the page."""
        match part:
            case d.Heading(level=level, text=text):
                identifier = self.ids.get(id(part), "")
                return _render("heading", level=str(level + 1), id=identifier, text=self.inline(text))
            case d.Paragraph(text=text):
                return _render("paragraph", id=self.ids.get(id(part), ""), text=self.inline(text))
            case d.Display(lines=lines, computed=computed):
                return self.display(lines, computed)
            case d.Equations(number=number, lines=lines):
                return self.numbered(number, str(number), "", Markup(""), lines)
            case d.Derived(number=number, rule=rule, reason=reason, lines=lines):
                return self.numbered(number, part.label, rule, escape(part.then) + self.inline(reason), lines)
            case d.Listing(passages=passages):
                entries = [self.passage(each) for each in passages]
                return _render("listing", entries=entries)
            case d.Answer(number=number, lines=lines):
                return _render("answer", number=str(number), mathematics=Markup(display(lines)))
            case d.Picture():
                label = LANGUAGES[self.document.language].text("network.heading")
                return _render("picture", pieces=[self.piece(each) for each in picture.pieces(part)], label=label)
            case d.Table(header=header, rows=rows):
                return _render(
                    "table", header=[self.inline(c) for c in header], rows=[[self.inline(c) for c in r] for r in rows]
                )

    def display(self, lines: tuple[Line, ...], computed: d.Computed) -> Markup:
        """Mathematics set apart, and the way to the code that computes it."""
        known = {(p.block, p.number): p for p in reversed(self.passages)}
        quoted = [known[each] for each in computed if each in known]
        return _render(
            "display",
            mathematics=self.lines(lines),
            keys=code.keys(tuple((p.block, p.number) for p in quoted)),
            link=code.anchor(quoted[0]) if quoted else "",
            to_code=self.words["to_code"],
        )

    def lines(self, lines: tuple[Line, ...]) -> Markup:
        """Lines of mathematics; where they have blanks, folded away below them, the same lines filled in."""
        filled = tuple(replace(e, right=e.right.answer) if isinstance(e.right, Blank) else e for e in lines)
        if filled == lines:
            return Markup(display(lines))
        word, below = self.words["answer"], Markup(display(filled))
        return _render("blanks", lines=Markup(display(lines)), word=word, filled=below)

    def numbered(self, number: int, label: str, rule: str, reason: Markup, lines: tuple[Line, ...]) -> Markup:
        """An equation or a step with its number, which leads to the code that quotes it."""
        quoting = next((p for p in self.passages if p.number == number), None)
        return _render(
            "step",
            number=str(number),
            label=label,
            link=code.anchor(quoting) if quoting else self.place(number),
            key=str(number) if quoting else "",
            rule=rule,
            reason=reason,
            mathematics=self.lines(lines),
            to_code=self.words["to_code"],
        )

    def place(self, number: int) -> str:
        """The `id` of an equation or a step."""
        return f"step-{number}"

    def passage(self, passage: d.Passage) -> dict[str, Any]:
        """A line of a listing: the number, and the code."""
        return {
            "number": str(passage.number),
            "step": passage.number in self.steps,
            "key": code.keys(((passage.block, passage.number),)),
            "code": Markup(code.snippet(passage)),
        }

    def piece(self, piece: picture.Piece) -> dict[str, Any]:
        """A piece of a picture, its boxes with what they lead to."""
        boxes = [
            {
                **{key: getattr(box, key) for key in ("x", "y", "width")},
                "name": box.node.name,
                "formula": box.node.formula,
                "role": box.node.role,
                "link": self.anchors.get(box.node.label, ""),
                "first": 17 if box.node.formula else 23,
            }
            for box in piece.boxes
        ]
        return {"width": piece.width, "height": piece.height, "lines": piece.lines, "boxes": boxes}

    def inline(self, text: d.Inline, *, links: bool = True) -> Markup:
        """Running text."""
        pieces = list(self.pieces(text, links))
        for place, (before, after) in enumerate(pairwise(pieces)):
            held = _held(after)
            if before.startswith("<math") and held:  # a line may break after mathematics, whatever follows
                pieces[place] = Markup('<span class="whole">{}{}</span>').format(before, after[:held])
                pieces[place + 1] = after[held:]
        return Markup("").join(pieces)

    def pieces(self, text: d.Inline, links: bool) -> Iterator[Markup]:
        """The pieces of running text."""
        for piece in text:
            match piece:
                case Math():
                    written = Markup(write_mathematics(piece))
                    yield Markup('<span class="wide">{}</span>').format(written) if width(piece) > LINE else written
                case d.Link(label=label) if links and label in self.anchors:
                    yield Markup('<a href="#{}">{}</a>').format(self.anchors[label], _named(piece))
                case d.Code():
                    yield _named(piece)
                case _:
                    yield escape(piece.replace(" × ", "\u00a0×\u00a0"))  # a shape is not broken


def _held(text: str) -> int:
    """How many characters belong to what stands before: punctuation, or what a no-break space holds."""
    return len(text.split(" ")[0]) if text.startswith("\u00a0") else int(text[:1] in CLOSING)


class _Fragment(_Page):
    """A document within another page, which may hold several: nothing but the boxes of a worksheet has an `id`."""

    def __init__(self, document: d.Document) -> None:
        super().__init__(document)
        self.passages = ()
        self.ids, self.anchors, self.steps = {}, {}, frozenset()

    def write(self) -> str:
        """The piece of a page."""
        return _render(
            "fragment",
            language=self.document.language,
            title=self.document.title,
            style=Markup(environment.render("html/fragment.css.jinja")),
            parts=[self.part(part).rstrip("\n") for part in self.document.parts],
        )

    def place(self, number: int) -> str:
        return ""


def _named(piece: d.Code) -> Markup:
    if isinstance(piece, d.Link) and piece.plain:
        return escape(piece.text)
    return Markup("<code>{}</code>").format(_broken(piece.text) if len(piece.text) > LONG else piece.text)


def _broken(name: str) -> Markup:
    """A name that a line may break between its words."""
    return Markup("<wbr>").join(BREAK_AFTER.split(name))


def _plain(text: d.Inline) -> str:
    return "".join(piece.text if isinstance(piece, d.Code) else piece for piece in text if not isinstance(piece, Math))
