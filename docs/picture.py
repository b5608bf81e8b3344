"""The picture of the README: steps of a derivation beside the code that they became.

    python -m docs.picture

writes `docs/images/derivation-light.svg` and `-dark.svg` from specs/mnist_mlp.yaml. Formulas, numbers and code are
those of the documents and the module that `symbp generate` writes; only their places are chosen here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, PathPatch
from matplotlib.path import Path as Curve

from symbp import pipeline
from symbp.explain.choices import Choices
from symbp.explain.document import Derived, Equations
from symbp.explain.numbering import WRITTEN, numbering, step_numbers
from symbp.explain.outline import explain
from symbp.spec import read_spec
from symbp.targets.latex.mathematics import write

ROOT = Path(__file__).resolve().parent.parent
SPEC = ROOT / "specs" / "mnist_mlp.yaml"
IMAGES = ROOT / "docs" / "images"


@dataclass(frozen=True)
class Beside:
    """Statements that compute these tensors of a formula, in one block of a routine; the first stands for the step."""

    routine: str
    block: str
    tensors: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """What is shown of a formula: its last equation, the last steps to a gradient, and code beside some of them."""

    title: str
    formula: str
    gradient: str
    steps: int
    code: tuple[Beside, ...]


GROUPS = (
    Group(
        "dense",
        "dense",
        "d_W",
        4,
        (Beside("_forward", "dense_2", ("z",)), Beside("_backward", "dense_2", ("d_W", "d_x", "d_b"))),
    ),
    Group("relu", "relu", "d_z", 2, (Beside("_forward", "relu_1", ("a",)), Beside("_backward", "relu_1", ("d_z",)))),
    Group(
        "softmax and cross-entropy, through the seam",
        "softmax into softmax_cross_entropy",
        "d_z",
        2,
        (Beside("_backward", "loss", ("d_z",)),),
    ),
)


@dataclass(frozen=True)
class Row:
    """A line of the derivation: its number, the rule that gave it, both sides in LaTeX (the left one where new)."""

    number: int
    rule: str
    left: str
    right: str


@dataclass(frozen=True)
class Excerpt:
    """Lines of the module that belong beside the step `number`, which one of their comments quotes."""

    number: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Content:
    """A group with the formulas and the code that it has today."""

    title: str
    rows: tuple[Row, ...]
    code: tuple[Excerpt, ...]

    def text(self) -> str:
        """All of it as plain text."""
        rows = (f"({row.number}) {row.rule}: {row.left} = {row.right}" for row in self.rows)
        return "\n".join([self.title, *rows, *(line for excerpt in self.code for line in excerpt.lines)])


def contents() -> tuple[Content, ...]:
    """Every group, from the spec's derivation and module."""
    made = pipeline.generate(read_spec(SPEC))
    parts = {
        p.number: p for p in explain(made.derivation, Choices(level="full")).parts if isinstance(p, Derived | Equations)
    }
    numbers = step_numbers(made.derivation)
    found = []
    for group in GROUPS:
        last = numbers[group.formula, group.gradient]
        written = max(n for place, n in numbering(made.derivation).items() if place[:2] == (WRITTEN, group.formula))
        rows = _rows([parts[n] for n in (written, *range(last - group.steps + 1, last + 1))])
        code = []
        for beside in group.code:
            quoted = [numbers[group.formula, tensor] for tensor in beside.tensors]
            code.append(Excerpt(quoted[0], tuple(_lines(made.module, beside.routine, beside.block, quoted))))
        found.append(Content(group.title, tuple(rows), tuple(code)))
    return tuple(found)


def _rows(parts: Sequence[Derived | Equations]) -> Iterator[Row]:
    above = ""
    for part in parts:
        left = next(write(line.left) for line in part.lines if line.left is not None)
        rule = part.rule if isinstance(part, Derived) else "the formula"
        yield Row(part.number, rule, "" if left == above else left, write(part.lines[-1].right))
        above = left


def _lines(module: str, routine: str, block: str, numbers: Sequence[int]) -> Iterator[str]:
    """The statements of a block that quote these numbers, with their comments."""
    body = module[module.index(f"def {routine}(") :]
    taken = False
    for line in body[body.index(f"    # {block}: ") :].split("\n\n")[0].splitlines():
        quoted = re.match(r" +# \((\d+)\)", line)
        taken = int(quoted[1]) in numbers if quoted else taken
        if taken:
            yield line.strip()


# drawing: lengths in pixels, y downwards


@dataclass(frozen=True)
class Palette:
    """Colours of one mode; `accents` are for the groups, in order."""

    page: str
    card: str
    edge: str
    ink: str
    faint: str
    accents: tuple[str, ...]


PALETTES = {
    "light": Palette("#ffffff", "#f6f8fa", "#d0d7de", "#1f2328", "#656d76", ("#0a5ec2", "#b3420b", "#1a7f37")),
    "dark": Palette("#0d1117", "#161b22", "#30363d", "#e6edf3", "#8d96a0", ("#79b8ff", "#ffab70", "#7ee787")),
}
MARGIN = 8
LEFT, RIGHT = (MARGIN, 466), 492  # the cards: of the derivation from and to; of the code from, as wide as its lines
EQUALS = 242  # where formulas are aligned
HEADING, ROW, GAP, LINE = 24, 43, 20, 16.5  # heights
SIZE = {"formula": 14, "label": 10.5, "code": 10.3}
CODE_FONTS = ["DejaVu Sans Mono", "DejaVu Sans"]  # the second has the blackboard 1
ADVANCE = 0.603  # of a character of the first, in sizes
INDENT = 22  # of code in its card
STYLE = {"mathtext.fontset": "cm", "font.family": "DejaVu Sans", "svg.hashsalt": "symbp"}


def draw(groups: Sequence[Content], palette: Palette) -> Figure:
    """The picture in one mode."""
    height = 2 * MARGIN + 44 + sum(HEADING + ROW * len(group.rows) + GAP for group in groups)
    right = RIGHT + 2 * INDENT + ADVANCE * SIZE["code"] * _longest(groups)
    width = right + MARGIN
    figure = Figure(figsize=(width / 72, height / 72), dpi=72, facecolor=palette.page)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    for (start, end), title in ((LEFT, f"{SPEC.stem}.tex"), ((RIGHT, right), f"{SPEC.stem}.py")):
        _card(axes, palette, start, end, height)
        axes.text(start + 18, 34, title, color=palette.faint, size=SIZE["label"], weight="bold")
    top = 62.0
    for group, accent in zip(groups, palette.accents, strict=True):
        _group(axes, palette, accent, group, top, room=-6 if group is groups[-1] else HEADING + GAP)
        top += HEADING + ROW * len(group.rows) + GAP
    return figure


def _longest(groups: Sequence[Content]) -> int:
    """The characters of the longest line of code."""
    return max(len(line) for group in groups for excerpt in group.code for line in excerpt.lines)


def _card(axes: Axes, palette: Palette, start: float, end: float, height: float) -> None:
    corner = "round,pad=0,rounding_size=8"
    size = (end - start, height - 2 * MARGIN)
    axes.add_patch(FancyBboxPatch((start, MARGIN), *size, boxstyle=corner, fc=palette.card, ec=palette.edge, lw=1))


def _group(axes: Axes, palette: Palette, accent: str, group: Content, top: float, room: float) -> None:
    x = LEFT[0] + 18
    axes.text(x, top, group.title, color=accent, size=SIZE["label"], weight="bold")
    quoted = {excerpt.number: excerpt for excerpt in group.code}
    for place, row in enumerate(group.rows):
        y = top + HEADING + ROW * (place + 0.3)
        color = accent if row.number in quoted else palette.faint
        axes.text(x + 25, y, f"({row.number})", color=color, size=SIZE["label"], weight="bold", ha="right")
        axes.text(x + 32, y, row.rule.lower(), color=palette.faint, size=SIZE["label"])
        axes.text(EQUALS - 5, y, _math(row.left), color=palette.ink, size=SIZE["formula"], ha="right")
        axes.text(EQUALS, y, _math(f"= {row.right}"), color=palette.ink, size=SIZE["formula"])
        if row.number in quoted:
            _code(axes, palette, accent, quoted[row.number], y, room + ROW * (len(group.rows) - place - 0.3))


def _code(axes: Axes, palette: Palette, accent: str, excerpt: Excerpt, beside: float, room: float) -> None:
    """The lines beside their step; those that would not fit in the room below begin higher."""
    own = next(k for k, line in enumerate(excerpt.lines) if line.startswith(f"# ({excerpt.number})"))
    up = max(0.0, LINE * (len(excerpt.lines) - own - 1) - room)
    for place, line in enumerate(excerpt.lines):
        y = beside - up + LINE * (place - own)
        color = accent if place == own else palette.faint if line.startswith("#") else palette.ink
        axes.text(RIGHT + INDENT, y, line, color=color, size=SIZE["code"], family=CODE_FONTS)
    _connect(axes, accent, (LEFT[1] - 12, beside - 4), (RIGHT + 14, beside - up - 4))


def _connect(axes: Axes, color: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    middle = (start[0] + end[0]) / 2
    curve = Curve([start, (middle, start[1]), (middle, end[1]), end], [Curve.MOVETO, *[Curve.CURVE4] * 3])
    axes.add_patch(PathPatch(curve, fc="none", ec=color, lw=1.5, capstyle="round"))
    axes.plot(*start, marker="o", ms=4, color=color)
    axes.plot(*end, marker=">", ms=5, color=color)


def _math(latex: str) -> str:
    """LaTeX for matplotlib, which sets fractions small, sums close, and the index of a sum below it everywhere."""
    large = latex.replace(r"\frac", r"\dfrac").replace(r"{\sum_", r"{\Sigma_")
    return "$" + re.sub(r"(\\(?:sum|Sigma)_\{[^{}]*\})", r"\1\\,", large) + "$" if latex else ""


def main() -> None:
    """Write both modes."""
    groups = contents()
    description = "\n\n".join(group.text() for group in groups)
    IMAGES.mkdir(exist_ok=True)
    for mode, palette in PALETTES.items():
        path = IMAGES / f"derivation-{mode}.svg"
        with mpl.rc_context(STYLE):
            draw(groups, palette).savefig(path, metadata={"Date": None, "Description": description})
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
