"""How long `symbp generate` takes, from the start of the process to its end: `python -m benchmarks.generation`."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import ROOT
from benchmarks.report import Figure, Report, Table, show

ROUNDS = 7
MOST_SECONDS = 3.0
MOST_RATIO = 2.0
SHALLOW, DEEP, WIDTH = 3, 60, 64


@dataclass(frozen=True)
class Times:
    """Seconds of every run of a command: of the clock, and of the processor."""

    wall: tuple[float, ...]
    cpu: tuple[float, ...]

    def cells(self) -> tuple[str, ...]:
        """Medians, and the fastest and slowest."""
        return f"{median(self.wall):.2f}", f"{min(self.wall):.2f}", f"{max(self.wall):.2f}", f"{median(self.cpu):.2f}"


def deep(layers: int) -> dict[str, Any]:
    """A spec of this many dense layers, ReLU between them."""
    hidden = {"dense": {"units": WIDTH, "activation": "relu"}}
    return {
        "name": f"dense_{layers}",
        "input": WIDTH,
        "layers": [hidden] * (layers - 1) + [{"dense": 10}],
        "loss": "softmax_cross_entropy",
    }


def measured(commands: Mapping[str, list[str]], rounds: int) -> dict[str, Times]:
    """Each command once unmeasured, then all of them in turn, `rounds` times."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for command in commands.values():
        timed(command)
    for _ in range(rounds):
        for name, command in commands.items():
            found[name].append(timed(command))
    return {name: Times(*zip(*runs, strict=True)) for name, runs in found.items()}


def timed(command: list[str]) -> tuple[float, float]:
    """Seconds of the clock and of the processor that a process takes. An error where it fails."""
    before, start = _processor(), time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "symbp", *command], cwd=ROOT, capture_output=True, text=True)
    wall = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"symbp {' '.join(command)}: status {done.returncode}: {done.stderr}")
    return wall, _processor() - before


def _processor() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(rounds: int = ROUNDS, depths: tuple[int, int] = (SHALLOW, DEEP)) -> Report:
    """The article's network, then few and many layers."""
    article = "specs/mnist_mlp.yaml"
    with tempfile.TemporaryDirectory() as folder:
        commands = {"generate specs/mnist_mlp.yaml": ["generate", article, "-o", folder]}
        for layers in depths:
            path = Path(folder) / f"dense_{layers}.yaml"
            path.write_text(json.dumps(deep(layers)))
            commands[f"generate, {layers} dense layers"] = ["generate", str(path), "-o", folder]
        commands["check specs/mnist_mlp.yaml"] = ["check", article]
        times = measured(commands, rounds)
    whole, shallow, many, _ = (median(t.wall) for t in times.values())
    figures = (
        Figure(
            "generate, the article's network", f"at most {MOST_SECONDS:g} s", f"{whole:.2f} s", whole <= MOST_SECONDS
        ),
        Figure(
            f"{depths[1]} dense layers over {depths[0]}",
            f"at most {MOST_RATIO:g} times as long",
            f"{many / shallow:.2f} times",
            many <= MOST_RATIO * shallow,
        ),
    )
    rows = tuple((f"symbp {name}", *t.cells()) for name, t in times.items())
    return Report(
        "generation",
        "Time to generate",
        f"Whole processes, from start to end, checks and both files included: {rounds} rounds, the commands in turn "
        f"within each, after one that is not counted. Layers are {WIDTH} wide, with ReLU. Medians decide.",
        figures,
        (Table("Seconds:", ("command", "median", "fastest", "slowest", "median of the processor's"), rows),),
    )


if __name__ == "__main__":
    sys.exit(show(run()))
