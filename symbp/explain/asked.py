"""What a worksheet may ask: the right sides of lines, marked where a section makes them.

A step asks for what it leads to, the last of its lines; results ask for all of theirs. What is given (the forward pass,
conventions) is not marked. In a terminal with colours what is marked stands out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from symbp.explain.document import Derived, Display, Equations, Part


def asked(parts: Iterable[Part], *, after: int = 0) -> Iterator[Part]:
    """The parts, their results marked; the first `after` of them are given."""
    for place, part in enumerate(parts):
        yield _marked(part) if place >= after else part


def _marked(part: Part) -> Part:
    if isinstance(part, Derived):
        return replace(part, lines=(*part.lines[:-1], replace(part.lines[-1], asked=True)))
    if isinstance(part, Display | Equations):
        return replace(part, lines=tuple(replace(line, asked=True) for line in part.lines))
    return part
