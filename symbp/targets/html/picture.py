"""A picture of the network as SVG: boxes in lanes, connections with the sizes of what they carry, in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from symbp.explain.document import Node, Picture, Row, Stroke
from symbp.targets.text.cells import cells

ROWS = 14  # of a piece
CHARACTER, SMALL = 7.3, 6.1  # pixels of a character of a name, of a size
BOX, GAP, MARGIN, NARROW = 38.0, 34.0, 14.0, 26.0


@dataclass(frozen=True)
class Box:
    """A node's box: its middle, its upper edge, its width."""

    node: Node
    x: float
    y: float
    width: float


@dataclass(frozen=True)
class Line:
    """A connection: its path; the size beside its start."""

    path: str
    size: str
    x: float
    y: float


@dataclass(frozen=True)
class Piece:
    """Some rows of the picture."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def pieces(picture: Picture) -> list[Piece]:
    """The picture in pieces, from top to bottom."""
    starts = range(0, len(picture.rows), ROWS)
    return [_piece(picture, start) for start in starts]


def _piece(picture: Picture, start: int) -> Piece:
    """The rows from `start` on; connections that lead to the next piece hang over its lower edge."""
    rows, after = picture.rows[start : start + ROWS], picture.rows[start + ROWS :]
    widths = [_width(picture, lane) for lane in range(picture.lanes)]
    edges = list(accumulate(widths, initial=0.0))
    middles = [left + width / 2 for left, width in zip(edges, widths, strict=False)]
    boxes: list[Box] = []
    lines: list[Line] = []
    top = GAP if start else 4.0
    for at, row in enumerate(rows):
        y = top + at * (BOX + GAP)
        lines += _lines(row, middles.__getitem__, y)
        lines += [Line(f"M{middles[lane]:g} {y:g}v{BOX:g}", "", 0, 0) for lane in row.passing]
        boxes += [Box(node, middles[lane], y, _box(node)) for lane, node in row.nodes.items()]
    end = top + len(rows) * (BOX + GAP) - GAP
    leaving = {stroke.above for stroke in after[0].strokes} if after else set()
    lines += [Line(f"M{middles[lane]:g} {end:g}v{GAP / 2:g}", "", 0, 0) for lane in sorted(leaving)]
    return Piece(edges[-1] + 1, end + (GAP / 2 if leaving else 4), tuple(boxes), tuple(lines))


def _box(node: Node) -> float:
    return max(CHARACTER * len(node.name), SMALL * cells(node.formula), 40.0) + 2 * MARGIN


def _width(picture: Picture, lane: int) -> float:
    """Of a lane: its boxes fit, and sizes to the left of its middle."""
    boxes = [_box(row.nodes[lane]) + MARGIN for row in picture.rows if lane in row.nodes]
    sizes = [2 * (SMALL * len(_short(row.sizes[lane])) + MARGIN) for row in picture.rows if lane in row.nodes]
    return max(*boxes, *sizes) if boxes else NARROW


def _short(size: str) -> str:
    return size.replace(" ", "")


def _lines(row: Row, middle: Callable[[int], float], y: float) -> Iterator[Line]:
    """The strokes that lead down to a row."""
    for stroke in row.strokes:
        above, below = middle(stroke.above), middle(stroke.below)
        yield Line(_path(stroke, above, below, y - GAP), *_said(stroke, row, above, y))


def _path(stroke: Stroke, above: float, below: float, top: float) -> str:
    if stroke.above == stroke.below:
        return f"M{above:g} {top:g}v{GAP:g}"
    bend = GAP * 0.75
    return f"M{above:g} {top:g}C{above:g} {top + bend:g} {below:g} {top + GAP - bend:g} {below:g} {top + GAP:g}"


def _said(stroke: Stroke, row: Row, x: float, y: float) -> tuple[str, float, float]:
    """The size of what comes out of a node, once: to the left of the straight stroke where there is one."""
    siblings = [s for s in row.strokes if s.above == stroke.above and s.size]
    chosen = min(siblings, key=lambda s: abs(s.below - s.above), default=None)
    return (_short(stroke.size) if stroke is chosen else "", x - 7, y - GAP / 2 + 4)
