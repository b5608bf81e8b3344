"""Worksheets: nothing of an answer is shown before the answers, and with them put back it is the document again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any

import pytest
from explained import assert_balanced, momentum, perceptron, with_activation, with_loss

from symbp.explain import mathematics as m
from symbp.explain.choices import Choices, Level
from symbp.explain.document import (
    Answer,
    Derived,
    Display,
    Document,
    Equations,
    Heading,
    Listing,
    Module,
    Paragraph,
    Part,
    Passage,
)
from symbp.explain.notations import NOTATIONS
from symbp.explain.numbering import numbering
from symbp.explain.outline import explain
from symbp.explain.words.languages import LANGUAGES
from symbp.explain.worksheet import ATOMS, alike, bare, worksheet
from symbp.targets.explanation import Format, render
from symbp.targets.text.mathematics import write

LEVELS: tuple[Level, ...] = ("summary", "steps", "full")
NETWORKS = {
    "perceptron": perceptron,
    **{name: lambda name=name: with_activation(name) for name in ("sigmoid", "elu", "softmax")},
    **{name: lambda name=name: with_loss(name) for name in ("gaussian_nll",)},
}


@cache
def sheet(name: str, level: Level) -> Document:
    return explain(NETWORKS[name](), Choices(level=level, worksheet=True), updates=[momentum()])


def blanks(piece: Any) -> Iterator[m.Blank]:
    """The blanks in a piece of a document, in reading order."""
    if isinstance(piece, m.Blank):
        yield piece
    elif isinstance(piece, tuple):
        for item in piece:
            yield from blanks(item)
    elif is_dataclass(piece) and not isinstance(piece, type):
        for each in fields(piece):
            yield from blanks(getattr(piece, each.name))


def split(document: Document) -> tuple[tuple[Part, ...], dict[int, tuple[m.Line, ...]]]:
    """What stands between opening and answers, and the answers by number."""
    answers = {part.number: part.lines for part in document.parts if isinstance(part, Answer)}
    body = document.parts[2 : -len(answers) - 1]
    assert isinstance(document.parts[-len(answers) - 1], Heading)
    assert not any(isinstance(part, Answer) for part in body)
    return body, answers


def restored(part: Part, answers: dict[int, tuple[m.Line, ...]]) -> Part:
    """The part with answers looked up by number, and by left side where there is one; all without shapes."""

    def line(each: m.Line, left: m.Math | None) -> m.Line:
        if not isinstance(each.right, m.Blank):
            return within(each)
        (found,) = (a.right for a in answers[each.right.number] if bare(a.left) == bare(left))
        return replace(each, right=found)

    def within(piece: Any) -> Any:
        if isinstance(piece, m.Blank):
            (found,) = {bare(a.right) for a in answers[piece.number]} & {bare(piece.answer)}
            return found
        if isinstance(piece, tuple):
            return tuple(map(within, piece))
        if is_dataclass(piece) and not isinstance(piece, type):
            return type(piece)(**{f.name: within(getattr(piece, f.name)) for f in fields(piece)})
        return piece

    if isinstance(part, Display | Equations | Derived):
        lefts: list[m.Math | None] = []
        for each in part.lines:
            lefts.append(each.left if each.left is not None else lefts[-1])
        part = replace(part, lines=tuple(map(line, part.lines, lefts)))
    return bare(within(part))  # type: ignore[no-any-return]


def written(part: Part) -> Iterator[str]:
    """Every piece of mathematics of a part, in one line each."""
    if isinstance(part, Display | Equations | Derived):
        left: m.Math | None = None
        for line in part.lines:
            left = line.left if line.left is not None else left
            yield f"{write(bare(left)) if left else ''} = {write(bare(line.right))}"
    if isinstance(part, Paragraph | Derived):
        yield from (write(bare(p)) for p in (part.text if isinstance(part, Paragraph) else part.reason) if is_math(p))


def is_math(piece: object) -> bool:
    return isinstance(piece, m.Math)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", NETWORKS)
def test_answers_put_back_give_the_document(name: str, level: Level) -> None:
    _put_back(name, Choices(level=level))


@pytest.mark.parametrize("notation", NOTATIONS)
def test_they_do_in_every_notation(notation: str) -> None:
    _put_back("perceptron", Choices(notation=notation))


def test_they_do_in_chinese() -> None:
    _put_back("elu", Choices(language="zh"))


def _put_back(name: str, choices: Choices) -> None:
    whole = explain(NETWORKS[name](), choices, updates=[momentum()])
    body, answers = split(explain(NETWORKS[name](), replace(choices, worksheet=True), updates=[momentum()]))
    assert [restored(part, answers) for part in body] == [bare(part) for part in whole.parts]
    assert len(answers) > 5


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", NETWORKS)
def test_no_answer_is_seen_before_the_answers(name: str, level: Level) -> None:
    body, answers = split(sheet(name, level))
    seen = [text for part in body for text in written(part)]
    given = [write(bare(line.right)) for p in body if isinstance(p, Display | Equations) for line in p.lines]
    for line in (line for lines in answers.values() for line in lines):
        answer = write(bare(line.right))
        if isinstance(alike(line.right), ATOMS) or any(answer in text for text in given):
            answer = f"{write(bare(line.left))} = {answer}" if line.left else answer
        assert [text for text in seen if answer in text] == []


def test_more_is_asked_where_more_is_told() -> None:
    asked = [len(split(sheet("perceptron", level))[1]) for level in LEVELS]
    assert asked == sorted(set(asked))


def test_a_question_is_numbered_once_for_all_layers() -> None:
    body, answers = split(sheet("perceptron", "steps"))
    numbers = [blank.number for blank in blanks(body)]
    first = [blank.number for blank in blanks(body) if not blank.again]
    assert first == sorted(answers) == list(range(1, len(answers) + 1))
    assert len(numbers) > len(first)
    assert any({"∂C/∂b⁽²⁾ⱼ", "∂C/∂b⁽³⁾ⱼ"} <= {write(a.left) for a in lines if a.left} for lines in answers.values())


def test_what_is_given_is_not_asked() -> None:
    """What the forward pass states stands there whole, also where a part of it is an answer too."""
    derivation = NETWORKS["elu"]()
    body, _ = split(sheet("elu", "steps"))
    given = [part for part in explain(derivation).parts if isinstance(part, Display | Equations)]
    whole = [line for part in given for line in part.lines if not line.asked]
    assert whole
    assert set(whole) <= {line for part in body if isinstance(part, Display | Equations) for line in part.lines}
    exp = m.Call("exp", (m.Name("z"),))
    parts = (
        Display((m.Line(m.Name("a"), exp),)),
        Display((m.Line(m.Derivative(m.Name("a"), m.Name("z")), exp, asked=True),)),
        Paragraph((exp, m.Relation((m.Derivative(m.Name("a"), m.Name("z")), exp), ("=",)))),
    )
    sheet_ = worksheet(Document("exp", parts), LANGUAGES["en"])
    forward, _, (shown, relation) = (
        part.lines[0].right if isinstance(part, Display) else part.text for part in sheet_.parts[2:5]
    )
    assert forward == shown == exp
    assert isinstance(relation.operands[1], m.Blank), "the equation itself would tell"


def test_code_would_tell_the_answers() -> None:
    quoting = (Passage("dense_1", number, 1, 1, ("x = 1",)) for number in numbering(perceptron()).values())
    module = Module("mnist_mlp.py", "x = 1\n", tuple(quoting))
    assert any(isinstance(p, Listing) for p in explain(perceptron(), module=module).parts)
    without = explain(perceptron(), Choices(worksheet=True), module=module)
    assert without.module is None
    assert not any(isinstance(p, Listing) for p in without.parts)


@pytest.mark.parametrize("format", ["latex", "markdown", "text"])
def test_every_format_has_boxes_and_answers(format: Format) -> None:
    source = render(perceptron(), format, Choices(worksheet=True))
    sheet_, _, answers = source.rpartition("Answers")
    box = {"latex": r"\question{9}", "markdown": r"\boxed{\scriptstyle{9}\hspace{", "text": "[9 ____________]"}[format]
    answer = {"latex": r"\answer{9}", "markdown": "**9.**", "text": "[9] "}[format]
    assert box in sheet_
    assert answer in answers
    assert box not in answers
    assert not re.search(r"\\(question|again)", source) or format == "latex"
    if format != "text":
        assert_balanced(source)


def test_on_a_page_boxes_and_answers_lead_to_each_other() -> None:
    source = render(perceptron(), "html", Choices(worksheet=True))
    numbers = re.findall(r'id="question-(\d+)"', source)
    assert numbers == re.findall(r'id="answer-(\d+)"', source) == list(map(str, range(1, len(numbers) + 1)))
    assert set(re.findall(r'href="#question-(\d+)"', source)) == set(numbers)
    assert set(re.findall(r'href="#answer-(\d+)"', source)) == set(numbers)
    folded = re.sub(r"<details class=\"filled\">.*?</details>", "", source, flags=re.DOTALL)
    assert len(re.findall('<details class="filled">', source)) > 0
    assert "<mo>⊙</mo>" in source
    assert folded.partition('<section class="answer"')[0].count("<mo>⊙</mo>") == 1, "the convention's"
