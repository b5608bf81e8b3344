"""Lines of a display as one table of MathML, aligned at their signs and broken where they would leave the column."""

from __future__ import annotations

from symbp.explain import mathematics as m
from symbp.explain.breaking import rows
from symbp.targets.html.mathematics import row, sign
from symbp.targets.latex.width import RELATION, width
from symbp.targets.text.symbols import LINE_SIGNS

PAGE = 44.0  # ems of a line in the page's column
INDENT = 2.0  # ems for each level of nesting


def display(lines: tuple[m.Line, ...]) -> str:
    """The lines as a `math` element: left sides to the right, right sides to the left."""
    written = [_row(*each) for each in rows(lines, width, PAGE - RELATION)]
    return f'<math display="block"><mtable class="lines" displaystyle="true">{"".join(written)}</mtable></math>'


def _row(line: m.Line | None, right: m.Math, depth: int) -> str:
    left = row(line.left) if line and line.left else ""
    before = sign(LINE_SIGNS[line.sign], form="infix") if line else f'<mspace width="{INDENT * depth:g}em"/>'
    return f"<mtr><mtd>{left}</mtd><mtd><mrow>{before}{row(right)}</mrow></mtd></mtr>"
