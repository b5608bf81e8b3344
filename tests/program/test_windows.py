"""Formulas that read through windows, forward and backward, as array operations, against the slow evaluator."""

from dataclasses import replace

import numpy as np
import pytest
from windowed import CASES, lowered

from symbp.program.interpret import run
from symbp.program.program import Columns, Map, OverlapAdd, Place, Pool, Program, Routine, Shift, Winners
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


KINDS = {  # what must be there, and what must not: arrays over every pair of positions, masks over windows
    "conv 2-D": ({Shift, Columns}, {Pool}),
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


BROKEN = [
    (Columns, lambda op: replace(op, windows=replace(op.windows, places=(Place(-1), *op.windows.places[1:]))), "place"),
    (
        Columns,
        lambda op: replace(
            op,
            windows=replace(
                op.windows,
                places=tuple(
                    replace(p, start=p.start + 1) if p.start == 0 and len(p.steps) > 1 else p for p in op.windows.places
                ),
            ),
        ),
        "leaves an axis",
    ),
    (Shift, lambda op: replace(op, border=None), "has no border"),
    (Columns, lambda op: replace(op, out=op.operand, operand=op.out), "before it is computed"),
]


@pytest.mark.parametrize(("kind", "broken", "message"), BROKEN, ids=[m for _, _, m in BROKEN])
def test_the_verifier_refuses_windows_that_leave_their_array(kind: type, broken: object, message: str) -> None:
    program = lowered("conv 2-D").program
    statements = []
    for statement in program.routines["forward"].statements:
        operations = [broken(op) if isinstance(op, kind) else op for op in statement.operations]  # type: ignore[operator]
        statements.append(replace(statement, operations=tuple(operations)))
    with pytest.raises(ProgramError, match=message):
        verify(Program(program.arrays, {"forward": Routine("forward", tuple(statements))}))
