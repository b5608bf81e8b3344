"""What is wanted: ratios of medians between contenders of one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from benchmarks.report import Figure
from benchmarks.speed.rounds import Measured

FRAMEWORKS = ("PyTorch", "PyTorch, fused", "torch.compile", "JAX", "autograd")
WITH_SCIPY = "symbp, SciPy"
Results = Mapping[str, Measured]


@dataclass(frozen=True)
class Goal:
    """The step of `ours` over another's: at most `most`. `kind` and `batches` say for which workloads."""

    kind: str
    batches: tuple[int, ...]
    other: str
    most: float
    ours: str = "symbp"


GOALS = (
    Goal("mlp", (64,), "bound", 1.6),
    *(Goal("mlp", (64,), framework, 1.0) for framework in FRAMEWORKS),
    Goal("mlp", (512,), "bound", 1.1),
    Goal("mlp", (64,), "bound, SciPy", 1.35, WITH_SCIPY),
    *(Goal("mlp", (64,), framework, 1.0, WITH_SCIPY) for framework in FRAMEWORKS),
    Goal("mlp", (512,), "bound, SciPy", 1.1, WITH_SCIPY),
    Goal("small", (1, 8), "PyTorch", 1 / 8),
    Goal("small", (1, 8), "JAX", 1 / 2),
    Goal("cnn", (64,), "PyTorch", 1.5),
    Goal("lstm", (32,), "PyTorch", 1.0),
    Goal("transformer", (4,), "PyTorch", 1.0),
)


def figures(kind: str, batch: int, threads: int, results: Results) -> list[Figure]:
    """Each goal of the workload; of time, of memory, of what a steady step allocates."""
    ours = results["symbp"]
    label = f"{kind}, batch {batch}, {threads} {'thread' if threads == 1 else 'threads'}"
    found = []
    for goal in GOALS:
        if goal.kind == kind and batch in goal.batches and {goal.other, goal.ours} <= results.keys():
            ratio = median(results[goal.ours].ratios(results[goal.other]))
            wanted, said = _worded(goal.most, ratio, goal.other)
            what = f"{label}: a step" + (" with SciPy's BLAS" if goal.ours == WITH_SCIPY else "")
            found.append(Figure(what, wanted, said, ratio <= goal.most))
    torch = results.get("PyTorch")
    if torch and ours.peak and torch.peak:
        share = ours.peak / torch.peak
        found.append(Figure(f"{label}: memory", "at most PyTorch's", f"{share:.2f} of it", share <= 1))
    return found


def _worded(most: float, ratio: float, other: str) -> tuple[str, str]:
    if most < 1:
        return f"{1 / most:g} times faster than {other}", f"{1 / ratio:.1f} times"
    return f"at most {most:g} of {other}", f"{ratio:.2f}"
