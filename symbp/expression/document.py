"""The document of one expression: what it is, the derivation step by step, the result, the code.

The numbers count equations and steps from 1, in reading order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import count

from symbp.derive.derivation import Step
from symbp.derive.solutions import stated
from symbp.explain import mathematics as m
from symbp.explain.choices import DEFAULTS, Choices
from symbp.explain.document import Code, Display, Document, Equations, Heading, Listing, Paragraph, Part, Passage, Table
from symbp.explain.naming import Naming
from symbp.explain.notation import write
from symbp.explain.steps import step_parts
from symbp.explain.words.formulas import spoken
from symbp.explain.words.language import Language
from symbp.explain.words.languages import LANGUAGES
from symbp.expression.between import between
from symbp.expression.names import defined, renamed, sought
from symbp.expression.result import Result
from symbp.formula.defined import Determinant, Solution
from symbp.formula.equation import Equation, Formula
from symbp.formula.expression import elements
from symbp.matrices.find import find_matrices

_BY_ELEMENTS = re.compile(r"(?<!\*)\*(?!\*)")  # what some languages multiply matrices by


def document(text: str, result: Result, code: str, error: float, choices: Choices = DEFAULTS) -> Document:
    """The derivative of the expression `text`, derived, as NumPy code, with the error that its check found."""
    page = _Page(result, LANGUAGES[choices.language], choices)
    title = page.language.text(f"diff.{result.kind}", output=result.output, tensor=result.wrt)
    parts = (*page.opening(text), *page.derivation(), *page.result(), *page.code(code, error))
    return Document(title, spoken(parts, page.language), language=choices.language)


class _Page:
    def __init__(self, result: Result, language: Language, choices: Choices) -> None:
        self.whole = result
        self.language = language
        self.say = language.say
        self.choices = choices
        self.numbers = count(1)

    def opening(self, text: str) -> Iterator[Part]:
        formula = self.whole.formula
        yield Heading(1, self.say("diff.expression"))
        yield Paragraph((Code(" ".join(text.split())),))
        matrix = next((t.name for t in formula.with_role("input") if len(t.axes) == 2), "")
        if matrix and _BY_ELEMENTS.search(text) and not set("@[") & set(text):
            yield Paragraph(self.say("diff.elementwise", times=Code("*"), product=Code(f"{matrix} @ x")))
        header = (self.say("network.tensor"), self.say("network.shape"))
        yield Table(header, tuple((self.tensor(t.name), self.shape(t.axes)) for t in formula.with_role("input")))
        for equation in formula.equations:
            for part in self.equation(equation):
                yield renamed(part, self.whole)

    def tensor(self, name: str) -> tuple[m.Math]:
        return (m.Name(name),)

    def shape(self, axes: Sequence[object]) -> tuple[str | m.Math, ...]:
        pieces: list[str | m.Math] = []
        for axis in axes:
            pieces += [" × " if pieces else "", write(axis, Naming())]
        return tuple(p for p in pieces if p) or self.say("network.scalar")  # type: ignore[return-value]

    def equation(self, equation: Equation) -> Iterator[Part]:
        """An equation with its number; of a tensor that is defined by what it solves, that."""
        target, body = equation.target, equation.body
        if isinstance(body, Solution):
            left, right = stated(equation)
            (matrix,) = {e.tensor for e in elements(body.residual)}
            yield Paragraph(self.say("diff.inverse", inverse=m.Name(target.tensor), matrix=m.Name(matrix)))
            yield Equations(next(self.numbers), (m.Line(write(left, Naming()), write(right, Naming())),))
        elif isinstance(body, Determinant):
            line = m.Line(m.Name(target.tensor), m.Call("det", (m.Name(body.body.tensor, matrix=True),)))
            yield Equations(next(self.numbers), (line,))
        else:
            yield Equations(next(self.numbers), (m.Line(write(target, Naming()), write(body, Naming())),))

    def derivation(self) -> Iterator[Part]:
        yield Heading(1, self.say("diff.steps"))
        if self.whole.first is not None:
            yield from self.taken(self.whole.first)
        yield from self.taken(self.whole)

    def taken(self, result: Result) -> Iterator[Part]:
        """The steps to one derivative: piece by piece, then in one expression."""
        formula: Formula
        if result.gradient is not None:
            formula = result.gradient.formula
            found = [(g.equation, g.steps) for g in result.gradient.backward]
        else:
            assert result.jacobian is not None
            formula = result.jacobian.formula
            found = [(d.equation, d.steps) for d in result.jacobian.derivatives]
        yield from self.named(formula, result)
        for equation, steps in found:
            place = tuple(write(i, Naming()) for i in equation.target.indices)
            name = renamed(Naming().tensor(equation.target.tensor, place), result)
            yield Heading(2, (name,))
            yield from self.steps(steps, formula, result)
            if not steps:
                yield self.stands(equation, result)
        if result.joined and len(found) > 1:
            yield Heading(2, self.say("diff.joined"))
            yield from self.steps(result.joined, formula, result)

    def named(self, formula: Formula, result: Result) -> Iterator[Part]:
        """What functions are of, where the derivation gives it a name of its own, and what is in terms of it."""
        new = {e.target.tensor for e in formula.equations} - {*self.whole.formula.tensors}
        if new and result.first is None:
            yield Paragraph(self.say("diff.named"))
            for equation in formula.equations:
                if equation.target.tensor in new or any(e.tensor in new for e in elements(equation.body)):
                    yield renamed(Equations(next(self.numbers), (self.line(equation),)), result)

    def line(self, equation: Equation) -> m.Line:
        return m.Line(write(equation.target, Naming()), write(equation.body, Naming()))

    def stands(self, equation: Equation, result: Result) -> Part:
        part: Part = renamed(Equations(next(self.numbers), (self.line(equation),)), result)
        return part

    def steps(self, steps: Sequence[Step], formula: Formula, result: Result) -> Iterator[Part]:
        numbers = [next(self.numbers) for _ in steps]
        for part in step_parts(steps, numbers, formula, self.choices.level, self.language):
            yield renamed(part, result)

    def result(self) -> Iterator[Part]:
        result = self.whole
        equation = result.derivative
        yield Heading(1, self.say("diff.result"))
        index = m.Line(write(equation.target, Naming()), write(equation.body, Naming()))
        yield renamed(Display((index,)), result)
        found = find_matrices(equation)
        if found is not None and equation.target.indices:
            yield Paragraph(self.say("matrix.form"))
            yield renamed(Display((m.Line(sought(result), between(found, defined(result))),)), result)

    def code(self, code: str, error: float) -> Iterator[Part]:
        yield Heading(1, self.say("diff.code"))
        lines = tuple(code.rstrip("\n").split("\n"))
        number = next(self.numbers)
        yield Listing((Passage("", number, 1, len(lines), lines),))
        yield Paragraph(self.say("diff.checked", error=f"{error:.0e}"))
