r"""A picture of the network in LaTeX's own `picture` environment: lanes at the left, beside them what nodes are called.

Lines of many rows are several pictures, so that a page may end between two of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from symbp.explain.bundles import bundles, reads
from symbp.explain.document import Node, Picture, Row

ROWS = 6  # of one picture
HEIGHT, LANE = 6.0, 5.0  # millimetres
RADIUS = 1.4  # a node's diameter


@dataclass(frozen=True)
class Said:
    """What stands beside a node: its name, the size of what it gives; what it reads, where that cannot be seen."""

    name: str
    size: str
    reads: tuple[str, ...]


@dataclass(frozen=True)
class Drawing:
    """One picture: its size in millimetres, its commands, and how high above its foot names and sizes stand."""

    width: float
    height: float
    commands: tuple[str, ...]
    said: tuple[tuple[float, tuple[Said, ...]], ...]


def pictures(picture: Picture) -> list[Drawing]:
    """The pictures from top to bottom."""
    starts = range(0, len(picture.rows), ROWS)
    return [_drawing(picture, picture.rows[start : start + ROWS], reads(picture)) for start in starts]


def _drawing(picture: Picture, rows: tuple[Row, ...], told: Collection[str]) -> Drawing:
    height = HEIGHT * len(rows)
    commands: list[str] = []
    said: list[tuple[float, tuple[Said, ...]]] = []
    for at, row in enumerate(rows):
        y = height - HEIGHT * (at + 0.5)
        commands += _strokes(row, y)
        commands += [rf"\put({_x(lane):g},{y:g}){{\circle*{{{RADIUS:g}}}}}" for lane in row.nodes]
        said.append((y, tuple(_said(node, row.sizes[lane], told) for lane, node in row.nodes.items())))
    return Drawing(LANE * picture.lanes, height, tuple(commands), tuple(said))


def _said(node: Node, size: str, told: Collection[str]) -> Said:
    return Said(node.name, size, node.reads if node.name in told else ())


def _x(lane: int) -> float:
    return LANE * (lane + 0.5)


def _strokes(row: Row, y: float) -> Iterator[str]:
    """What leads down to the middle of a row from the middle of the one above it."""
    placed = bundles(row)
    lines = 2 + max((bundle.level for bundle in placed), default=0)
    for lane in sorted({stroke.above for stroke in row.strokes if stroke.above == stroke.below}):
        yield rf"\put({_x(lane):g},{y:g}){{\line(0,1){{{HEIGHT:g}}}}}"
    for bundle in placed:
        down = HEIGHT * (bundle.level + 1) / lines
        for stroke in (s for s in bundle.strokes if s.above != s.below):
            above, below, bend = _x(stroke.above), _x(stroke.below), y + HEIGHT - down
            yield rf"\put({above:g},{bend:g}){{\line(0,1){{{down:g}}}}}"
            yield rf"\put({above:g},{bend:g}){{\line({1 if below > above else -1},0){{{abs(below - above):g}}}}}"
            yield rf"\put({below:g},{y:g}){{\line(0,1){{{HEIGHT - down:g}}}}}"
