"""The functions of matrices and vectors: sums of elements, and tensors that the equations define which they solve."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

import sympy as sp

from symbp.formula.constants import constant
from symbp.formula.defined import Determinant, Solution, Unknown
from symbp.formula.expression import SumOver, element
from symbp.formula.indices import Names
from symbp.matrices import shapes as s
from symbp.matrices.parts import Elementwise, Index, Part, Parts, delta
from symbp.matrices.shapes import Dim, Shape

MAX_POWER = 8


def transpose(reader: Parts, node: ast.Call) -> Part:
    return reader.transposed(node.args[0])


def trace(reader: Parts, node: ast.Call) -> Part:
    inner = reader.part(node.args[0])
    side = reader.square(node, inner)

    def entry(row: Index, column: Index) -> sp.Expr:
        k = reader.index(side)
        return reader.total(inner.at(k, k), k)

    return Part(s.number(), entry)


def diag(reader: Parts, node: ast.Call) -> Part:
    inner = reader.part(node.args[0])
    if True in (inner.shape.rows.root.one, inner.shape.columns.root.one):
        side = reader.vector(node.args[0], inner, "")
        return Part(Shape(side, side), lambda row, column: inner.at(row, row) * delta(row, column))
    side = reader.square(node, inner)
    return Part(Shape(side, Dim(True)), lambda row, column: inner.at(row, row))


def inverse(reader: Parts, node: ast.Call) -> Part:
    inner = reader.part(node.args[0])
    side = reader.square(node, inner)
    return Part(Shape(side, side), lambda row, column: element(inverse_of(reader, node.args[0], inner), row, column))


def inverse_of(reader: Parts, node: ast.expr, part: Part) -> str:
    """The tensor that is the inverse: the solution of sum[k](A[i,k]*Y[k,j]) = delta(i,j)."""
    of = reader.tensor_of(node, part)

    def make(name: str) -> None:
        reader.fresh = Names()
        i, j, k = (reader.index(part.shape.rows) for _ in range(3))
        residual = SumOver(element(of, i, k) * Unknown(k, j), k) - sp.KroneckerDelta(i, j)
        reader.equation(name, (i, j), Solution(residual, i, j))

    return reader.apart(ast.Name(of), f"{of}_inv", make)


def determinant(reader: Parts, node: ast.Call) -> Part:
    inner = reader.part(node.args[0])
    reader.square(node, inner)
    return Part(s.number(), lambda row, column: element(determinant_of(reader, node.args[0], inner)))


def determinant_of(reader: Parts, node: ast.expr, part: Part) -> str:
    """The tensor that is the determinant, and beside it the inverse, in which its cofactors can be said."""
    of = reader.tensor_of(node, part)
    inverse_of(reader, node, part)

    def make(name: str) -> None:
        reader.fresh = Names()
        i, j = reader.index(part.shape.rows), reader.index(part.shape.rows)
        reader.equation(name, (), Determinant(element(of, i, j), i, j))

    return reader.apart(ast.Name(of), f"{of}_det", make)


def log_determinant(reader: Parts, node: ast.Call) -> Part:
    inner = determinant(reader, node)
    return Part(s.number(), lambda row, column: sp.log(inner.at(None, None)))


def solution(reader: Parts, node: ast.Call) -> Part:
    matrix, right = node.args
    left = inverse(reader, ast.copy_location(ast.Call(node.func, [matrix], []), node))
    return reader.product(ast.copy_location(ast.BinOp(matrix, ast.MatMult(), right), node), left, reader.part(right))


def matrix_power(reader: Parts, node: ast.Call) -> Part:
    base, exponent = reader.part(node.args[0]), constant(node.args[1])
    reader.square(node, base)
    if exponent is None or exponent != int(exponent) or not 2 <= exponent <= MAX_POWER:
        raise reader.error(f"`{reader.statement.source(node)}`: the exponent is a whole number from 2 to {MAX_POWER}")
    value = base
    for _ in range(int(exponent) - 1):
        value = Part(base.shape, reader.contracted(value, base))
    return value


def norm2(reader: Parts, node: ast.Call) -> Part:
    inner = reader.part(node.args[0])
    reader.vector(node.args[0], inner, "the Frobenius norm of a matrix is `normF(...)`")
    return summed(reader, inner, lambda e: e**2, sp.sqrt)


def norm1(reader: Parts, node: ast.Call) -> Part:
    inner = reader.part(node.args[0])
    reader.vector(node.args[0], inner, "the sum of absolute values is `sum(abs(...))`")
    return summed(reader, inner, sp.Abs)


def frobenius(reader: Parts, node: ast.Call) -> Part:
    return summed(reader, reader.part(node.args[0]), lambda e: e**2, sp.sqrt)


def summed(reader: Parts, inner: Part, each: Elementwise, then: Elementwise = lambda e: e) -> Part:
    """A function of the sum of a function of every element."""

    def entry(row: Index, column: Index) -> sp.Expr:
        i, j = reader.index(inner.shape.rows), reader.index(inner.shape.columns)
        return then(reader.total(each(inner.at(i, j)), i, j))

    return Part(s.number(), entry)


def total_sum(reader: Parts, node: ast.Call) -> Part:
    inner = reader.part(node.args[0])
    if len(node.args) == 1:
        no_lone_number(reader, inner)
        return summed(reader, inner, lambda e: e)
    axis = constant(node.args[1])
    if axis not in (0, 1):
        raise reader.error(f"`{reader.statement.source(node)}`: 0 adds up rows, 1 columns")
    if axis:
        return Part(Shape(inner.shape.rows, Dim(True)), lambda row, column: along(reader, inner, row, None))
    return Part(Shape(Dim(True), inner.shape.columns), lambda row, column: along(reader, inner, None, column))


def along(reader: Parts, inner: Part, row: Index, column: Index) -> sp.Expr:
    i = reader.index(inner.shape.rows) if row is None else row
    j = reader.index(inner.shape.columns) if column is None else column
    return reader.total(inner.at(i, j), i if row is None else None, j if column is None else None)


def mean(reader: Parts, node: ast.Call) -> Part:
    inner = reader.part(node.args[0])
    no_lone_number(reader, inner)
    whole = summed(reader, inner, lambda e: e)
    return Part(s.number(), lambda row, column: whole.at(None, None) / sp.Mul(*reader.axes(inner.shape)))


def no_lone_number(reader: Parts, inner: Part) -> None:
    """What is added up is a vector where it could be a number."""
    rows, columns = inner.shape.dims
    if columns.one and rows.one is None:
        rows.one = False


def dot(reader: Parts, node: ast.Call) -> Part:
    left, right = map(reader.part, node.args)
    source = reader.statement.source
    sides = [
        reader.vector(n, p, "`trace(A.T @ B)` is that of matrices")
        for n, p in zip(node.args, (left, right), strict=True)
    ]
    reader.join(sides[0], sides[1], f"`{source(node)}`: the vectors are {left.shape} and {right.shape}")

    def entry(row: Index, column: Index) -> sp.Expr:
        k = reader.index(sides[0])
        return reader.total(left.at(k, k) * right.at(k, k), k)

    return Part(s.number(), entry)


def outer(reader: Parts, node: ast.Call) -> Part:
    left, right = map(reader.part, node.args)
    sides = [reader.vector(n, p, "`outer` takes two vectors") for n, p in zip(node.args, (left, right), strict=True)]
    return Part(Shape(*sides), lambda row, column: left.at(row, row) * right.at(column, column))


def larger(reader: Parts, node: ast.Call) -> Part:
    left, right = map(reader.part, node.args)
    shape = reader.elementwise(node, left, right, product=False)
    greater = node.func.id == "max"  # type: ignore[attr-defined]

    def entry(row: Index, column: Index) -> sp.Expr:
        one, other = (reader.compared(n, p, row, column) for n, p in zip(node.args, (left, right), strict=True))
        return sp.Piecewise((other, other > one if greater else other < one), (one, True))

    return Part(shape, entry)


FUNCTIONS: Mapping[str, tuple[int, int, Callable[[Parts, ast.Call], Part]]] = {
    "trace": (1, 1, trace),
    "diag": (1, 1, diag),
    "inv": (1, 1, inverse),
    "det": (1, 1, determinant),
    "logdet": (1, 1, log_determinant),
    "solve": (2, 2, solution),
    "power": (2, 2, matrix_power),
    "transpose": (1, 1, transpose),
    "norm2": (1, 1, norm2),
    "norm1": (1, 1, norm1),
    "normF": (1, 1, frobenius),
    "sum": (1, 2, total_sum),
    "mean": (1, 1, mean),
    "dot": (2, 2, dot),
    "outer": (2, 2, outer),
    "max": (2, 2, larger),
    "min": (2, 2, larger),
}
