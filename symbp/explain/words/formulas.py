"""The words within formulas, in the language of the document: if and otherwise, and, or, not, what is held fixed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from symbp.explain import mathematics as m
from symbp.explain.trees import rebuilt
from symbp.explain.words.language import Language


def spoken(part: Any, language: Language) -> Any:
    """A part of a document, or a tuple of them, with the words within its formulas in the language."""
    return _said(rebuilt(part, partial(spoken, language=language)), language)


def _said(node: Any, language: Language) -> Any:
    match node:
        case m.Cases():
            return replace(node, when=language.text("word.if"), otherwise=language.text("word.otherwise"))
        case m.Logic(operator=operator):
            return replace(node, word=language.text(f"word.{operator}"))
        case m.Held():
            return replace(node, at=language.text("word.fixed"))
        case m.Words(text="always" | "never" as text):
            return m.Words(language.text(f"word.{text}"))
        case _:
            return node
