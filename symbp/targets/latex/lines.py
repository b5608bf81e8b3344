r"""Lines of a display, aligned at their signs and broken where they would leave the page."""

from __future__ import annotations

from symbp.explain import mathematics as m
from symbp.explain.breaking import broken
from symbp.targets.latex.mathematics import write
from symbp.targets.latex.symbols import LINE_SIGNS
from symbp.targets.latex.width import RELATION, width

PAGE = 45.3  # ems in a line: 166 mm at 10 pt, less what estimates are short of
NUMBER = 3.0  # ems that an equation's number takes


def rows(lines: tuple[m.Line, ...], *, page: float = PAGE, number: int | None = None) -> list[str]:
    r"""The rows of an `align*` or `aligned` environment, each but the last ended with `\\`; the last one tagged."""
    lefts = [width(line.left) for line in lines if line.left is not None]
    room = page - max(lefts, default=0.0) - RELATION - (NUMBER if number is not None else 0)
    written: list[str] = []
    for line in lines:
        left = write(line.left) if line.left is not None else ""
        for place, row in enumerate(broken(line.right, width, room)):
            if place == 0:
                written.append(f"{left} &{LINE_SIGNS[line.sign]} {write(row)}".strip())
            else:
                indent = row.indent if isinstance(row, m.Row) else 1
                space = r"\quad" * (indent + 1)
                written.append(f"&{space} {{}}{write(row)}")
    tag = rf" \tag{{{number}}}" if number is not None else ""
    return [*(rf"{row} \\" for row in written[:-1]), written[-1] + tag]
