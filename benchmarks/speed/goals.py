"""What is wanted: ratios of steps between contenders of one run, medians over its rounds; and of memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from benchmarks.report import Figure
from benchmarks.speed.contender import ALL_OURS, FRAMEWORKS, OURS, WITH_SCIPY, WITH_THREADS
from benchmarks.speed.rounds import Results
from benchmarks.speed.workloads import Workload

WITH_NUMPY = tuple(name for name in ALL_OURS if name != WITH_SCIPY)
TIME = "step of "  # what a figure of time is of


@dataclass(frozen=True)
class Goal:
    """A step of ours over another's: at most `most`. `kind` and `batches` say for which workloads.

    Of several of ours, the fastest one counts.
    """

    kind: str
    batches: tuple[int, ...]
    other: str
    most: float
    ours: tuple[str, ...] = WITH_NUMPY


BOUNDED = (OURS, WITH_THREADS)  # by NumPy's BLAS with the kernels that it chooses
GOALS = (
    Goal("mlp", (64,), "bound", 1.6, BOUNDED),
    Goal("mlp", (64,), "bound, SciPy", 1.35, (WITH_SCIPY,)),
    *(Goal("mlp", (64,), framework, 1.0, ALL_OURS) for framework in FRAMEWORKS),
    Goal("mlp", (512,), "bound", 1.1, BOUNDED),
    Goal("mlp", (512,), "bound, SciPy", 1.1, (WITH_SCIPY,)),
    Goal("small", (1, 8), "PyTorch", 1 / 8),
    Goal("small", (1, 8), "JAX", 1 / 2),
    Goal("cnn", (64,), "PyTorch", 1.5),
    Goal("lstm", (32,), "PyTorch", 1.0),
    Goal("transformer", (4,), "PyTorch", 1.0),
)


def place(workload: Workload, threads: int, caches: str = "") -> str:
    """What stands above what was measured."""
    return f"{workload.name}, {setting(threads, caches)}"


def setting(threads: int, caches: str) -> str:
    """The threads, and whether their cores share a cache."""
    return f"{counted(threads)} on {caches}" if caches else counted(threads)


def counted(threads: int) -> str:
    """One thread, or several."""
    return f"{threads} {'thread' if threads == 1 else 'threads'}"


def figures(workload: Workload, threads: int, results: Results, caches: str = "") -> list[Figure]:
    """Each goal of time of the workload."""
    label, found = place(workload, threads, caches), results.measured
    said = []
    for goal in GOALS:
        ours = [name for name in goal.ours if name in found]
        if goal.kind == workload.kind and workload.batch in goal.batches and goal.other in found and ours:
            said.append(_figure(label, goal, {name: median(found[name].ratios(found[goal.other])) for name in ours}))
    return said


def peaks(workload: Workload, threads: int, results: Results) -> list[Figure]:
    """The goal of memory, where PyTorch took part."""
    torch, symbp = results.measured.get("PyTorch"), results.measured[OURS]
    if not (torch and torch.peak):
        return []
    share = symbp.peak / torch.peak
    label = f"{place(workload, threads)}: peak of memory over PyTorch's"
    return [Figure(label, "at most 1", f"{share:.2f}", share <= 1)]


def _figure(label: str, goal: Goal, ratios: Mapping[str, float]) -> Figure:
    """The fastest one of ours, and behind it what the others came to."""
    best = min(ratios, key=lambda name: ratios[name])
    others = "".join(f"; {name} {_times(goal, ratio)}" for name, ratio in ratios.items() if name != best)
    what, measured = f"{TIME}{best} over {goal.other}'s", f"{_times(goal, ratios[best])}{others}"
    return Figure(f"{label}: {what}", f"at most {goal.most:g}", measured, ratios[best] <= goal.most)


def _times(goal: Goal, ratio: float) -> str:
    return f"{ratio:.3f}" if goal.most < 1 else f"{ratio:.2f}"


def is_time(figure: Figure) -> bool:
    """Whether the figure is of the time of steps."""
    return f": {TIME}" in figure.name
