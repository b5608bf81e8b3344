"""docs/benchmarks.md: what was measured, for readers who have never seen the project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from benchmarks.machine import libraries, machine
from benchmarks.report import HEADINGS, Figure, Table, grid
from benchmarks.speed.contender import BOUNDS, OURS
from benchmarks.speed.goals import place
from benchmarks.speed.rounds import ROUNDS, SAMPLE, Measured, Results
from benchmarks.speed.workloads import Workload

PACKAGES = ("numpy", "scipy", "torch", "jax", "autograd")
COLUMNS = ("contender", "step, ms", "over symbp's", "inference, ms", "peak, MB", "allocated, kB")
START_UP = "first step, s"
INTRODUCTION = """\
# Speed

How long a training step takes: the modules that symbp generates beside frameworks, beside NumPy written by hand, and
beside the bound, which is the matrix products of the step alone. `make bench` (`python -m benchmarks.speed`) measures
all of it and writes this page; rows where symbp is slower stay.
"""
PICTURE = """\
<picture>
  <source media="(prefers-color-scheme: dark)" srcset="{images}/benchmarks-dark.svg">
  <img alt="Time of a training step of every contender relative to symbp's, for each workload, on one and two threads"
       src="{images}/benchmarks-light.svg">
</picture>
"""
BEGIN, END = "<!-- written by python -m benchmarks.speed -->", "<!-- end of what it writes -->"  # in the README
SHOWN = ("mlp, batch 64", 1)  # workload and threads of which the README has figures
METHOD = """\
## How it is measured

A step is forward pass, backward pass and update, in float32, on one batch that stays the same. All contenders start
from the same parameters and compute the same cost, which is compared; each uses the optimizer of its own library.

- Each contender has a process of its own, with equal numbers of threads and cores. The processes take turns, another
  one first in each round: every turn is {sample:g} s of steps, then {half:g} s of inferences, after steps that do not
  count. Rounds go on, {least} to {most} of them, until the ratios have settled.
- **step** and **inference** are medians over the rounds. **Over symbp's** is the time of a step relative to symbp's,
  the median of the ratios round by round, the middle half of them in brackets: above 1, symbp is faster.
- **peak** is of memory, from before the first step on. **Allocated** is the most that a steady step holds at once
  above what was held before it, as far as Python and NumPy tell: what a framework allocates by itself is not in it.
- **First step** is the time from the start of the process to the end of its first step: it imports, reads the
  parameters, compiles. It is told for one thread, where each process has a core to itself as it starts. symbp's
  module has been generated before, which takes the time told among the goals.

| workload | what it is |
|---|---|
| mlp | the article's network: dense layers 784-512-256-10 with ReLU, momentum |
| small | dense layers 16-32-16-4 with tanh, momentum |
| cnn | LeNet on 28 by 28 pixels: two convolutions of 5 by 5, each with a pooling, three dense layers; Adam |
| lstm | characters, 32 at a time of 96: embedding, LSTM of 128 units, dense layer; Adam |
| transformer | one block, normalized first: width 256, 8 heads, 128 places, 1024 units between; Adam |
| recommender | the product of two embeddings of width 32, for 20,000 users and 5,000 items; gradient descent |

| contender | what it is |
|---|---|
| symbp | the generated module, NumPy alone |
| symbp, SciPy | the same with `blas: scipy` in its spec: its matrix products in SciPy's BLAS |
| by hand | NumPy as one writes it from the textbook ([source](../benchmarks/speed/by_hand)) |
| PyTorch | eager, with its optimizer as it is by default |
| PyTorch, fused | the same, the optimizer with `fused=True` |
| torch.compile | the network compiled; the optimizer as it is by default |
| JAX | the whole step under one `jit`, parameters and state donated |
| autograd | HIPS autograd on NumPy |
| bound | the matrix products of the step alone, in NumPy's BLAS: of each way to call it, the fastest |
| bound, SciPy | the same in SciPy's BLAS |
"""


@dataclass(frozen=True)
class Section:
    """What was measured of a workload."""

    workload: Workload
    threads: int
    results: Results

    def __str__(self) -> str:
        """A table of every contender, and why others are not in it."""
        found = self.results.measured
        columns = (*COLUMNS, START_UP) if self.threads == 1 else COLUMNS
        rows = [_row(name, each, found[OURS])[: len(columns)] for name, each in found.items()]
        parts = [f"### {place(self.workload, self.threads)}", grid(columns, rows)]
        parts += [f"`{name}` could not run: {reason}" for name, reason in self.results.failed.items()]
        return "\n\n".join(parts) + "\n"


def _row(name: str, each: Measured, ours: Measured) -> tuple[str, ...]:
    trains = name not in BOUNDS
    return (
        name,
        f"{1e3 * median(each.steps):.3f}",
        "-" if each is ours else spread(each.ratios(ours)),
        f"{1e3 * median(each.inferences):.3f}",
        f"{each.peak / 1e6:.1f}" if trains else "-",
        f"{each.allocated / 1e3:.1f}" if trains else "-",
        f"{each.start_up:.1f}" if trains else "-",
    )


def spread(ratios: Sequence[float]) -> str:
    """The median, and the middle half of the rounds."""
    if len(ratios) < 2:
        return f"{median(ratios):.2f}"
    low, middle, high = quantiles(ratios, n=4, method="inclusive")
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def document(goals: Sequence[Figure], imports: Table, sections: Sequence[Section]) -> str:
    """The page."""
    parts = (
        INTRODUCTION,
        PICTURE.format(images="images"),
        f"Machine: {machine(PACKAGES)} {libraries()}\n",
        "## Goals\n",
        f"{grid(HEADINGS, [figure.cells() for figure in goals])}\n",
        METHOD.format(sample=SAMPLE, half=SAMPLE / 2, least=ROUNDS[0], most=ROUNDS[1]),
        f"## Start-up\n\n{imports.caption}\n\n{grid(imports.columns, imports.rows)}\n",
        "## Workloads\n",
        *map(str, sections),
    )
    return "\n".join(parts)


def in_readme(text: str, sections: Sequence[Section]) -> str:
    """The README with the picture, and what the others' steps come to for one workload."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"README.md: expected `{BEGIN}` and `{END}`")
    shown = next(each for each in sections if (each.workload.name, each.threads) == SHOWN)
    found = shown.results.measured
    ratios = {name: median(each.ratios(found[OURS])) for name, each in found.items() if name != OURS}
    others = "; ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items() if name not in BOUNDS)
    said = (
        f"Steps in times of {OURS}'s own; further right is slower. For {place(shown.workload, shown.threads)}: "
        f"{others}; the matrix products alone {ratios['bound']:.2f}. [All figures](docs/benchmarks.md), how they were "
        "measured and on what.\n"
    )
    return f"{head}{begin}\n{PICTURE.format(images='docs/images')}\n{said}{end}{tail}"
