"""Lines on what a bench is about to measure."""

from __future__ import annotations

import sys
import time


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
            left = f", {about(passed / self.measured * (self.unknown - self.measured))} left"
        self.measured += measured
        print(f"{self.number} of {self.count}{left}: {what}", file=sys.stderr, flush=True)


def about(seconds: float) -> str:
    """Whole minutes, where it is at least one."""
    minutes = round(seconds / 60)
    if not minutes:
        return "less than a minute"
    return f"about {minutes} {'minute' if minutes == 1 else 'minutes'}"
