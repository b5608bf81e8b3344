"""How long it takes to start: to import a generated module, and to generate one. Whole processes, in turn."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median

from benchmarks.generation import Times, measured
from benchmarks.report import Figure, Table
from benchmarks.speed.contender import CONTENDERS, OURS, WITH_SCIPY
from benchmarks.speed.generated import give
from benchmarks.speed.workloads import WORKLOADS

IMPORTS, GENERATIONS = 21, 3  # rounds
MOST = 0.015  # seconds beyond NumPy
SPECS = {"mnist_mlp": 2.5, "shakespeare_transformer": 8.0}  # seconds at most
NUMPY = "NumPy alone"


def figures() -> tuple[list[Figure], Table]:
    """What is wanted of imports and of `symbp generate`; and every import."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return judged(times := imports(folder)) + generations(folder), table(times)


def imports(folder: Path) -> dict[str, Times]:
    """The article's module, with NumPy's products and with SciPy's, and NumPy alone."""
    article = next(workload for workload in WORKLOADS if workload.kind == "mlp")
    commands = {NUMPY: ["-c", "import numpy"]}
    for name in (OURS, WITH_SCIPY):
        given = give(article, CONTENDERS[name].changes, folder / name)
        commands[name] = ["-c", f"import sys, numpy; sys.path.insert(0, {str(given.folder)!r}); import module"]
    return measured(commands, IMPORTS)


def beyond(times: dict[str, Times], name: str) -> float:
    """Seconds: the median of what it takes longer than NumPy in the same round."""
    return median(b - a for a, b in zip(times[NUMPY].wall, times[name].wall, strict=True))


def judged(times: dict[str, Times]) -> list[Figure]:
    """Of the module with NumPy alone."""
    took = beyond(times, OURS)
    wanted = f"at most {1e3 * MOST:g} ms"
    return [Figure("mlp: import of the module beyond NumPy's", wanted, f"{1e3 * took:.1f} ms", took <= MOST)]


def table(times: dict[str, Times]) -> Table:
    """Every import, and what it takes beyond NumPy's."""
    rows = tuple(
        (name, f"{1e3 * median(each.wall):.0f}", "-" if name == NUMPY else f"{1e3 * beyond(times, name):.1f}")
        for name, each in times.items()
    )
    caption = (
        f"Processes that import NumPy, or NumPy and the module of mlp, from start to end: {IMPORTS} "
        "rounds in turn, after one that does not count, in which Python keeps what it compiled. What is beyond NumPy's "
        "is the median of the differences in the rounds, not the difference of the medians."
    )
    return Table(caption, ("import", "median, ms", "beyond NumPy, ms"), rows)


def generations(folder: Path) -> list[Figure]:
    """`symbp generate`, checks and both files included."""
    commands = {name: ["-m", "symbp", "generate", f"specs/{name}.yaml", "-o", str(folder / "made")] for name in SPECS}
    found = []
    for name, times in measured(commands, GENERATIONS).items():
        took = median(times.wall)
        wanted = f"at most {SPECS[name]:g} s"
        found.append(Figure(f"symbp generate specs/{name}.yaml", wanted, f"{took:.2f} s", took <= SPECS[name]))
    return found
