"""Formulas that read through windows, forward and backward, as array operations, against the slow evaluator."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import sympy as sp
from windowed import CASES, lowered

from symbp.program.interpret import run
from symbp.program.operations import Columns, Convolve, Fill, Map, Op, OverlapAdd, Place, Pool, Scalar, Shift, Winners
from symbp.program.program import Program, Routine
from symbp.program.verify import ProgramError, verify


@pytest.mark.parametrize("name", CASES)
def test_operations_agree_with_the_evaluator(name: str) -> None:
    case = lowered(name)
    verify(case.program)
    found = run(case.program, ["forward"], case.given, case.n)
    for statement in case.program.routines["forward"].statements:
        tensor = statement.equation.target.tensor
        np.testing.assert_allclose(
            found[tensor], case.expected[tensor], rtol=1e-12, atol=1e-13, err_msg=str(statement.equation)
        )


# what must be there, and what must not: arrays over every pair of positions, masks over windows
KINDS: dict[str, tuple[set[type], set[type]]] = {
    "conv 2-D": ({Shift, Convolve}, {Pool, Columns, OverlapAdd}),
    "stride 1": ({Shift, Convolve}, {Pool, Columns, OverlapAdd}),
    "grouped": ({Convolve}, {Columns, OverlapAdd}),
    "depthwise": ({Convolve}, {Columns, OverlapAdd}),
    "transposed": ({Convolve}, {Columns, OverlapAdd}),
    "kernel 1": (set(), {OverlapAdd}),
    "average": ({Pool, OverlapAdd}, {Columns}),
    "maximum": ({Pool, Winners, OverlapAdd}, {Columns}),
    "maxima overlap": ({Pool, Winners, OverlapAdd}, {Columns}),
    "global maximum": ({Winners, OverlapAdd}, {Columns, Pool}),
    "blocks": (set(), {Columns, Pool, OverlapAdd}),
    "local contrast": ({Pool, OverlapAdd}, set()),
    "nearest": (set(), {Columns, Pool, OverlapAdd}),
}


@pytest.mark.parametrize("name", KINDS)
def test_windows_are_loops_over_slices(name: str) -> None:
    operations = [op for s in lowered(name).program.routines["forward"].statements for op in s.operations]
    wanted, refused = KINDS[name]
    assert wanted <= set(map(type, operations))
    assert not refused & set(map(type, operations))
    assert not any(isinstance(op, Map) and op.function in ("equal", "greater_equal") for op in operations)


def moved(op: Convolve) -> Convolve:
    """The windows one position further along every axis on which they slide."""
    places = tuple(replace(p, start=p.start + 1) if len(p.steps) > 1 else p for p in op.right_places)
    return replace(op, right_places=places)


BROKEN = [
    ("conv 2-D", Convolve, lambda op: replace(op, right_places=(Place(0), *op.right_places[1:])), "in one place"),
    ("conv 2-D", Convolve, moved, "leaves an axis"),
    ("conv 2-D", Convolve, lambda op: replace(op, block=op.right_axes[-1]), "no blocks"),
    ("conv 2-D", Convolve, lambda op: replace(op, out=op.right), "overwritten while it is read"),
    ("conv 2-D", Convolve, lambda op: replace(op, left_axes=op.left_axes[::-1]), "index .* is .* and"),
    ("conv 2-D", Shift, lambda op: replace(op, border=None), "has no border"),
    ("causal", Columns, lambda op: replace(op, out=op.operand, operand=op.out), "before it is computed"),
]


@pytest.mark.parametrize(("name", "kind", "broken", "message"), BROKEN, ids=[m for *_, m in BROKEN])
def test_the_verifier_refuses_windows_that_leave_their_array(
    name: str, kind: type, broken: Callable[[Any], Op], message: str
) -> None:
    program = lowered(name).program
    statements = []
    for statement in program.routines["forward"].statements:
        operations = [broken(op) if isinstance(op, kind) else op for op in statement.operations]
        statements.append(replace(statement, operations=tuple(operations)))
    with pytest.raises(ProgramError, match=message):
        verify(Program(program.arrays, {"forward": Routine("forward", tuple(statements))}))


def test_the_verifier_refuses_a_base_of_what_is_not_added_up() -> None:
    program = lowered("conv 2-D").program
    first, *_ = program.routines["forward"].statements
    place, op = next((k, op) for k, op in enumerate(first.operations) if isinstance(op, Convolve))
    operations = *first.operations[:place], Fill(op.out, Scalar(sp.Integer(1))), replace(op, base=op.out)
    filled = replace(first, operations=operations)
    with pytest.raises(ProgramError, match="products of blocks of e are not added up, and so to no base"):
        verify(Program(program.arrays, {"forward": Routine("forward", (filled,))}))
