"""A matrix that every step of a loop multiplies by, laid out once before the loop as products read it fastest.

In `out[n, k] = sum[j] a[n, j] * V[k, j]` a library reads V across its rows, and gathers it anew in every product. For a
few rows n that takes as long as the arithmetic. A copy of V with k last is read along its rows.

Not here: matrices that products stand beside once, for which the copy costs what it saves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import sympy as sp

from symbp.formula.equation import Equation
from symbp.formula.expression import element, index
from symbp.program.cost import Sizes
from symbp.program.fresh import Fresh
from symbp.program.operands import written
from symbp.program.operations import Contract, Op, Side
from symbp.program.program import Item, Loop, Program, Routine, Statement
from symbp.program.sequences import SEQUENCES

STEPS = 8  # from so many on the copy pays


def transposed(program: Program, batch: int) -> Program:
    """The program with such copies; loops of fewer than `STEPS` steps stay."""
    arrays, routines = dict(program.arrays), dict(program.routines)
    for sequence in SEQUENCES:
        transposing = _Transposing(Fresh(arrays), batch)
        for name in (name for name in sequence if name in routines):
            routines[name] = Routine(name, tuple(transposing.changed(routines[name].statements)))
    return replace(program, arrays=arrays, routines=routines)


@dataclass
class _Transposing:
    """A sequence of routines on its way."""

    fresh: Fresh
    batch: int

    def changed(self, items: Iterable[Item]) -> Iterator[Item]:
        """The statements and loops, and copies before loops."""
        for item in items:
            yield from self.loop(item) if isinstance(item, Loop) else (item,)

    def loop(self, loop: Loop) -> Iterator[Item]:
        """The copies that a loop needs, and the loop that reads them."""
        if Sizes(self.fresh.arrays, self.batch).steps(loop) < STEPS:
            yield loop
            return
        inside = {*written(loop), *(each.out for each in loop.slices), *(op.out for op in loop.operations)}
        copies: dict[tuple[str, int], str] = {}
        statements = []
        for statement in loop.statements:
            operations: list[Op] = []
            for op in statement.operations:
                if isinstance(op, Contract) and (found := _across(op, inside)):
                    side, matrix, letters, kept = found
                    if (matrix, kept) not in copies:
                        copies[matrix, kept], copy = self.copy(loop.block, matrix, kept)
                        yield copy
                    op = op.with_operand(side, copies[matrix, kept], letters[kept:] + letters[:kept])
                operations.append(op)
            statements.append(replace(statement, operations=tuple(operations)))
        yield replace(loop, statements=tuple(statements))

    def copy(self, block: str, matrix: str, kept: int) -> tuple[str, Statement]:
        """A copy of a matrix with its first `kept` axes last, and the statement that makes it."""
        shape = self.fresh.arrays[matrix].shape
        order = (*range(kept, len(shape)), *range(kept))
        letters = [index(letter) for letter in "ijklmnop"[: len(order)]]
        copy, operations = self.fresh.permuted(matrix, "transposed", order)
        local, target = (name.removeprefix(f"{block}.").replace(".", "_") for name in (matrix, copy))
        sizes = {letter: sp.Integer(dim) for letter, dim in zip(letters, shape, strict=True)}
        equation = Equation(element(target, *(letters[axis] for axis in order)), element(local, *letters), sizes)
        return copy, Statement(block, equation, operations)


def _across(op: Contract, inside: set[str]) -> tuple[Side, str, str, int] | None:
    """The operand from outside the loop that the product reads across its rows, and how many of its axes stay."""
    if op.stack or op.base is not None:
        return None
    for side, name, axes, others in op.operands:
        kept = "".join(letter for letter in axes if letter in op.out_axes)
        rows = [letter for letter in others if letter in op.out_axes]
        whole = axes.startswith(kept) and op.out_axes.endswith(kept)
        if name not in inside and kept and rows and whole and axes != kept:
            return side, name, axes, len(kept)
    return None
