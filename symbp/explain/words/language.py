"""A language: its phrases, each with named places that text, mathematics and code are put into.

say("forward.sum")                      ->  ("The cost is the sum:",)
say("formula.users", users=users)       ->  ("Used by ", Code("dense_1"), ".")
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from string import Formatter

from symbp.explain.document import Code, Inline
from symbp.explain.mathematics import Math

Filling = str | Math | Code | Inline


@dataclass(frozen=True)
class Language:
    """One language. `code` is its two letters, as in `en`."""

    code: str
    phrases: Mapping[str, str]

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
        return joined(pieces)

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
        return joined(pieces)

    def sentences(self, said: Iterable[Inline]) -> Inline:
        """Sentences as a paragraph."""
        return self.listed(said, last="list.sentence", between="list.sentence")


def joined(pieces: Iterable[str | Math | Code]) -> Inline:
    """The pieces with neighbouring text brought together, and without empty text."""
    whole: list[str | Math | Code] = []
    for piece in pieces:
        if isinstance(piece, str) and whole and isinstance(whole[-1], str):
            whole[-1] += piece
        elif piece != "":
            whole.append(piece)
    return tuple(whole)


def places(template: str) -> frozenset[str]:
    """The names of a phrase's places."""
    return frozenset(place for _, place in _parsed(template) if place)


@cache
def _parsed(template: str) -> tuple[tuple[str, str], ...]:
    """A phrase as text and the place after it, again and again."""
    return tuple((text, place or "") for text, place, _, _ in Formatter().parse(template))
