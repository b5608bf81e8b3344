"""What each means costs to leave out: `python -m benchmarks.means [KIND ...]`, into docs/means.md where all are taken.

The module of a workload, one without each means that changes it, and one without any take turns in one process.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median

import numpy as np

from benchmarks import ROOT
from benchmarks.machine import machine
from benchmarks.report import grid
from benchmarks.speed.generated import generated
from benchmarks.speed.workloads import WORKLOADS, Workload
from symbp import pipeline
from symbp.means import MEANS
from symbp.plan.savings import totals

DOCUMENT = ROOT / "docs" / "means.md"
KINDS = tuple(dict.fromkeys(workload.kind for workload in WORKLOADS))
COLUMNS = ("without", "step, ms", "its time over the module's", "held, MiB", "its bytes over the module's")
ROUNDS = 15
SECONDS = 0.03  # of one module in one round


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; write where every kind was measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.means", description="Time steps without a means.")
    parser.add_argument("kinds", nargs="*", choices=[[], *KINDS], help="all, where none is named")
    kinds = parser.parse_args(arguments).kinds
    sections = []
    for workload in (w for w in WORKLOADS if w.kind in (kinds or KINDS)):
        sections.append(f"## {workload.name}\n\n{grid(COLUMNS, list(rows(workload)))}\n")
        print(sections[-1], flush=True)
    if not kinds:
        DOCUMENT.write_text(document(sections), encoding="utf-8")
    return 0


def rows(workload: Workload) -> Iterator[tuple[str, ...]]:
    """The module as it is, then without each means that changes it, and without any."""
    made = dict(modules(workload))
    times = measured({name: step(each, workload) for name, each in made.items()})
    held = {name: totals(each, workload.batch).held for name, each in made.items()}
    for name in made:
        slower = median(times[name]) / median(times[""])
        figures = f"{1e3 * median(times[name]):.3f}", f"{slower:.2f}", f"{held[name] / 2**20:.2f}"
        yield name or "nothing", *figures, f"{held[name] / held['']:.2f}"


def modules(workload: Workload) -> Iterator[tuple[str, pipeline.Generated]]:
    """Modules by what they are without; one that is the same but for its head is left out."""
    whole = generated(workload)
    yield "", whole
    for name in MEANS:
        less = pipeline.generate(whole.spec, check=False, without=[name])
        if less.module.replace(f"without    {name}\n", "") != whole.module:
            yield name, less
    yield "any", pipeline.generate(whole.spec, check=False, without=MEANS)


def step(made: pipeline.Generated, workload: Workload) -> Callable[[], object]:
    """A step of training, once warm."""
    module = pipeline.load_module(made)
    trainer = module.Trainer(module.init(0, np.float32))
    x, y = workload.examples()
    trainer.step(x, y)
    return lambda: trainer.step(x, y)


def measured(steps: Mapping[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Seconds of a step of each, in rounds; each starts a round once."""
    found: dict[str, list[float]] = {name: [] for name in steps}
    names = list(steps)
    for turn in range(ROUNDS):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            calls, start = 0, time.perf_counter()
            while not calls or time.perf_counter() - start < SECONDS:
                steps[name]()
                calls += 1
            found[name].append((time.perf_counter() - start) / calls)
    return found


def document(sections: Sequence[str]) -> str:
    """docs/means.md."""
    opening = (
        "# What each means does, measured\n\n"
        "Written by `python -m benchmarks.means`. [The means](plan.md#the-means) are left out one at a time, then all "
        "of them; a means that does not change a module is not in its table. The modules of a workload take turns in "
        "one process; times are medians over the rounds, in float32. Bytes are those that `symbp plan` tells: the "
        "workspace, parameters, gradients and the optimizer's.\n\n"
        f"Machine: {machine()}\n\n"
    )
    return opening + "\n".join(sections)


if __name__ == "__main__":
    sys.exit(main())
