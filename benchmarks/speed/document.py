"""docs/benchmarks.md: what was measured, for readers who have never seen the project."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from benchmarks.machine import libraries, machine
from benchmarks.report import HEADINGS, Figure, Table, grid
from benchmarks.speed.contender import ALL_OURS, BOUNDS, OURS
from benchmarks.speed.goals import is_time, place, setting
from benchmarks.speed.rounds import OFTENER, REST, ROUNDS, SAMPLE, Measured, Results
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
CAPTION = """\
Each mark is the time of a contender's training step divided by symbp's: right of the line at 1 a step takes longer than
symbp's, left of it less. The *bound* (a tick; three spokes with SciPy's BLAS) is the matrix products of symbp's step
alone: the distance from it to 1 is what symbp takes for everything else. The recommender multiplies no matrices.
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
  one first in each round: every turn is {half:g} s of inferences, then {sample:g} s of steps. Before the first round
  each takes steps that do not count. Rounds go on, {least} to {most} of them, until the ratios have settled.
- **symbp, threads** has its threads in the module, so that products have one. It takes part on several threads, where
  there is an example for each; its inference is on one.
- **symbp, AVX2** differs from symbp by `OPENBLAS_CORETYPE=Haswell` in the environment of its process. It takes part
  on one thread, where the processor has AVX-512. All others, bounds too, have the kernels that OpenBLAS chooses.
- **Cores.** On several threads a step takes longer where the cores share no cache: what one has computed reaches the
  other from afar. Processors are made of groups of cores, and a virtual machine may have its cores in one group or in
  two, may say it wrongly, and changes it while a process runs. So after every turn its process is asked: it measures
  how long it takes to read what a product on all threads has written, or, where products have one thread, to write
  what another of Python's has read. Turns on cores that share a cache are told in
  one table, the others in another, each where every contender has taken at least {turns} such turns; ratios are of
  the first of them, of the second, and so on. Turns in which another program had a core count for neither. These
  turns are of {shorter:g} s, up to {oftener} rounds of them, each after a rest of {rest:g} s, in which the threads of
  the process before stop waiting for work, and as many seconds of steps that do not count, since a system may begin
  with all threads on one core. Where the turns of too few contenders were alike, one table has all, and no goals.
- **step** and **inference** are medians over the rounds; the bound's may come out above a step's where rounds differ
  by more than the two. **Over symbp's** is the time of a step relative to symbp's,
  the median of the ratios round by round, the middle half of them in brackets: above 1, symbp is faster. (Goals have
  symbp's time over the other's.)
- **peak** is of memory, from before the first step on. **Allocated** is the most that a steady step holds at once
  above what was held before it, as far as Python and NumPy tell: what a framework allocates by itself is not in it.
- **First step** is the time from the start of the process to the end of its first step: it imports, reads the
  parameters, compiles. It is told for one thread, where each process has a core to itself as it starts. symbp's
  module has been generated before, which takes the time told among the goals.
"""
COMPARED = """\
## What is compared

| workload | what it is |
|---|---|
| mlp | dense layers 784-512-256-10 with ReLU, momentum: the network of [the article that symbp began with](audit.md) |
| small | dense layers 16-32-16-4 with tanh, momentum |
| cnn | LeNet on 28 by 28 pixels: two convolutions of 5 by 5, each with a pooling, three dense layers; Adam |
| lstm | characters, 32 at a time of 96: embedding, LSTM of 128 units, dense layer; Adam |
| transformer | one block, normalized first: width 256, 8 heads, 128 places, 1024 units between; Adam |
| recommender | the product of two embeddings of width 32, for 20,000 users and 5,000 items; gradient descent |

| contender | what it is |
|---|---|
| symbp | the generated module, NumPy alone |
| symbp, SciPy | the same with `blas: scipy` in its spec: its matrix products in SciPy's BLAS |
| symbp, threads | with `threads: 2` in its spec: [batches are divided among threads](speed.md#several-threads) |
| symbp, AVX2 | the module of symbp with [OpenBLAS's kernels for AVX2](speed.md#which-kernels-openblas-takes) |
| by hand | NumPy as one writes it from the textbook ([source](../benchmarks/speed/by_hand)) |
| PyTorch | eager, with its optimizer as it is by default |
| PyTorch, fused | the same, the optimizer with `fused=True` |
| torch.compile | the network compiled; the optimizer as it is by default |
| JAX | the whole step under one `jit`, parameters and state donated |
| autograd | HIPS autograd on NumPy |
| bound | the matrix products of the step alone, in NumPy's BLAS: of each way to call it, the fastest |
| bound, SciPy | the same in SciPy's BLAS |
"""
TIMES = """\
A ratio is the time of symbp's step divided by the other's: below 1, symbp is faster. Most goals are of several of
symbp's contenders: the fastest is named and counts, and the others stand behind it: `0.79; symbp 0.84` is 0.79 for the
one that is named, 0.84 for the module as it is without further settings. With SciPy's products only goals of the
article's network count.
"""


@dataclass(frozen=True)
class Section:
    """What was measured of a workload; of several threads, in turns on cores that share a cache or on others."""

    workload: Workload
    threads: int
    results: Results
    caches: str = ""

    @property
    def place(self) -> str:
        """What stands above it."""
        return place(self.workload, self.threads, self.caches)

    def __str__(self) -> str:
        return self.told()

    def told(self, elsewhere: Collection[tuple[str, str]] = ()) -> str:
        """A table of every contender, and why others are not in it, but for what stands `elsewhere`."""
        found = self.results.measured
        columns = (*COLUMNS, START_UP) if self.threads == 1 else COLUMNS
        rows = [_row(name, each, found[OURS])[: len(columns)] for name, each in found.items()]
        heading = f"### {self.place}"
        if self.threads > 1:
            heading += f" (turns of each: {len(found[OURS].steps)})"
        parts = [heading, grid(columns, rows)]
        parts += [f"`{name}` could not run: {why}" for name, why in self.reasons() if (name, why) not in elsewhere]
        return "\n\n".join(parts) + "\n"

    def reasons(self) -> list[tuple[str, str]]:
        """Who could not run, and why."""
        failed = self.results.failed
        return [(name, why.removeprefix(f"{name}, {self.workload.name}: ")) for name, why in failed.items()]


def often(sections: Sequence[Section]) -> dict[tuple[str, str], int]:
    """Who could not run for the same reason in several sections, and in how many."""
    counts = Counter(each for section in sections for each in section.reasons())
    return {each: count for each, count in counts.items() if count > 1}


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
    """The page: what was found, what was compared, the goals, how it was measured, and every figure."""
    times = [figure for figure in goals if is_time(figure)]
    others = [figure for figure in goals if not is_time(figure)]
    failed = often(sections)
    parts = (
        INTRODUCTION,
        findings(goals),
        PICTURE.format(images="images"),
        CAPTION,
        f"Machine: {machine(PACKAGES)} {libraries()}\n",
        COMPARED,
        "## Goals of time\n",
        TIMES,
        f"{grid(HEADINGS, [figure.cells() for figure in times])}\n",
        "## Goals of memory and of start-up\n",
        f"{grid(HEADINGS, [figure.cells() for figure in others])}\n",
        METHOD.format(
            **{"sample": SAMPLE, "half": SAMPLE / 2, "least": ROUNDS[0], "most": ROUNDS[1]},
            **{"rest": REST, "shorter": SAMPLE / OFTENER, "oftener": OFTENER * ROUNDS[1], "turns": ROUNDS[0]},
        ),
        f"## Start-up\n\n{imports.caption}\n\n{grid(imports.columns, imports.rows)}\n",
        "## Workloads\n",
        *(f"`{name}` could not run in {n} of {len(sections)} tables: {why}\n" for (name, why), n in failed.items()),
        *(section.told(failed) for section in sections),
    )
    return "\n".join(parts)


def findings(goals: Sequence[Figure]) -> str:
    """How many goals hold, and those that do not."""
    missed = [figure for figure in goals if not figure.holds]
    said = f"**{len(goals) - len(missed)} of {len(goals)} goals hold"
    return (
        f"{said}.**\n"
        if not missed
        else f"{said}; those that do not:**\n\n{grid(HEADINGS, [f.cells() for f in missed])}\n"
    )


def lost(sections: Sequence[Section]) -> str:
    """Where another's step takes less time than that of ours without further settings, and what it comes to.

    Behind it stand others of ours, where they take less time too.
    """
    places: dict[str, dict[str, str]] = {}
    settings = dict.fromkeys(setting(each.threads, each.caches) for each in sections)
    helped = False
    for each in sections:
        measured = each.results.measured
        others = [name for name in measured if name not in (OURS, *BOUNDS)]
        ratios = {name: f"{median(measured[name].ratios(measured[OURS])):.2f}" for name in others}
        faster = {name: f"{name} {ratio}" for name, ratio in ratios.items() if float(ratio) < 1}
        if theirs := ", ".join(said for name, said in faster.items() if name not in ALL_OURS):
            own = ", ".join(said for name, said in faster.items() if name in ALL_OURS)
            helped = helped or bool(own)
            said = "; ".join(filter(None, (theirs, own)))
            places.setdefault(each.workload.name, {})[setting(each.threads, each.caches)] = said
    count = sum(map(len, places.values()))
    if not count:
        return "symbp is slower than none."
    rows = [(name, *(found.get(each, "") for each in settings)) for name, found in places.items()]
    behind = " (behind a semicolon, symbp with other settings, where these are faster)" if helped else ""
    said = f"Without further settings symbp is slower than another in {count} of {len(sections)} measurements{behind}:"
    return f"{said}\n\n{grid(('workload', *settings), rows)}"


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
        f"Each mark is the time of a step divided by {OURS}'s: above 1 slower than {OURS}, below 1 faster. "
        f"For {shown.place}: {others}; the matrix products alone {ratios['bound']:.2f}.\n\n"
        f"{lost(sections)}\n\n[All figures](docs/benchmarks.md), how they were measured and on what.\n"
    )
    return f"{head}{begin}\n{PICTURE.format(images='docs/images')}\n{said}{end}{tail}"
