"""A derivation as text: the explanation in one of the targets that write documents."""

from __future__ import annotations

import re
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
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_UNSEEN = (
    r"\x00-\x09\x0b-\x1a\x1c-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\ufeff\ufff9-\ufffb\ud800-\udfff"
)
UNSEEN = re.compile(rf"[\x1b{_UNSEEN}]")
UNSEEN_IN_COLOUR = re.compile(rf"\x1b(?!\[[\d;]*m)|[{_UNSEEN}]")


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
    """The document as text of a format; UserError for one that there is not.

    What cannot be seen, and may change how the rest is shown, is replaced: control characters, those that turn the
    direction of writing, those of no width. A terminal's colours are kept.
    """
    if format not in WRITERS:
        raise UserError(f"no format `{format}`; the formats are {', '.join(f'`{name}`' for name in WRITERS)}")
    written = WRITERS[format](replace(document, origin=" ".join(document.origin.split())))
    return (UNSEEN_IN_COLOUR if format == "terminal" else UNSEEN).sub(REPLACEMENT, written)
