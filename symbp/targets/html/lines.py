"""Lines of a display as one table of MathML, aligned at their signs and broken where they would leave the column."""

from __future__ import annotations

from symbp.explain import mathematics as m
from symbp.explain.breaking import broken
from symbp.targets.html.mathematics import row, sign
from symbp.targets.html.symbols import LINE_SIGNS
from symbp.targets.latex.width import RELATION, width

PAGE = 44.0  # ems of a line in the page's column
INDENT = 2.0  # ems for each level of nesting


def display(lines: tuple[m.Line, ...]) -> str:
    """The lines as a `math` element: left sides to the right, right sides to the left."""
    lefts = [width(line.left) for line in lines if line.left is not None]
    room = PAGE - max(lefts, default=0.0) - RELATION
    rows: list[str] = []
    for line in lines:
        left = row(line.left) if line.left is not None else ""
        for place, piece in enumerate(broken(line.right, width, room)):
            if place == 0:
                rows.append(_row(left, sign(LINE_SIGNS[line.sign], form="infix") + row(piece)))
            else:
                indent = INDENT * (1 + (piece.indent if isinstance(piece, m.Row) else 1))
                rows.append(_row("", f'<mspace width="{indent:g}em"/>{row(piece)}'))
    return f'<math display="block"><mtable class="lines" displaystyle="true">{"".join(rows)}</mtable></math>'


def _row(left: str, right: str) -> str:
    return f"<mtr><mtd>{left}</mtd><mtd><mrow>{right}</mrow></mtd></mtr>"
