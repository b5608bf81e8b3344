"""Where in one piece of memory arrays stand that are needed at different times: no two at one place at one time.

The largest are placed first, each in the smallest gap that holds it, as low as can be.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Life:
    """How many numbers are held under a name, and from when to when."""

    name: str
    size: int
    first: int
    last: int


def packed(lives: Iterable[Life]) -> dict[str, int]:
    """Where each starts."""
    starts: dict[str, int] = {}
    placed: list[tuple[int, int, int, int]] = []  # start, stop, first, last
    for life in sorted(lives, key=lambda each: (-each.size, each.first, each.name)):
        at, best, room = 0, None, 0
        for start, stop, first, last in placed:
            if first > life.last or last < life.first:
                continue
            if start - at >= life.size and (best is None or start - at < room):
                best, room = at, start - at
            if stop > at:
                at = stop
        starts[life.name] = at if best is None else best
        insort(placed, (starts[life.name], starts[life.name] + life.size, life.first, life.last))
    return starts


def pieces(lives: Iterable[Life], starts: dict[str, int]) -> list[list[Life]]:
    """What stands apart: each piece holds the lives whose places overlap, in order of their starts."""
    found: list[list[Life]] = []
    stop = 0
    for life in sorted(lives, key=lambda each: (starts[each.name], each.first)):
        if not found or starts[life.name] >= stop:
            found.append([])
        found[-1].append(life)
        stop = max(stop, starts[life.name] + life.size)
    return found
