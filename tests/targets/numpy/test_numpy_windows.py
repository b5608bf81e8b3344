"""Operations on windows as lines of NumPy: what they compute, and that they compute it again in the same arrays."""

import math
import types

import numpy as np
import pytest
from windowed import CASES, lowered

from symbp.program.plan import Plan
from symbp.targets.numpy import convolve, names, routines, windows, workspace
from symbp.targets.numpy.operations import lines
from symbp.targets.numpy.scope import Scope


@pytest.mark.parametrize("name", CASES)
def test_lines_agree_with_the_evaluator(name: str) -> None:
    case = lowered(name)
    operations = routines.operations(case.program.routines["forward"].statements)
    references = names.references(case.program.arrays, "_")
    scope = Scope(case.program.arrays, references, {}, depth=0)
    scope.bind(operations)
    body = [line for op in operations for line in lines(op, scope)]
    made = workspace.allocations(case.program, Plan({}), {}, scope, "_")
    ws = types.SimpleNamespace()
    space = {"np": np, "math": math, "self": ws, "ws": ws, "n": case.n, "dtype": np.float64, **case.given}
    exec("\n".join(line for each in made for line in each.lines), space)
    for sign in (-1, 1):  # a border survives the first run
        space |= {tensor: sign * value for tensor, value in case.given.items()}
        exec("\n".join(body), space)
    for statement in case.program.routines["forward"].statements:
        tensor = statement.equation.target.tensor
        np.testing.assert_allclose(
            eval(scope[tensor], space), case.expected[tensor], rtol=1e-12, atol=1e-13, err_msg="\n".join(body)
        )


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_einsum(name: str) -> None:
    """Only what holds no matrix may go through `np.einsum`; no window does."""
    case = lowered(name)
    operations = routines.operations(case.program.routines["forward"].statements)
    scope = Scope(case.program.arrays, names.references(case.program.arrays, "_"), {}, depth=0)
    scope.bind(operations)
    assert "einsum" not in "".join(line for op in operations for line in lines(op, scope))
    assert windows.NAMES
    assert convolve.COUNT


def test_loops_stand_over_slices() -> None:
    case = lowered("conv 2-D")
    operations = routines.operations(case.program.routines["forward"].statements)
    scope = Scope(case.program.arrays, names.references(case.program.arrays, "_"), {}, depth=0)
    scope.bind(operations)
    body = [line for op in operations for line in lines(op, scope)]
    assert body[:13] == [
        "np.copyto(ws.y_padded[:, :, 1:8, 1:7], x.transpose(1, 0, 2, 3))",
        "# a block at a time, which stays in a cache: the columns that windows show, their product",
        "rows = ws.block.size // (2 * 3 * 2 * 4 * 4)",
        "for start in range(0, n, rows):",
        "    count = min(rows, n - start)",
        "    columns = ws.block[: 2 * 3 * 2 * count * 4 * 4].reshape(2, 3, 2, count, 4, 4)",
        "    for u in range(3):",
        "        for v in range(2):",
        "            columns[:, u, v] = ws.y_padded[:, start : start + count, u : u + 7 : 2, v : v + 7 : 2]",
        "    np.matmul(",
        "        w.reshape(4, 2 * 3 * 2),",
        "        columns.reshape(2 * 3 * 2, count * 4 * 4),",
        "        out=ws.y_product[:, start : start + count].reshape(4, count * 4 * 4),",
    ]
