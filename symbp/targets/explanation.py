"""A derivation as text: the explanation in one of the targets that write documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from symbp.derive.derivation import Derivation
from symbp.errors import UserError
from symbp.explain.choices import DEFAULTS, Choices
from symbp.explain.document import Document, Module
from symbp.explain.outline import explain
from symbp.explain.view import Update
from symbp.targets.html import document as html
from symbp.targets.latex import document as latex
from symbp.targets.markdown import document as markdown
from symbp.targets.text import document as text

Format = Literal["html", "latex", "markdown", "text", "terminal"]  # terminal: text with colour
WRITERS: Mapping[str, Callable[[Document], str]] = {
    "html": html.write,
    "latex": latex.write,
    "markdown": markdown.write,
    "text": text.write,
    "terminal": text.write_coloured,
}


def render(
    derivation: Derivation,
    format: Format = "latex",
    choices: Choices = DEFAULTS,
    *,
    updates: Sequence[Update] = (),
    module: Module | None = None,
    origin: str = "",
) -> str:
    """The derivation of a network's back-propagation, step by step, as the reader has chosen it.

    `updates` are the equations of schedule, clipping and optimizer that the document ends with, in order; `module` is
    the code that it became; `origin` says what made the document of what.

    Raises UserError for an unknown layer or format.
    """
    document = explain(derivation, choices, updates=updates, module=module)
    return write(replace(document, origin=origin), format)


def write(document: Document, format: Format) -> str:
    """The document as text of a format; UserError for one that there is not."""
    if format not in WRITERS:
        raise UserError(f"no format `{format}`; the formats are {', '.join(f'`{name}`' for name in WRITERS)}")
    return WRITERS[format](document)
