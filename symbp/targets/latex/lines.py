r"""Lines of a display, aligned at their signs and broken where they would leave the page."""

from __future__ import annotations

from symbp.explain import breaking
from symbp.explain import mathematics as m
from symbp.targets.latex.mathematics import write
from symbp.targets.latex.symbols import LINE_SIGNS
from symbp.targets.latex.width import RELATION, width

PAGE = 45.3  # ems in a line: 166 mm at 10 pt, less what estimates are short of
NUMBER = 3.0  # ems that an equation's number takes


def rows(lines: tuple[m.Line, ...], *, page: float = PAGE, number: int | None = None) -> list[str]:
    r"""The rows of an `align*` or `aligned` environment, each but the last ended with `\\`; the last one tagged."""
    room = page - RELATION - (NUMBER if number is not None else 0)
    written = [_row(*each) for each in breaking.rows(lines, width, room)]
    tag = rf" \tag{{{number}}}" if number is not None else ""
    return [*(rf"{row} \\" for row in written[:-1]), written[-1] + tag]


def _row(line: m.Line | None, right: m.Math, depth: int) -> str:
    if line is None:
        return "&" + r"\quad" * depth + f" {{}}{write(right)}"
    left = write(line.left) if line.left else ""
    return f"{left} &{LINE_SIGNS[line.sign]} {write(right)}".strip()
