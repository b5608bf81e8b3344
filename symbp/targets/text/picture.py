"""A picture of the network in characters: a column for each lane, beside it what the nodes are called and give.

●      silu_1  N × 16
├──╮
●  │   conv2d_2  N × 16
"""

from __future__ import annotations

from symbp.explain.document import Picture, Row, Stroke

WIDTH = 3  # characters of a lane
UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
CORNERS = {
    UP | DOWN: "│", LEFT | RIGHT: "─", UP | RIGHT: "╰", UP | LEFT: "╯", DOWN | RIGHT: "╭", DOWN | LEFT: "╮",
    UP | DOWN | RIGHT: "├", UP | DOWN | LEFT: "┤", UP | LEFT | RIGHT: "┴", DOWN | LEFT | RIGHT: "┬",
    UP | DOWN | LEFT | RIGHT: "┼", 0: " ",
}  # fmt: skip


def draw(picture: Picture) -> list[str]:
    """The lines of the picture."""
    lines: list[str] = []
    for row in picture.rows:
        if any(stroke.above != stroke.below for stroke in row.strokes):
            lines.append(_strokes(row.strokes, picture.lanes))
        lines.append(_nodes(row, picture.lanes))
    return lines


def _strokes(strokes: tuple[Stroke, ...], lanes: int) -> str:
    sides = [0] * (WIDTH * lanes)
    for stroke in strokes:
        start, end = sorted((stroke.above * WIDTH, stroke.below * WIDTH))
        sides[stroke.above * WIDTH] |= UP
        sides[stroke.below * WIDTH] |= DOWN
        for at in range(start, end):
            sides[at] |= RIGHT
            sides[at + 1] |= LEFT
    return "".join(CORNERS[side] for side in sides).rstrip()


def _nodes(row: Row, lanes: int) -> str:
    marks = ["●" if lane in row.nodes else "│" if lane in row.passing else " " for lane in range(lanes)]
    graph = "".join(mark.ljust(WIDTH) for mark in marks)
    said = ", ".join(f"{node.name}  {row.sizes[lane]}".rstrip() for lane, node in row.nodes.items())
    return f"{graph} {said}"
