"""A document as a worksheet: what it marks as asked is left blank, and the answers follow at the end.

A formula is asked once, whatever the layer: `Σₙ δ⁽¹⁾ₙⱼ · a⁽⁰⁾ₙᵢ` and `Σₙ δ⁽²⁾ₙⱼ · a⁽¹⁾ₙᵢ` are one question with one
number, and its answer shows both. What is asked stands nowhere else: within steps and sentences it is blank too. Only
what is given is never blank; where a given formula happens to be an answer, as of the derivative of exp, just that
equation is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from symbp.explain import mathematics as m
from symbp.explain.document import Answer, Derived, Display, Document, Equations, Heading, Paragraph, Part
from symbp.explain.trees import mathematics, rebuilt
from symbp.explain.words.language import Language

ATOMS = (m.Name, m.Number, m.Ones, m.Derivative)  # which stand everywhere, and answer nothing by themselves


def worksheet(document: Document, language: Language) -> Document:
    """The document with blanks and a section of answers."""
    sheet = _Sheet(document.parts)
    title = language.text("worksheet.title", title=document.title)
    opening: tuple[Part, ...] = (
        Heading(1, language.say("worksheet.heading")),
        Paragraph(language.say("worksheet.opening")),
    )
    answers: tuple[Part, ...] = (Heading(1, language.say("worksheet.answers")), *sheet.answers())
    return replace(document, title=title, parts=(*opening, *map(sheet.part, document.parts), *answers))


@dataclass
class _Question:
    """A formula that is asked: its lines in each place, by their left sides."""

    number: int
    lines: dict[m.Math | None, m.Line] = field(default_factory=dict)
    stood: bool = False

    def takes(self, line: m.Line) -> bool:
        """Whether a line is of this question: no other answer has its left side."""
        known = self.lines.get(bare(line.left))
        return known is None or bare(known.right) == bare(line.right)

    def add(self, line: m.Line) -> None:
        known = self.lines.get(bare(line.left))
        if known is None or known.right == bare(known.right):  # the one with shapes says more
            self.lines[bare(line.left)] = line


Key = Any  # mathematics without layers and shapes: a right side, or both sides


class _Sheet:
    """The questions of a document."""

    def __init__(self, parts: tuple[Part, ...]) -> None:
        self.questions: dict[Key, list[_Question]] = {}
        self.given = set(_given(parts))
        for part in parts:
            for line in _whole(_lines(part)):
                if line.asked:
                    self.ask(line)

    def key(self, left: m.Math | None, right: m.Math) -> Key:
        """By what an answer is known: a right side, or both sides where the right one stands elsewhere too."""
        known = alike(right)
        return (alike(left), known) if isinstance(known, ATOMS) or known in self.given else known

    def ask(self, line: m.Line) -> None:
        """A line as a question, a new one or one that has been asked."""
        known = self.questions.setdefault(self.key(line.left, line.right), [])
        question = next((q for q in known if q.takes(line)), None)
        if question is None:
            number = 1 + sum(map(len, self.questions.values()))
            question = _Question(number)
            known.append(question)
        question.add(line)

    def answers(self) -> Iterator[Answer]:
        """The answers in order of their numbers."""
        every = (question for each in self.questions.values() for question in each)
        for question in sorted(every, key=lambda q: q.number):
            yield Answer(question.number, tuple(replace(line, asked=False) for line in question.lines.values()))

    def part(self, part: Part) -> Part:
        """A part with its blanks."""
        if isinstance(part, Paragraph):
            return replace(part, text=self.hidden(part.text))
        if isinstance(part, Derived):
            return replace(part, reason=self.hidden(part.reason), lines=self.blanks(part.lines))
        if isinstance(part, Display | Equations):
            return replace(part, lines=self.blanks(part.lines, given=True))
        return part

    def blanks(self, lines: tuple[m.Line, ...], *, given: bool = False) -> tuple[m.Line, ...]:
        """Lines with blanks for what is asked, and for what would tell it."""
        found = []
        for line, whole in zip(lines, _whole(lines), strict=True):
            questions = self.questions.get(self.key(whole.left, line.right), ())
            if line.asked or (questions and not given):
                question = next(q for q in questions if q.takes(whole))
                found.append(replace(line, right=self.blank(question, line.right)))
            else:
                found.append(line if given else replace(line, right=self.hidden(line.right)))
        return tuple(found)

    def blank(self, question: _Question, answer: m.Math) -> m.Blank:
        again, question.stood = question.stood, True
        return m.Blank(question.number, answer, again)

    def hidden(self, piece: Any) -> Any:
        """A piece of mathematics, or text that has some, with blanks in place of answers."""
        if isinstance(piece, m.Relation) and piece.signs == ("=",) and len(piece.operands) == 2:
            left, right = piece.operands
            for question in self.questions.get(self.key(left, right), ()):
                return replace(piece, operands=(left, self.blank(question, right)))
        if isinstance(piece, m.Math):
            for question in self.questions.get(alike(piece), ()):
                return self.blank(question, piece)
        return rebuilt(piece, self.hidden)


def bare(piece: Any) -> Any:
    """Mathematics without the shapes under its matrices."""
    return bare(piece.body) if isinstance(piece, m.Shaped) else rebuilt(piece, bare)


def alike(piece: Any) -> Any:
    """Mathematics without shapes and without the numbers of layers."""
    if isinstance(piece, m.Shaped):
        return alike(piece.body)
    if isinstance(piece, m.Name):
        piece = replace(piece, layer="")
    return rebuilt(piece, alike)


def _lines(part: Part) -> tuple[m.Line, ...]:
    return part.lines if isinstance(part, Display | Equations | Derived) else ()


def _whole(lines: Iterable[m.Line]) -> Iterator[m.Line]:
    """Lines with the left sides that those which go on leave out."""
    left: m.Math | None = None
    for line in lines:
        left = left if line.left is None else line.left
        yield replace(line, left=left)


def _given(parts: Iterable[Part]) -> Iterator[Any]:
    """Everything that stands on a right side of what is given, alike for every layer."""
    for part in parts:
        if isinstance(part, Display | Equations):
            for line in part.lines:
                if not line.asked:
                    yield from mathematics(alike(line.right))
