"""A picture of the network in characters: a column for each lane, beside it what the nodes are called and give.

●      silu_1  N × 16
├──╮
●  │   conv2d_2  N × 16
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from symbp.explain.bundles import Bundle, bundles, reads
from symbp.explain.document import Node, Picture, Row

WIDTH = 3  # characters of a lane
UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
CORNERS = {
    UP | DOWN: "│", LEFT | RIGHT: "─", UP | RIGHT: "╰", UP | LEFT: "╯", DOWN | RIGHT: "╭", DOWN | LEFT: "╮",
    UP | DOWN | RIGHT: "├", UP | DOWN | LEFT: "┤", UP | LEFT | RIGHT: "┴", DOWN | LEFT | RIGHT: "┬",
    UP | DOWN | LEFT | RIGHT: "┼", 0: " ",
}  # fmt: skip


def draw(picture: Picture) -> list[str]:
    """The lines of the picture; what a node reads is said where connections cannot be drawn one by one."""
    lines: list[str] = []
    told = reads(picture)
    for row in picture.rows:
        placed = bundles(row)
        levels = range(1 + max((bundle.level for bundle in placed), default=-1))
        lines += [_line(row, placed, level, picture.lanes) for level in levels]
        lines.append(_nodes(row, picture.lanes, told))
    return lines


def _line(row: Row, placed: Sequence[Bundle], level: int, lanes: int) -> str:
    """One line of connections. A lane that has no part in them passes between, its own line unbroken."""
    straight = {stroke.above for stroke in row.strokes if stroke.above == stroke.below}
    waiting = {lane for bundle in placed if bundle.level > level for lane in bundle.sources}
    arrived = {lane for bundle in placed if bundle.level < level for lane in bundle.targets}
    sides = [0] * (WIDTH * lanes)
    for stroke in (s for bundle in placed if bundle.level == level for s in bundle.strokes):
        start, end = sorted((stroke.above * WIDTH, stroke.below * WIDTH))
        sides[stroke.above * WIDTH] |= UP
        sides[stroke.below * WIDTH] |= DOWN
        for at in range(start, end):
            sides[at] |= RIGHT
            sides[at + 1] |= LEFT
    for lane in straight | waiting | arrived:
        joined = sides[lane * WIDTH] & (UP | DOWN)
        sides[lane * WIDTH] = sides[lane * WIDTH] | UP | DOWN if joined else UP | DOWN
    return "".join(CORNERS[side] for side in sides).rstrip()


def _nodes(row: Row, lanes: int, told: Collection[str]) -> str:
    marks = ["●" if lane in row.nodes else "│" if lane in row.passing else " " for lane in range(lanes)]
    graph = "".join(mark.ljust(WIDTH) for mark in marks)
    said = ", ".join(_said(node, row.sizes[lane], told) for lane, node in row.nodes.items())
    return f"{graph} {said}"


def _said(node: Node, size: str, told: Collection[str]) -> str:
    read = f" ← {', '.join(node.reads)}" if node.name in told else ""
    return f"{node.name}  {size}".rstrip() + read
