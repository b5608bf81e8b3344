"""From a text to a document, one call for each stage; nothing is handed out whose code fails its check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from symbp.errors import UserError
from symbp.explain.choices import DEFAULTS, Choices
from symbp.explain.document import Document
from symbp.expression.check import check
from symbp.expression.document import document
from symbp.expression.read import read_expression
from symbp.expression.result import Result, differentiate
from symbp.targets.explanation import Format, write
from symbp.targets.function.code import CodeError
from symbp.targets.function.emit import emit_function
from symbp.targets.notebook import Shown


@dataclass(frozen=True, repr=False)
class Differentiated(Shown):
    """The derivative of one expression: `code` is a module of one NumPy function called `name`.

    A notebook shows it as mathematics.
    """

    text: str
    result: Result
    name: str
    code: str
    error: float

    @property
    def shown(self) -> Document:
        return self.document()

    def document(self, choices: Choices = DEFAULTS) -> Document:
        """The derivation as a document."""
        return document(self.text, self.result, self.code, self.error, choices)

    def render(self, format: Format = "text", choices: Choices = DEFAULTS, *, origin: str = "") -> str:
        """The derivation as text of a format."""
        return write(replace(self.document(choices), origin=origin), format)


def diff(
    text: str, wrt: str | None = None, *, order: int = 1, shapes: Mapping[str, Sequence[str]] | None = None
) -> Differentiated:
    """Differentiate an expression by one of its tensors; UserError where that cannot be done."""
    text = "\n".join(line.split("#", 1)[0] for line in text.splitlines())  # a comment is no part of it
    formula = read_expression(text, shapes)
    given = [t.name for t in formula.with_role("input") if t.kind == "float"]
    if wrt is None:
        if len(given) != 1:
            raise UserError(
                f"say by what to differentiate, with --wrt: {', '.join(f'`{n}`' for n in given) or 'nothing'}"
            )
        (wrt,) = given
    result = differentiate(formula, wrt, order)
    name = result.kind.lower()
    target = result.derivative.target.tensor
    held = result.jacobian.formula if result.jacobian is not None else result.formula
    says = f"The {result.kind} of {result.output} = {_one_line(text)} with respect to {wrt}."
    try:
        code = emit_function(held, result.equations, [target], name, says=says)
    except CodeError as error:
        raise UserError(f"the derivative has no NumPy code: {error}") from None
    return Differentiated(text, result, name, code, check(result, code, name))


def _one_line(text: str) -> str:
    """The expression as it may stand in a docstring."""
    line = " ".join(text.split())
    _, equal, right = line.partition(" = ")
    return (right if equal else line).replace("\\\\", "").replace('"', "'")
