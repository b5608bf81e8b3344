"""What each means costs to leave out: `python -m benchmarks.means [KIND ...]`, into docs/means.md where all are taken.

The module of a workload, one without each means that changes it, and one without any take turns in one process, on one
thread. Each begins a round with a trainer in another place in memory: where arrays happen to lie makes as much of a
difference as some means.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Any

import numpy as np

from benchmarks import ROOT
from benchmarks.machine import machine
from benchmarks.progress import Progress
from benchmarks.report import grid
from benchmarks.speed.generated import generated
from benchmarks.speed.workloads import WORKLOADS, Workload
from benchmarks.turns import middle, on_one_thread, ratios, taken_in_turns
from symbp import pipeline
from symbp.means import MEANS
from symbp.plan.savings import totals

DOCUMENT = ROOT / "docs" / "means.md"
KINDS = tuple(dict.fromkeys(workload.kind for workload in WORKLOADS))
OVER = "its time over the module's"
COLUMNS = ("without", "step, ms", OVER, "middle half", "held, MiB", "its bytes over the module's")
ROUNDS = 15
SECONDS = 0.03  # of one module in one round
PLACES = 1 << 16  # bytes, by which memory is moved


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; write where every kind was measured."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.means",
        description="Time steps without a means. Without a kind every workload is measured, which takes minutes, and "
        "docs/means.md is written; with kinds their tables are printed, and nothing is written.",
    )
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"{', '.join(KINDS)}; all, where none is named")
    kinds = parser.parse_args(arguments).kinds
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        parser.error(f"no kind of workload is named `{unknown[0]}`; there are {', '.join(KINDS)}")
    workloads = [workload for workload in WORKLOADS if workload.kind in (kinds or KINDS)]
    count = len(workloads) * (len(MEANS) + 3)  # the module, those without one means and without any, and their times
    progress = Progress(count, count)
    sections, changing = [], set[str]()
    for workload in workloads:
        table = list(rows(workload, progress))
        changing.update(row[0] for row in table)
        sections.append(f"## {workload.name}\n\n{grid(COLUMNS, table)}\n")
        print(sections[-1], flush=True)
    if not kinds:
        DOCUMENT.write_text(document(sections, [name for name in MEANS if name not in changing]), encoding="utf-8")
        print(f"written: {DOCUMENT.relative_to(ROOT)}", file=sys.stderr)
    return 0


def rows(workload: Workload, progress: Progress) -> Iterator[tuple[str, ...]]:
    """The module as it is, then without each means that changes it, and without any."""
    made = dict(modules(workload, progress))
    progress.say(f"{workload.name}: steps of {len(made)} modules", measured=True)
    loaded = {name: pipeline.load_module(each) for name, each in made.items()}
    draw = np.random.default_rng(0)
    times: dict[str, list[float]] = {name: [] for name in made}
    for _ in range(ROUNDS):
        beside = []  # keeps the next trainer's arrays from lying where those of the last one did
        forms = {}
        for name in draw.permutation([*made]).tolist():
            beside.append(np.empty(draw.integers(1, PLACES), np.uint8))
            forms[name] = step(loaded[name], workload)
        for name, (seconds,) in taken_in_turns(forms, 1, SECONDS).items():
            times[name].append(seconds)
    held = {name: totals(each, workload.batch).held for name, each in made.items()}
    for name in made:
        found = ratios(times[name], times[""])
        figures = f"{1e3 * median(times[name]):.3f}", f"{median(found):.2f}", middle(found) if name else "-"
        yield name or "nothing", *figures, f"{held[name] / 2**20:.2f}", f"{held[name] / held['']:.2f}"


def modules(workload: Workload, progress: Progress) -> Iterator[tuple[str, pipeline.Generated]]:
    """Modules by what they are without; one that is the same but for its head is left out."""
    progress.say(f"{workload.name}: the module", measured=True)
    whole = generated(workload)
    yield "", whole
    for name in MEANS:
        progress.say(f"{workload.name}: without {name}", measured=True)
        less = pipeline.generate(whole.spec, check=False, without=[name])
        if less.module.replace(f"without    {name}\n", "") != whole.module:
            yield name, less
    progress.say(f"{workload.name}: without any", measured=True)
    yield "any", pipeline.generate(whole.spec, check=False, without=MEANS)


def step(module: Any, workload: Workload) -> Callable[[], object]:
    """A step of training, once warm."""
    trainer = module.Trainer(module.init(0, np.float32))
    x, y = workload.examples()
    trainer.step(x, y)
    return lambda: trainer.step(x, y)


def document(sections: Sequence[str], idle: Sequence[str]) -> str:
    """docs/means.md; means that are `idle` change none of the modules."""
    named = ", ".join(f"`{name}`" for name in idle)
    opening = (
        "# What each means does, measured\n\n"
        "Written by `python -m benchmarks.means`. [The means](plan.md#the-means) are left out one at a time, then all "
        "of them; a means that does not change a module is not in its table"
        f"{f', and these change none: {named}' if named else ''}. The modules of a workload take turns in one process, "
        "on one thread, in every round with memory in other places; times are medians over the rounds, in float32, and "
        "ratios those of rounds, with the middle half of them: a means whose middle half holds 1 was not told from "
        "noise. A module may be faster without a means: some save memory, and the costs by which others are chosen are "
        "counts. Bytes are those that `symbp plan` tells: the workspace, parameters, gradients and the optimizer's.\n\n"
        f"Machine: {machine()}\n\n"
    )
    return opening + "\n".join(sections)


if __name__ == "__main__":
    on_one_thread("benchmarks.means")
    sys.exit(main())
