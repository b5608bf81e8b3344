"""Whether a constant decides rightly at a size: what it chooses beside what it could have chosen."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from benchmarks.thresholds.otherwise import Settings, otherwise, value
from benchmarks.thresholds.variants import Maker, Variant
from benchmarks.turns import middle, ratios, taken_in_turns

RIGHT = 1.1  # of the time of the fastest: so much is taken for as fast
ROUNDS, SECONDS = 9, 0.008  # of each form in a round
COLD = 0.0005  # the same where caches are emptied before each call, which takes longer than the call
EMPTIED = 1 << 21  # numbers, more than a core's own caches hold


@dataclass(frozen=True)
class Case:
    """Something that is written in one of several forms; `at` names its size."""

    at: str
    make: Maker


@dataclass(frozen=True)
class Threshold:
    """Constants, by their places, that choose among `forms`, which these settings bring about.

    Of a `compromise` the faster form is not always the right one: `decides` says why. With `cold`, operands are not in
    the core's own caches, as in a step that comes to them once.
    """

    places: tuple[str, ...]
    decides: str
    forms: Mapping[str, Settings]
    cases: Sequence[Case]
    compromise: bool = False
    cold: bool = False


@dataclass(frozen=True)
class Judged:
    """Seconds of each form, medians over rounds; those of the chosen one over those of the fastest of the others."""

    at: str
    seconds: Mapping[str, float]
    chosen: str
    over: float
    spread: str

    @property
    def right(self) -> bool:
        """Whether it is as fast as any other, or next to that."""
        return self.over <= RIGHT


def written(case: Case, forms: Mapping[str, Settings]) -> tuple[dict[str, Variant], str]:
    """The forms that differ, and which of them is chosen; ValueError where all are one."""
    actual, found = case.make(), dict[str, Variant]()
    for name in sorted(forms, key=lambda name: not _is_so(forms[name])):
        with otherwise(forms[name]):
            made = case.make()
        if all(made.text != other.text for other in found.values()):
            found[name] = made
    found = {name: found[name] for name in forms if name in found}
    if len(found) < 2:
        raise ValueError(f"{case.at}: {', '.join(forms)} are all one, so that nothing is decided")
    chosen = next((name for name, made in found.items() if made.text == actual.text), "")
    return (found, chosen) if chosen else ({"as decided": actual, **found}, "as decided")


def _is_so(settings: Settings) -> bool:
    """Whether the constants are what they are set to: of forms that are one, the name of this one stays."""
    return all(value(place) == set_to for place, set_to in settings.items())


def judged(case: Case, threshold: Threshold) -> Judged:
    """The forms take turns; their time is this thread's on the processor."""
    made, chosen = written(case, threshold.forms)
    ready = {name: variant.ready() for name, variant in made.items()}
    for form in ready.values():
        form()
    memory = np.zeros(EMPTIED, np.float32)
    before = (lambda: np.add(memory, 1, out=memory)) if threshold.cold else None
    times = taken_in_turns(ready, ROUNDS, COLD if threshold.cold else SECONDS, time.thread_time, before)
    return of_times(case.at, times, chosen)


def of_times(at: str, times: Mapping[str, Sequence[float]], chosen: str) -> Judged:
    """What times by round tell."""
    seconds = {name: median(each) for name, each in times.items()}
    fastest = min((name for name in seconds if name != chosen), key=seconds.__getitem__)
    over = ratios(times[chosen], times[fastest])
    return Judged(at, seconds, chosen, median(over), middle(over))
