"""Python code in pieces, each with what kind it is, for targets that show them differently."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Number, Operator, String

Kind = Literal["comment", "keyword", "string", "number", ""]
KINDS: tuple[tuple[object, Kind], ...] = (
    (Comment, "comment"),
    (Keyword, "keyword"),
    (String, "string"),
    (Number, "number"),
    (Operator.Word, "keyword"),
)


def pieces(code: str) -> Iterator[tuple[Kind, str]]:
    """The code in pieces, in order and whole."""
    for token, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens(code):
        yield next((kind for each, kind in KINDS if token in each), ""), text  # type: ignore[operator]
