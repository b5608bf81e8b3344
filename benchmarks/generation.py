"""How long `symbp generate` takes, from the start of the process to its end: `python -m benchmarks.generation`."""

from __future__ import annotations

import json
import os
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
MOST_SECONDS = 2.5
MOST_RATIO = 2.0
SHALLOW, DEEP, WIDTH = 3, 60, 64
MOST_RATIO_OF_BLOCKS = 1.5
FEW, MANY = 2, 24  # blocks of a transformer
MODULE = (  # made and checked, and not written
    "import sys, pathlib, symbp.spec, symbp.pipeline; "
    "symbp.pipeline.generate(symbp.spec.read_spec(pathlib.Path(sys.argv[1])))"
)


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


def transformer(blocks: int) -> dict[str, Any]:
    """A spec of this many blocks: a language model over characters."""
    block = {"transformer_encoder": {"units": 32, "heads": 4, "hidden": 64, "causal": True, "norm_first": True}}
    ends = [{"embedding": {"tokens": 96, "units": 32}}, "learned_positions"], ["layer_norm", {"dense": 96}]
    return {
        "name": f"transformer_{blocks}",
        "input": {"shape": [16], "kind": "integer", "classes": 96},
        "layers": [*ends[0], {"repeat": {"times": blocks, "layers": [block]}}, *ends[1]],
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
    done = subprocess.run([sys.executable, *command], cwd=ROOT, env=_environment(), capture_output=True, text=True)
    wall = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"python {' '.join(command)}: status {done.returncode}: {done.stderr}")
    return wall, _processor() - before


def _environment() -> dict[str, str]:
    """This process's, in which Python keeps what it compiled, as it does by default."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _processor() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(rounds: int = ROUNDS) -> Report:
    """The article's network, then few and many layers, and few and many blocks of a transformer."""
    article = "specs/mnist_mlp.yaml"
    symbp = ["-m", "symbp"]
    with tempfile.TemporaryDirectory() as folder:

        def written(spec: dict[str, Any]) -> str:
            path = Path(folder) / f"{spec['name']}.yaml"
            path.write_text(json.dumps(spec))
            return str(path)

        commands = {"symbp generate specs/mnist_mlp.yaml": [*symbp, "generate", article, "-o", folder]}
        for layers in (SHALLOW, DEEP):
            name = f"symbp generate, {layers} dense layers"
            commands[name] = [*symbp, "generate", written(deep(layers)), "-o", folder]
        for blocks in (FEW, MANY):
            commands[f"the module of {blocks} transformer blocks"] = ["-c", MODULE, written(transformer(blocks))]
        commands["symbp check specs/mnist_mlp.yaml"] = [*symbp, "check", article]
        times = measured(commands, rounds)
    whole, shallow, many, few_blocks, many_blocks, _ = (median(t.wall) for t in times.values())
    figures = (
        Figure(
            "generate, the article's network", f"at most {MOST_SECONDS:g} s", f"{whole:.2f} s", whole <= MOST_SECONDS
        ),
        Figure(
            f"{DEEP} dense layers over {SHALLOW}",
            f"at most {MOST_RATIO:g} times as long",
            f"{many / shallow:.2f} times",
            many <= MOST_RATIO * shallow,
        ),
        Figure(
            f"{MANY} transformer blocks over {FEW}, no file written",
            f"at most {MOST_RATIO_OF_BLOCKS:g} times as long",
            f"{many_blocks / few_blocks:.2f} times",
            many_blocks <= MOST_RATIO_OF_BLOCKS * few_blocks,
        ),
    )
    rows = tuple((name, *t.cells()) for name, t in times.items())
    return Report(
        "generation",
        "Time to generate",
        f"Whole processes, from start to end, checks and both files included: {rounds} rounds, the commands in turn "
        f"within each, after one that is not counted. Dense layers are {WIDTH} wide, with ReLU; the modules of blocks "
        "are made and checked, and no file is written. Medians decide.",
        figures,
        (Table("Seconds:", ("command", "median", "fastest", "slowest", "median of the processor's"), rows),),
    )


if __name__ == "__main__":
    sys.exit(show(run()))
