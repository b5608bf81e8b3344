"""Which connections between two rows of a picture may share a line, so that no reader takes one for another.

What leaves one node may share a line, and what arrives at one; others get lines of their own, one below the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symbp.explain.document import Picture, Row, Stroke


@dataclass(frozen=True)
class Bundle:
    """Strokes from one lane or to one lane, drawn on the line `level`."""

    strokes: tuple[Stroke, ...]
    level: int

    @property
    def sources(self) -> frozenset[int]:
        """The lanes above."""
        return frozenset(stroke.above for stroke in self.strokes)

    @property
    def targets(self) -> frozenset[int]:
        """The lanes below."""
        return frozenset(stroke.below for stroke in self.strokes)

    @property
    def reach(self) -> tuple[int, int]:
        """The outermost lanes."""
        lanes = self.sources | self.targets
        return min(lanes), max(lanes)


def bundles(row: Row) -> tuple[Bundle, ...]:
    """The strokes that lead to a row in bundles, each above those that may only be drawn after it.

    Where lanes change places, the last bundles share a line: their row is then not clear.
    """
    waiting = [strokes for strokes in _gathered(row.strokes) if any(s.above != s.below for s in strokes)]
    placed: list[Bundle] = []
    level = 0
    while waiting:
        free = [each for each in waiting if not _blocked(each, waiting)] or waiting
        line: list[Bundle] = []
        for strokes in free:
            bundle = Bundle(strokes, level)
            if free is waiting or all(_apart(bundle, other) for other in line):
                line.append(bundle)
        waiting = [each for each in waiting if each not in [bundle.strokes for bundle in line]]
        placed += line
        level += 1
    return tuple(placed)


def reads(picture: Picture) -> frozenset[str]:
    """The nodes of which it must be said what they read, because connections cannot be told apart."""
    unclear = [row for row in picture.rows if not _is_clear(bundles(row))]
    named = {node.name for row in unclear for node in row.nodes.values()}
    nodes = (node for row in picture.rows for node in row.nodes.values())
    return frozenset(named | {node.name for node in nodes if unclear and len(node.reads) > 1})


def _is_clear(placed: Sequence[Bundle]) -> bool:
    return all(_apart(a, b) for a in placed for b in placed if a is not b and a.level == b.level)


def _gathered(strokes: Sequence[Stroke]) -> list[tuple[Stroke, ...]]:
    """Strokes of one source; of those that are their source's only one, all to one target."""
    found: dict[tuple[str, int], list[Stroke]] = {}
    for stroke in strokes:
        alone = sum(other.above == stroke.above for other in strokes) == 1
        found.setdefault(("to", stroke.below) if alone else ("from", stroke.above), []).append(stroke)
    return [tuple(each) for each in found.values()]


def _blocked(strokes: tuple[Stroke, ...], waiting: Sequence[tuple[Stroke, ...]]) -> bool:
    """Whether one of the lanes that these lead to has yet to be left."""
    left = {s.above for other in waiting if other is not strokes for s in other}
    return any(stroke.below in left for stroke in strokes)


def _apart(one: Bundle, other: Bundle) -> bool:
    return one.reach[1] < other.reach[0] or other.reach[1] < one.reach[0]
