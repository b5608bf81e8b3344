"""Every workload on one and two threads, into docs/benchmarks.md; or some, printed."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import ROOT
from benchmarks.report import HEADINGS, Figure, grid, status
from benchmarks.speed import kept, memory, start_up
from benchmarks.speed.contender import CONTENDERS, OURS
from benchmarks.speed.document import Section, document, in_readme
from benchmarks.speed.goals import figures, place
from benchmarks.speed.kept import Besides
from benchmarks.speed.picture import pictures
from benchmarks.speed.rounds import ROUNDS, measure
from benchmarks.speed.workloads import WORKLOADS
from symbp.files import replace_file

DOCUMENT = ROOT / "docs" / "benchmarks.md"
README = ROOT / "README.md"
KINDS = tuple(dict.fromkeys(workload.kind for workload in WORKLOADS))
THREADS = [1, 2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; write where everything was measured. The exit status is 1 where a figure does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description="Time training steps.")
    parser.add_argument("kinds", nargs="*", choices=[[], *KINDS], help="all, where none is named")
    parser.add_argument("-t", "--threads", type=int, nargs="*", default=THREADS)
    parser.add_argument("-r", "--rounds", type=int, help="no more and no less")
    parser.add_argument("-c", "--contenders", nargs="*", choices=[*CONTENDERS], default=[*CONTENDERS])
    parser.add_argument("--resume", action="store_true", help="go on where a run of everything was stopped")
    chosen = parser.parse_args(arguments)
    everything = not chosen.kinds and chosen.threads == THREADS and chosen.contenders == [*CONTENDERS]
    if chosen.resume and not everything:
        parser.error("--resume is for a run of everything")
    names = [OURS, *(name for name in chosen.contenders if name != OURS)]
    rounds = (chosen.rounds, chosen.rounds) if chosen.rounds else ROUNDS
    if everything and not chosen.resume:
        kept.forget()
    workloads = [workload for workload in WORKLOADS if workload.kind in (chosen.kinds or KINDS)]
    names_of = {(w.name, t): f"{w.kind}-{w.batch}-{t}" for w in workloads for t in chosen.threads}
    parts = [*names_of.values(), *([kept.BESIDES] if everything else [])]
    progress = Progress(len(parts), len([part for part in parts if not (everything and kept.is_there(part))]))
    besides = memory_and_start_up(progress) if everything else None
    goals, sections = [], []
    for workload in workloads:
        for threads in chosen.threads:
            name = names_of[workload.name, threads]
            results = kept.results(name) if everything else None
            progress.say(place(workload, threads), measured=results is None)
            if results is None:
                compiled = kept.compiled(f"{workload.kind}-{workload.batch}") if everything else None
                results = measure(workload, names, threads, rounds, compiled)
                if everything:
                    kept.keep(name, results)
            sections.append(Section(workload, threads, results))
            goals += figures(workload, threads, results)
            print(sections[-1], flush=True)
    print(grid(HEADINGS, [figure.cells() for figure in goals]))
    if besides:
        for path, content in written(besides, goals, sections):
            replace_file(path, content)
            print(f"written: {path.relative_to(ROOT)}", file=sys.stderr)
    return status([*goals, *(besides.figures if besides else ())])


def written(besides: Besides, goals: Sequence[Figure], sections: Sequence[Section]) -> Iterator[tuple[Path, bytes]]:
    """The pictures, then the pages that show them."""
    for mode, picture in pictures(sections):
        yield DOCUMENT.parent / "images" / f"benchmarks-{mode}.svg", picture
    yield DOCUMENT, document([*goals, *besides.figures], besides.imports, sections).encode()
    yield README, in_readme(README.read_text(encoding="utf-8"), sections).encode()


def memory_and_start_up(progress: Progress) -> Besides:
    """Measured, where it was not kept."""
    found = kept.besides()
    progress.say("memory and start-up", measured=found is None)
    if found is None:
        largest = {workload.kind: workload for workload in WORKLOADS}
        of_memory = [*map(memory.planned, WORKLOADS), *map(memory.growth, largest.values())]
        of_start_up, imports = start_up.figures()
        found = Besides(of_memory + of_start_up, imports)
        kept.keep(kept.BESIDES, found)
    return found


class Progress:
    """Lines that tell what is measured, and how long the rest will take if it goes on like this."""

    def __init__(self, count: int, unknown: int) -> None:
        """Nothing is done yet; so many are not known."""
        self.count, self.unknown, self.number, self.measured, self.start = count, unknown, 0, 0, time.perf_counter()

    def say(self, what: str, measured: bool) -> None:
        """The next is about to be measured, or is known."""
        self.number += 1
        left = ""
        if self.measured:
            passed = time.perf_counter() - self.start
            left = f", about {passed / self.measured * (self.unknown - self.measured) / 60:.0f} minutes left"
        self.measured += measured
        print(f"{self.number} of {self.count}{left}: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
