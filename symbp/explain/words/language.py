"""A language: its phrases, each with named places that text, mathematics and code are put into.

say("forward.sum")                      ->  ("The cost is the sum:",)
say("formula.users", users=users)       ->  ("Used by ", Code("dense_1"), ".")

Every language says every phrase: who adds one to `en.py` adds it to `zh.py` too, in the same place; a test compares.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from string import Formatter

from symbp.explain.document import Code, Inline
from symbp.explain.mathematics import Math

Filling = str | Math | Code | Inline
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True)
class Language:
    """One language. `code` is its two letters, as in `en`.

    With `apart`, a space is set between Chinese characters and formulas, names or numbers beside them.
    """

    code: str
    phrases: Mapping[str, str]
    apart: bool = False

    def say(self, phrase: str, /, **places: Filling) -> Inline:
        """The phrase with its places filled; ValueError unless just the places it has are given."""
        template = _parsed(self.phrases[phrase])
        if {place for _, place in template if place} != places.keys():
            raise ValueError(f"the phrase `{phrase}` has other places than {', '.join(places) or 'none'}")
        pieces: list[str | Math | Code] = []
        for text, place in template:
            pieces.append(text)
            filling = places[place] if place else ""
            pieces.extend(filling if isinstance(filling, tuple) else (filling,))
        return self._joined(pieces)

    def text(self, phrase: str, /, **places: str) -> str:
        """The phrase as plain text."""
        return "".join(str(piece) for piece in self.say(phrase, **places))

    def listed(self, items: Iterable[Filling], *, last: str = "list.and", between: str = "list.comma") -> Inline:
        """The items one after the other, with the phrase `last` before the last of them, `between` before others."""
        pieces: list[str | Math | Code] = []
        fillings = [item if isinstance(item, tuple) else (item,) for item in items]
        for place, filling in enumerate(fillings):
            if place:
                pieces.extend(self.say(last if place == len(fillings) - 1 else between))
            pieces.extend(filling)
        return self._joined(pieces)

    def sentences(self, said: Iterable[Inline]) -> Inline:
        """Sentences as a paragraph."""
        return self.listed(said, last="list.sentence", between="list.sentence")

    def _joined(self, pieces: Iterable[str | Math | Code]) -> Inline:
        return joined(_apart(pieces) if self.apart else pieces)


def joined(pieces: Iterable[str | Math | Code]) -> Inline:
    """The pieces with neighbouring text brought together, and without empty text."""
    whole: list[str | Math | Code] = []
    for piece in pieces:
        if isinstance(piece, str) and whole and isinstance(whole[-1], str):
            whole[-1] += piece
        elif piece != "":
            whole.append(piece)
    return tuple(whole)


def _apart(pieces: Iterable[str | Math | Code]) -> Iterator[str | Math | Code]:
    """The pieces, with a space where a Chinese character and what is none would touch; signs set themselves apart."""
    before: str | Math | Code = ""
    for piece in pieces:
        if piece == "":
            continue
        sides = (_edge(before, -1), _edge(piece, 0))
        if "han" in sides and "word" in sides:
            yield " "
        yield piece
        before = piece


def _edge(piece: str | Math | Code, at: int) -> str:
    """What a piece begins or ends with: a Chinese character, a word, or neither."""
    if not isinstance(piece, str):
        return "word"
    if not piece:
        return ""
    return "han" if _HAN.match(piece[at]) else "word" if piece[at].isalnum() else ""


def places(template: str) -> frozenset[str]:
    """The names of a phrase's places."""
    return frozenset(place for _, place in _parsed(template) if place)


@cache
def _parsed(template: str) -> tuple[tuple[str, str], ...]:
    """A phrase as text and the place after it, again and again."""
    return tuple((text, place or "") for text, place, _, _ in Formatter().parse(template))
