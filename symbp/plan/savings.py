"""What each means saves: the program of a step beside the one without it, and beside one without any."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from symbp.means import MEANS
from symbp.pipeline import Programmed, program
from symbp.plan.report import draws, steps
from symbp.program.cost import Cost
from symbp.targets.numpy import memory

IN_DERIVATION = "saved values"  # the means on which the derivation depends; the others change the program alone


@dataclass(frozen=True)
class Totals:
    """Of a step: arithmetic operations, bytes read and written, bytes held."""

    operations: int
    moved: int
    held: int

    def __sub__(self, other: Totals) -> Totals:
        return Totals(self.operations - other.operations, self.moved - other.moved, self.held - other.held)


@dataclass(frozen=True)
class Savings:
    """A step as it is, one without any means, and of each means what a step without it alone has more."""

    optimized: Totals
    naive: Totals
    by: Mapping[str, Totals]


def savings(
    made: Programmed, batch: int, over: Callable[[Sequence[str]], Iterable[str]] = lambda names: names
) -> Savings:
    """The savings of the means that the program does not leave out, for batches of this size.

    `over` goes over their names, and may show how far it is.
    """
    without, whole = made.optimized.without, totals(made, batch)
    derivations = {IN_DERIVATION in without: made.derivation}

    def less(names: Iterable[str]) -> Totals:
        left = {*without, *names}
        lesser = program(made.spec, left, derivations.get(IN_DERIVATION in left))
        derivations[IN_DERIVATION in left] = lesser.derivation
        return totals(lesser, batch)

    by = {name: less([name]) - whole for name in over([name for name in MEANS if name not in without])}
    return Savings(whole, less(MEANS), by)


def totals(made: Programmed, batch: int) -> Totals:
    """The totals of a step for batches of this size."""
    lines = (*(line.operations for line in draws(made, batch)), *(found for _, _, found in steps(made, batch)))
    total = sum((each.cost for operations in lines for each in operations), Cost())
    held = sum(memory(made.spec, made.derivation, made.optimized, batch, made.spec.dtype).values())
    return Totals(total.operations, total.read + total.written, held)
