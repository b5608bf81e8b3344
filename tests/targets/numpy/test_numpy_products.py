"""Products with NumPy: no array is copied unseen for BLAS, and none is multiplied by NumPy's own loops.

Every product of a module is watched, in training and inference, of all specs and of the bench's workloads. BLAS takes a
matrix as it lies where one axis has its numbers side by side, and the other its rows no closer than they are long.
NumPy copies what lies otherwise, or multiplies it without BLAS, and `reshape` copies what it cannot show.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
import pytest
from targets.numpy.test_numpy_blas import EVERY, SPECS, examples

from benchmarks.speed.workloads import WORKLOADS
from symbp import pipeline
from symbp.spec import parse_spec, read_spec
from symbp.spec.model import NetworkSpec
from symbp.targets.load import load_source

NETWORKS = {workload.kind: workload.spec for workload in WORKLOADS}
MULTIPLY = ("dot", "matmul", "einsum")
OTHERS = ("inner", "vdot", "tensordot", "outer")  # which a module does without


def taken(array: np.ndarray) -> bool:
    """Whether BLAS takes a matrix, or each one of a stack, as it lies; of one row or column any stride will do."""
    rows, columns = array.shape[-2:] if array.ndim > 1 else (1, array.size)
    down, across = (*(0,) * (array.ndim < 2), *(stride // array.itemsize for stride in array.strides[-2:]))
    if rows == 1 or columns == 1:
        return (down > 0 or rows == 1) and (across > 0 or columns == 1)
    return (across == 1 and down >= columns) or (down == 1 and across >= rows)


def by_blas(call: str, arrays: Sequence[np.ndarray]) -> bool:
    """Whether BLAS multiplies two arrays into a third as they lie, if these are matrices."""
    if any(a.dtype != arrays[0].dtype or not a.flags.aligned for a in arrays):
        return False
    if call == "dot":  # which copies a matrix for a vector, unless it is whole
        return all(a.flags.forc for a in arrays)
    sums = arrays[0].shape[-1] > 1  # what sums nothing is no product of matrices
    return call == "matmul" and (not sums or all(map(taken, arrays)))


def holds_no_matrix(subscripts: str) -> bool:
    """Whether every letter is in both operands: numbers are multiplied in pairs, and BLAS has nothing to do."""
    left, right = subscripts.partition("->")[0].split(",")
    return {*left} == {*right}


class Watched(ast.NodeTransformer):
    """Products and `reshape` become calls of functions that watch them; a method's array goes first."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        assert not isinstance(node.func, ast.Attribute) or node.func.attr not in OTHERS, ast.unparse(node)
        if not isinstance(node.func, ast.Attribute) or node.func.attr not in (*MULTIPLY, "reshape"):
            return node
        method = not (isinstance(node.func.value, ast.Name) and node.func.value.id == "np")
        array = [node.func.value] if method else []
        return ast.Call(ast.Name(f"_{node.func.attr}", ast.Load()), [*array, *node.args], node.keywords)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        assert not isinstance(node.op, ast.MatMult), ast.unparse(node)
        return self.generic_visit(node)


def products(text: str, name: str, use: Callable[[Any], object]) -> tuple[int, list[str]]:
    """How many products a use of the module makes, and those that are not BLAS's, or of a copy."""
    count, wrong = 0, dict[str, None]()

    def multiplied(call: str, *given: Any, out: np.ndarray) -> Any:
        nonlocal count
        count += 1
        *subscripts, left, right = given
        well = holds_no_matrix(*subscripts) if call == "einsum" else by_blas(call, (left, right, out))
        if not well:
            lying = ((a.shape, a.strides, str(a.dtype)) for a in (left, right, out))
            wrong[f"{call} {subscripts} {[*lying]}"] = None
        return getattr(np, call)(*given, out=out)

    def reshaped(array: np.ndarray, *shape: Any) -> np.ndarray:
        shown = array.reshape(*shape)
        if not np.may_share_memory(array, shown):
            wrong[f"reshape {(array.shape, array.strides)} {shown.shape}"] = None
        return shown

    module = load_source(ast.unparse(Watched().visit(ast.parse(text))), name)
    module.__dict__.update({f"_{call}": partial(multiplied, call) for call in MULTIPLY}, _reshape=reshaped)
    use(module)
    return count, [*wrong]


def spec_of(name: str) -> NetworkSpec:
    """A spec of the zoo, or a workload of the bench."""
    return parse_spec(json.dumps(NETWORKS[name])) if name in NETWORKS else read_spec(SPECS / f"{name}.yaml")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*EVERY, *NETWORKS])
def test_every_product_is_one_of_blas_as_its_arrays_lie(name: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of columns have a row each, so that they are parts of other arrays."""
    monkeypatch.setattr("symbp.targets.numpy.workspace.BLOCK", 1)
    made = pipeline.generate(spec_of(name), check=False)
    network = made.derivation.network
    options = {"random": 3} if network.random else {}
    wanted = {"input_gradient": True} if network.differentiable_inputs else {}

    def use(module: Any) -> None:
        for n in (4, 1):
            params, (x, y) = module.init(1, dtype), examples(made, n, dtype)
            module.loss_and_gradients(params, x, y, **options, **wanted)
            module.forward(params, x)
            module.predict(params, x)
            module.loss(params, x, y)
            module.Trainer(params).step(x, y)

    count, wrong = products(made.module, made.spec.name, use)
    assert count > 10
    assert not wrong, "\n".join(wrong)


ROWS = np.zeros((3, 6, 8))
LYING = {
    "whole": (ROWS, True),
    "turned": (ROWS.swapaxes(1, 2), True),
    "columns side by side": (ROWS[..., 2:5], True),
    "every other row": (ROWS[:, ::2], True),
    "one column": (ROWS[..., 3:4], True),
    "a vector": (ROWS[0, :, 3], True),
    "every other column": (ROWS[..., ::2], False),
    "backwards": (ROWS[:, ::-1], False),
    "repeated": (np.broadcast_to(ROWS[:, :1], ROWS.shape), False),
    "other axes between": (ROWS.transpose(1, 0, 2).reshape(6, 3, 2, 4).swapaxes(1, 3), False),
}


@pytest.mark.parametrize("name", LYING)
def test_what_blas_takes(name: str) -> None:
    array, well = LYING[name]
    assert taken(array) == well


@pytest.mark.parametrize(
    "line",
    [
        "np.matmul(a[:, ::2], b[::2], out=c)",
        "np.matmul(a, b, out=c[:, ::2])",
        "np.matmul(a, b.T[::-1].T, out=c)",
        "a[:, 1:].dot(b[1:], out=c)",
        "np.einsum('ij,jk->ik', a, b, out=c)",
        "np.matmul(a.astype(np.float32), b, out=c)",
        "np.matmul(a.T.reshape(36), b, out=c)",
    ],
)
def test_a_product_of_a_copy_is_found(line: str) -> None:
    square = np.ones((6, 12))
    given = np.ones((6, 6)), np.ones((6, 6)), square if "out=c[" in line else square[:, :6].copy()
    text = f"import numpy as np\n\n\ndef product(a, b, c):\n    {line}\n"

    def use(module: Any) -> None:
        with suppress(ValueError):
            module.product(*given)

    assert products(text, "wrong", use)[1]
