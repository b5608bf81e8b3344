"""docs/images/benchmarks-light.svg and -dark.svg: steps of every contender relative to symbp's, for each workload."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from benchmarks.speed.contender import OURS
from benchmarks.speed.document import Section
from benchmarks.speed.goals import setting


@dataclass(frozen=True)
class Palette:
    """Colours of one mode: of text, of what is faint, of every other row, and of families of contenders."""

    page: str
    ink: str
    faint: str
    band: str
    families: Mapping[str, str]


PALETTES: Mapping[str, Palette] = {
    "light": Palette(
        *("#ffffff", "#1f2328", "#656d76", "#f3f5f7"),
        {"symbp": "#0a5ec2", "torch": "#c2410c", "jax": "#1a7f37", "autograd": "#8250df", "numpy": "#656d76"},
    ),
    "dark": Palette(
        *("#0d1117", "#e6edf3", "#8d96a0", "#161b22"),
        {"symbp": "#79b8ff", "torch": "#ffab70", "jax": "#7ee787", "autograd": "#d2a8ff", "numpy": "#8d96a0"},
    ),
}
MARKS: Mapping[str, tuple[str, str, bool]] = {  # family, marker, filled
    "symbp": ("symbp", "o", True),
    "symbp, SciPy": ("symbp", "D", False),
    "symbp, threads": ("symbp", "*", True),
    "symbp, AVX2": ("symbp", "X", False),
    "PyTorch": ("torch", "o", True),
    "PyTorch, fused": ("torch", "o", False),
    "torch.compile": ("torch", "^", True),
    "JAX": ("jax", "s", True),
    "autograd": ("autograd", "v", True),
    "by hand": ("numpy", "P", True),
    "bound": ("numpy", "|", True),
    "bound, SciPy": ("numpy", "2", True),
}
STYLE = {"font.family": "DejaVu Sans", "svg.hashsalt": "symbp", "svg.fonttype": "path"}
LANES = {"torch": -0.3, "jax": 0.34}  # by family, of a row, so that fewer hide each other
BESIDE = {  # in a lane, of what takes about as long as another
    **dict.fromkeys(("symbp, SciPy", "bound, SciPy"), 0.16),
    "symbp, AVX2": -0.16,
    "symbp, threads": -0.16,
}
WIDTH, ROW, AROUND = 960, 40, 128  # points: of the picture, of a workload, above and below


def pictures(sections: Sequence[Section]) -> Iterator[tuple[str, bytes]]:
    """Each mode's name and its picture, the same bytes for the same figures."""
    for mode, palette in PALETTES.items():
        file = io.BytesIO()
        with mpl.rc_context(STYLE):
            draw(sections, palette).savefig(file, format="svg", metadata={"Date": None})
        yield mode, file.getvalue()


def draw(sections: Sequence[Section], palette: Palette) -> Figure:
    """A panel for each number of threads and kind of cores, a row for each workload."""
    settings = [*dict.fromkeys(setting(section.threads, section.caches) for section in sections)]
    names = [*dict.fromkeys(section.workload.name for section in sections)]
    height = ROW * len(names) + AROUND
    figure = Figure(figsize=(WIDTH / 72, height / 72), dpi=72, facecolor=palette.page)
    panels = figure.subplots(1, len(settings), sharex=True, sharey=True, squeeze=False)[0]
    for axes, title in zip(panels, settings, strict=True):
        _panel(axes, title, names, palette)
        for section in sections:
            if setting(section.threads, section.caches) == title:
                _dots(axes, section, names.index(section.workload.name), palette)
    panels[0].set_yticks(range(len(names)), names, color=palette.ink, size=11)
    shown = [axes.get_legend_handles_labels() for axes in panels]
    unique = {label: handle for panel in shown for handle, label in zip(*panel, strict=True)}
    order = [name for name in MARKS if name in unique]
    figure.legend(
        [unique[name] for name in order],
        order,
        loc="upper center",
        ncols=6,
        frameon=False,
        labelcolor=palette.ink,
        fontsize=10.5,
    )
    below = f"time of a training step relative to {OURS}'s, logarithmic: further right is slower"
    figure.text(0.59, 12 / height, below, color=palette.faint, size=10.5, ha="center")
    figure.subplots_adjust(left=0.19, right=0.985, top=1 - 70 / height, bottom=48 / height, wspace=0.05)
    return figure


def _panel(axes: Axes, title: str, names: Sequence[str], palette: Palette) -> None:
    axes.set_facecolor(palette.page)
    axes.set_xscale("log")
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_title(title, color=palette.ink, size=11)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(colors=palette.faint, which="both", length=0, labelsize=10)
    axes.spines[:].set_visible(False)
    for row in range(0, len(names), 2):
        axes.axhspan(row - 0.5, row + 0.5, color=palette.band, lw=0, zorder=0)
    axes.grid(axis="x", color=palette.faint, alpha=0.25, lw=0.6)
    axes.axvline(1, color=palette.families["symbp"], lw=1.2)
    axes.set_axisbelow(True)


def _dots(axes: Axes, section: Section, row: int, palette: Palette) -> None:
    found = section.results.measured
    for name, (family, marker, filled) in MARKS.items():
        if name in found:
            color = palette.families[family]
            axes.plot(
                median(found[name].ratios(found[OURS])),
                row + LANES.get(family, 0.0) + BESIDE.get(name, 0.0),
                marker=marker,
                ms=11 if marker in "|2*" else 7,
                mew=1.6,
                ls="",
                color=color,
                mfc=color if filled else palette.page,
                label=name,
            )
