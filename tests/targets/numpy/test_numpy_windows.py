"""Operations on windows as lines of NumPy: what they compute, and that they compute it again in the same arrays."""

import math
import types
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import sympy as sp
from targets.numpy.watched import ROUTINES as WATCHED
from windowed import CASES, Lowered, lowered

from symbp.program.operations import Convolve, Fill, Op, Scalar
from symbp.program.plan import Plan
from symbp.spec.model import Blas
from symbp.targets.numpy import convolve, names, routines, workspace
from symbp.targets.numpy.extras import BLOCK
from symbp.targets.numpy.operations import lines
from symbp.targets.numpy.scope import Scope

LIBRARIES = get_args(Blas)


KEEP, SCALE = sp.symbols("keep scale")
OLD = 7.0  # what every array holds before an operation is carried out


def carried_out(
    case: Lowered, operations: Sequence[Op], library: Blas, times: Sequence[int]
) -> tuple[str, Callable[[str], np.ndarray]]:
    """The lines, carried out with these multiples of what is given; arrays by name."""
    symbols = {str(symbol): str(symbol) for symbol in (KEEP, SCALE)}
    scope = Scope(case.program.arrays, names.references(case.program.arrays, "_"), symbols, depth=0, blas=library)
    scope.bind(operations)
    body = "\n".join(line for op in operations for line in lines(op, scope))
    made = workspace.allocations(case.program, Plan({}), {}, scope)
    ws = types.SimpleNamespace(dtype=np.float64)
    space = {"np": np, "math": math, "blas": WATCHED, "self": ws, "ws": ws, "n": case.n, "dtype": np.float64}
    space |= {"keep": 0.5, "scale": -3.0}
    exec("\n".join(line for each in made for line in each.lines), {**space, **case.given})
    for time in times:
        exec(body, space | {tensor: time * value for tensor, value in case.given.items()})
    return body, lambda name: np.asarray(eval(scope[name], {**space, **case.given}))


@pytest.fixture(params=[1, BLOCK], ids=["a row at a time", "all at once"])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many numbers a block has where a row has fewer; small products of a stack go to SciPy too."""
    monkeypatch.setattr(workspace, "BLOCK", request.param)
    monkeypatch.setattr("symbp.targets.numpy.blas.ALONE", 0)
    monkeypatch.setattr("symbp.targets.numpy.blas.ALONE_IN_ROWS", 0)
    return int(request.param)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", CASES)
def test_lines_agree_with_the_evaluator(name: str, library: Blas, block: int) -> None:
    case = lowered(name)
    operations = routines.operations(case.program.routines["forward"].statements)
    body, found = carried_out(case, operations, library, (-1, 1))  # a border survives the first run
    assert library == "numpy" or "np.matmul" not in body
    for statement in case.program.routines["forward"].statements:
        tensor = statement.equation.target.tensor
        np.testing.assert_allclose(found(tensor), case.expected[tensor], rtol=1e-12, atol=1e-13, err_msg=body)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("factors", [(None, None), (KEEP, None), (None, SCALE), (KEEP, SCALE)])
@pytest.mark.parametrize("name", [name for name in CASES if name in ("conv 1-D", "conv 2-D", "transposed", "dilated")])
def test_products_of_blocks_are_added_to_what_is_there(
    name: str, factors: tuple[sp.Symbol | None, sp.Symbol | None], library: Blas, block: int
) -> None:
    """The first block multiplies what was there, and no other does."""
    case = lowered(name)
    operations = routines.operations(case.program.routines["forward"].statements)
    op = next(op for op in operations if isinstance(op, Convolve) and op.added_up)
    place = operations.index(op)
    keep, scale = (factor and Scalar(factor) for factor in factors)
    added = replace(op, base=op.out, keep=keep, scale=scale)
    before = [*operations[:place], Fill(op.out, Scalar(sp.Float(OLD)))]
    _, plain = carried_out(case, operations[: place + 1], library, (1,))
    body, found = carried_out(case, [*before, added], library, (1,))
    assert ("beta=" in body) == (library == "scipy")
    expected = OLD * (0.5 if keep else 1) + plain(op.out) * (-3 if scale else 1)
    np.testing.assert_allclose(found(op.out), expected, rtol=1e-12, atol=1e-12, err_msg=body)


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_einsum(name: str) -> None:
    """Only what holds no matrix may go through `np.einsum`; no window does."""
    case = lowered(name)
    operations = routines.operations(case.program.routines["forward"].statements)
    scope = Scope(case.program.arrays, names.references(case.program.arrays, "_"), {}, depth=0)
    scope.bind(operations)
    assert "einsum" not in "".join(line for op in operations for line in lines(op, scope))
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
