"""What each means saves: the program of a step beside the one without it, and beside one without any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from symbp.means import MEANS
from symbp.pipeline import Programmed, program
from symbp.plan.report import steps
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


def savings(made: Programmed, batch: int) -> Savings:
    """The savings of the means that the program does not leave out, for batches of this size."""
    without, whole = made.optimized.without, totals(made, batch)
    derivations = {IN_DERIVATION in without: made.derivation}

    def less(names: Iterable[str]) -> Totals:
        left = {*without, *names}
        lesser = program(made.spec, left, derivations.get(IN_DERIVATION in left))
        derivations[IN_DERIVATION in left] = lesser.derivation
        return totals(lesser, batch)

    return Savings(whole, less(MEANS), {name: less([name]) - whole for name in MEANS if name not in without})


def totals(made: Programmed, batch: int) -> Totals:
    """The totals of a step for batches of this size."""
    total = sum((each.cost for _, _, operations in steps(made, batch) for each in operations), Cost())
    held = sum(memory(made.spec, made.derivation, made.optimized, batch, made.spec.dtype).values())
    return Totals(total.operations, total.read + total.written, held)
