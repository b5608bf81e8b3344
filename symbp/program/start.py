"""Products of a loop that come later: at its first step they multiply zeros, and are zeros, without being computed.

    z[n,j] = sum[k] h[n,t-1,k] * V[k,j]     of h before the first step, which is zeros

Of T steps that is one product in T, forward and backward. Parameters are taken to be finite: 0 V is NaN where V is.

Not here: states before the first step that are given; zeros that a product reads through an operation of the step.
"""

from __future__ import annotations

from dataclasses import replace

from symbp.program.operands import reads, written
from symbp.program.operations import Contract, Op
from symbp.program.program import Item, Loop, Program
from symbp.program.sequences import SEQUENCES, over


def started(program: Program) -> Program:
    """The program with such products marked in all loops."""
    for sequence in SEQUENCES:
        program = over(program, sequence, lambda items: [_later(item) for item in items])
    return program


def _later(item: Item) -> Item:
    if not isinstance(item, Loop):
        return item
    zeros = zeros_at_first(item)

    def marked(op: Op) -> Op:
        later = isinstance(op, Contract) and op.base is None and not zeros.isdisjoint(reads(op))
        return replace(op, later=True) if isinstance(op, Contract) and later else op

    return item.with_statements(lambda each: replace(each, operations=tuple(map(marked, each.operations))))


def zeros_at_first(loop: Loop) -> frozenset[str]:
    """The slices of what the loop writes that hold zeros at the first step: those of steps before, without an edge."""
    away, made = 1 if loop.backwards else -1, {*written(loop)}
    made -= {edge.array for edge in loop.edges if edge.after == loop.backwards}
    return frozenset(each.out for each in loop.slices if each.shift * away > 0 and each.array in made)
