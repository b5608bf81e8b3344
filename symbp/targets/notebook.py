"""What a notebook shows as mathematics: whatever has a document."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from symbp.explain.document import Document
from symbp.targets.explanation import write
from symbp.targets.html import document as html
from symbp.targets.markdown import document as markdown


class Shown(ABC):
    """Something with a document, shown by notebooks as HTML with MathML, and by consoles as text.

    Where a page is made into LaTeX its formulas stand between dollars.
    """

    @property
    @abstractmethod
    def shown(self) -> Document:
        """The document."""

    def _repr_html_(self) -> str:
        return html.fragment(self.shown)

    def _repr_latex_(self) -> str:
        return markdown.mathematics(self.shown)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def __repr__(self) -> str:
        return f"<{self.called}>"

    @property
    def called(self) -> str:
        """What it is called in a list or a traceback."""
        return self.shown.title

    def __str__(self) -> str:
        return write(self.shown, "text").strip()
