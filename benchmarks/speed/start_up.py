"""How long it takes to start: to import a generated module, and to generate one. Whole processes, in turn."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median

from benchmarks.generation import Times, measured
from benchmarks.report import Figure
from benchmarks.speed.generated import give
from benchmarks.speed.workloads import WORKLOADS

IMPORTS, GENERATIONS = 21, 3  # rounds
MOST = 0.015  # seconds beyond NumPy
SPECS = {"mnist_mlp": 2.5, "shakespeare_transformer": 8.0}  # seconds at most


def figures() -> list[Figure]:
    """Of imports, and of `symbp generate`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [*imports(folder), *generations(folder)]


def imports(folder: Path) -> list[Figure]:
    """A module of every network beside NumPy alone; the article's is the figure."""
    article = next(workload for workload in WORKLOADS if workload.kind == "mlp")
    place = folder / "given"
    give(article, {}, place)
    commands = {
        "numpy": ["-c", "import numpy"],
        "module": ["-c", f"import sys, numpy; sys.path.insert(0, {str(place)!r}); import module"],
    }
    times = measured(commands, IMPORTS)
    beyond = median(b - a for a, b in zip(times["numpy"].wall, times["module"].wall, strict=True))
    return [
        Figure(
            f"{article.kind}: import of the module beyond that of NumPy",
            f"at most {1e3 * MOST:g} ms",
            f"{1e3 * beyond:.1f} ms",
            beyond <= MOST,
        )
    ]


def generations(folder: Path) -> list[Figure]:
    """`symbp generate`, checks and both files included."""
    commands = {name: ["-m", "symbp", "generate", f"specs/{name}.yaml", "-o", str(folder / name)] for name in SPECS}
    times: dict[str, Times] = measured(commands, GENERATIONS)
    return [
        Figure(
            f"symbp generate specs/{name}.yaml",
            f"at most {most:g} s",
            f"{median(times[name].wall):.2f} s",
            median(times[name].wall) <= most,
        )
        for name, most in SPECS.items()
    ]
