"""Every workload on one and two threads, into docs/benchmarks.md; or some, printed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from benchmarks import ROOT
from benchmarks.progress import Progress
from benchmarks.report import HEADINGS, Figure, grid, status
from benchmarks.speed import kept, memory, start_up
from benchmarks.speed.contender import CONTENDERS, OURS
from benchmarks.speed.document import Section, document, in_readme
from benchmarks.speed.generated import generated
from benchmarks.speed.goals import figures, peaks, place
from benchmarks.speed.kept import Besides
from benchmarks.speed.picture import pictures
from benchmarks.speed.rounds import MIXED, OFTENER, REST, ROUNDS, SAMPLE, available, measure
from benchmarks.speed.workloads import WORKLOADS, Workload
from symbp.files import replace_file

DOCUMENT = ROOT / "docs" / "benchmarks.md"
README = ROOT / "README.md"
KINDS = tuple(dict.fromkeys(workload.kind for workload in WORKLOADS))
THREADS = [1, 2]


HELP = """\
Without arguments everything is measured, on one and two threads, which takes about a quarter of an hour, and written
to docs/benchmarks.md, to its two pictures in docs/images, and to the block of README.md that shows one. With kinds,
-t or -c what was measured is printed, and nothing is written.

kinds: {kinds}
contenders, each one argument: {contenders}
"""


@dataclass(frozen=True)
class Chosen:
    """What a command line asks for."""

    kinds: Sequence[str]
    threads: Sequence[int]
    contenders: Sequence[str]
    rounds: int | None
    resume: bool

    @property
    def everything(self) -> bool:
        """Whether the pages can be written from it."""
        return not self.kinds and [*self.threads] == THREADS and [*self.contenders] == [*CONTENDERS]


def chosen_by(arguments: Sequence[str] | None) -> Chosen:
    """A command line; what it cannot mean ends the program. Options end where the name of a kind stands."""
    quoted = ", ".join(f"'{name}'" for name in CONTENDERS)
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed",
        description="Time training steps beside those of others.",
        epilog=HELP.format(kinds=", ".join(KINDS), contenders=quoted),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("kinds", nargs="*", metavar="KIND", help="of workloads; all, where none is named")
    parser.add_argument("-t", "--threads", nargs="*", metavar="N", help="numbers of threads, in place of 1 and 2")
    parser.add_argument("-c", "--contenders", nargs="*", metavar="NAME", help="those beside symbp, which always runs")
    often = f"so many, in place of {ROUNDS[0]} to {ROUNDS[1]}; of several threads up to {OFTENER} times as many"
    parser.add_argument("-r", "--rounds", metavar="N", help=often)
    resumed = "go on where a run of everything was stopped: take from build/speed what it had measured"
    parser.add_argument("--resume", action="store_true", help=resumed)
    given = parser.parse_args(arguments)
    kinds = list(given.kinds)
    threads, contenders = (
        None if each is None else [word for word in each if word not in KINDS]
        for each in (given.threads, given.contenders)
    )
    kinds += [word for each in (given.threads, given.contenders) for word in each or () if word in KINDS]
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        parser.error(f"no kind of workload is named `{unknown[0]}`; there are {', '.join(KINDS)}")
    if threads == []:
        parser.error("-t takes numbers of threads, as in `-t 1 2`")
    if contenders == []:
        parser.error(f"-c takes names, as in `-c PyTorch 'symbp, SciPy'`; there are {quoted}")
    for name in contenders or ():
        if name not in CONTENDERS:
            parser.error(f"no contender is named `{name}`; there are {quoted}, each one argument")
    cores = len(available())
    for word in threads or ():
        if not word.isdecimal() or not 1 <= int(word) <= cores:
            parser.error(f"-t {word}: expected a number of threads from 1 to {cores}, as many cores as there are")
    if given.rounds is not None and not (given.rounds.isdecimal() and int(given.rounds) > 0):
        parser.error(f"-r {given.rounds}: expected a number of rounds, 1 or more")
    chosen = Chosen(
        kinds,
        THREADS if threads is None else [*dict.fromkeys(map(int, threads))],
        [*CONTENDERS] if contenders is None else contenders,
        None if given.rounds is None else int(given.rounds),
        given.resume,
    )
    if chosen.resume and not chosen.everything:
        parser.error("--resume is for a run of everything: leave out kinds, -t and -c")
    return chosen


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; write where everything was measured. The exit status is 1 where a figure does not hold."""
    chosen = chosen_by(arguments)
    everything = chosen.everything
    names = [OURS, *(name for name in chosen.contenders if name != OURS)]
    rounds = (chosen.rounds, chosen.rounds) if chosen.rounds else ROUNDS
    if everything and not chosen.resume:
        kept.forget()
    workloads = [workload for workload in WORKLOADS if workload.kind in (chosen.kinds or KINDS)]
    names_of = {(w.name, t): f"{w.kind}-{w.batch}-{t}" for w in workloads for t in chosen.threads}
    of = {kept.BESIDES: made_of(*workloads)} if everything else {}
    of |= {names_of[w.name, t]: made_of(w) + taking_part(w, t) for w in workloads for t in chosen.threads}
    progress = Progress(len(of), len([part for part in of if not (everything and kept.is_there(part, of[part]))]))
    besides = memory_and_start_up(progress, of[kept.BESIDES]) if everything else None
    goals, sections = [], []
    for workload in workloads:
        for threads in chosen.threads:
            name = names_of[workload.name, threads]
            results = kept.results(name, of[name]) if everything else None
            progress.say(place(workload, threads), measured=results is None)
            if results is None:
                compiled = kept.compiled(f"{workload.kind}-{workload.batch}") if everything else None
                results = measure(workload, names, threads, rounds, compiled)
                if everything:
                    kept.keep(name, results, of[name])
            for caches, turns in results.by_caches(rounds[0]).items():
                sections.append(Section(workload, threads, turns, caches))
                goals += figures(workload, threads, turns, caches) if caches != MIXED else []
                print(sections[-1], flush=True)
            goals += peaks(workload, threads, results)
    if goals:
        print(grid(HEADINGS, [figure.cells() for figure in goals]))
    if besides:
        for path, content in written(besides, goals, sections):
            replace_file(path, content)
            print(f"written: {path.relative_to(ROOT)}", file=sys.stderr)
    return status([*goals, *(besides.figures if besides else ())]) if goals else 0


def written(besides: Besides, goals: Sequence[Figure], sections: Sequence[Section]) -> Iterator[tuple[Path, bytes]]:
    """The pictures, then the pages that show them."""
    for mode, picture in pictures(sections):
        yield DOCUMENT.parent / "images" / f"benchmarks-{mode}.svg", picture
    yield DOCUMENT, document([*goals, *besides.figures], besides.imports, sections).encode()
    yield README, in_readme(README.read_text(encoding="utf-8"), sections).encode()


def made_of(*workloads: Workload) -> str:
    """What was measured of these holds only for: the same modules, measured in the same way."""
    modules = [generated(workload).module for workload in workloads]
    return sha256("".join([*modules, *map(repr, (SAMPLE, ROUNDS, OFTENER, REST))]).encode()).hexdigest()


def taking_part(workload: Workload, threads: int) -> str:
    """By whom it was measured: with another contender it is measured again."""
    entries = {name: entry for name, entry in CONTENDERS.items() if entry.where(workload, threads)}
    return repr([(name, entry.changes_for(threads), entry.variables(threads)) for name, entry in entries.items()])


def memory_and_start_up(progress: Progress, of: str) -> Besides:
    """Measured, where it was not kept."""
    found = kept.besides(of)
    progress.say("memory and start-up", measured=found is None)
    if found is None:
        largest = {workload.kind: workload for workload in WORKLOADS}
        of_memory = [*map(memory.planned, WORKLOADS), *map(memory.growth, largest.values())]
        of_start_up, imports = start_up.figures()
        found = Besides(of_memory + of_start_up, imports)
        kept.keep(kept.BESIDES, found, of)
    return found


if __name__ == "__main__":
    sys.exit(main())
