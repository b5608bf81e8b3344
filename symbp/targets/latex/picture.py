r"""A picture of the network in LaTeX's own `picture` environment: lanes at the left, beside them what nodes are called.

Lines of many rows are several pictures, so that a page may end between two of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symbp.explain.document import Picture, Row

ROWS = 30  # of one picture
HEIGHT, LANE = 6.0, 5.0  # millimetres
RADIUS = 1.4  # a node's diameter


@dataclass(frozen=True)
class Drawing:
    """One picture: its size in millimetres, its commands, and how high above its foot names and sizes stand."""

    width: float
    height: float
    commands: tuple[str, ...]
    said: tuple[tuple[float, tuple[tuple[str, str], ...]], ...]


def pictures(picture: Picture) -> list[Drawing]:
    """The pictures from top to bottom."""
    starts = range(0, len(picture.rows), ROWS)
    return [_drawing(picture, picture.rows[start : start + ROWS]) for start in starts]


def _drawing(picture: Picture, rows: tuple[Row, ...]) -> Drawing:
    height = HEIGHT * len(rows)
    commands: list[str] = []
    said: list[tuple[float, tuple[tuple[str, str], ...]]] = []
    for at, row in enumerate(rows):
        y = height - HEIGHT * (at + 0.5)
        commands += _strokes(row, y)
        commands += [rf"\put({_x(lane):g},{y:g}){{\circle*{{{RADIUS:g}}}}}" for lane in row.nodes]
        said.append((y, tuple((node.name, row.sizes[lane]) for lane, node in row.nodes.items())))
    return Drawing(LANE * picture.lanes, height, tuple(commands), tuple(said))


def _x(lane: int) -> float:
    return LANE * (lane + 0.5)


def _strokes(row: Row, y: float) -> Iterator[str]:
    """What leads down to the middle of a row from the middle of the one above it."""
    for stroke in row.strokes:
        above, below = _x(stroke.above), _x(stroke.below)
        if above == below:
            yield rf"\put({above:g},{y:g}){{\line(0,1){{{HEIGHT:g}}}}}"
            continue
        middle, right = y + HEIGHT / 2, 1 if below > above else -1
        yield rf"\put({above:g},{middle:g}){{\line(0,1){{{HEIGHT / 2:g}}}}}"
        yield rf"\put({above:g},{middle:g}){{\line({right},0){{{abs(below - above):g}}}}}"
        yield rf"\put({below:g},{y:g}){{\line(0,1){{{HEIGHT / 2:g}}}}}"
