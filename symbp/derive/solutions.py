"""Derivatives of tensors that are defined by the equation that they solve, and of determinants.

    sum[k](A[i,k]*Y[k,j]) = delta(i,j)      both sides differentiated, and what stands beside dY/dx taken away:
    sum[k](A[i,k]*dY[k,j]/dx) = -sum[k](dA[i,k]/dx*Y[k,j])      the same equations, with another right side

They are solved by the inverse of A, which another equation of the formula defines, here the same: dY[i,j]/dx =
-sum[m](Y[i,m]*sum[k](dA[m,k]/dx*Y[k,j])).

A determinant is expanded along the row of the element that moves: D = sum[k](A[p,k]*K[p,k]), whose cofactors K[p,k] do
not read that row. They solve sum[k](A[i,k]*K[j,k]) = D*delta(i,j): with two equal rows a determinant is 0.

Not supported: equations whose coefficients are no matrix that the formula inverts; determinants of singular matrices.
"""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from symbp.derive.derivation import DerivationError
from symbp.derive.differentiate import differentiate
from symbp.formula.defined import Determinant, Solution, Unknown
from symbp.formula.equation import Equation
from symbp.formula.expression import Element, SumOver, elements
from symbp.formula.indices import Names, letter, rename_bound

Sizes = dict[sp.Symbol, sp.Expr]


def derivative_of_defined(
    own: Element, body: sp.Expr, by: Element, equations: Iterable[Equation], names: Names, sizes: Sizes
) -> sp.Expr:
    """∂own/∂by, where `own` is defined by `body`; deltas and all, as calculus gives it."""
    if isinstance(body, Determinant):
        return _of_determinant(own, body, by, tuple(equations), names, sizes)
    assert isinstance(body, Solution)
    return _of_solution(own, body, by, tuple(equations), names, sizes)


def defining(equation: Equation) -> str:
    """What an equation that defines its tensor says of it, as text."""
    if isinstance(equation.body, Determinant):
        return f"{equation.target.tensor} = det({equation.body.body.tensor})"
    left, right = stated(equation)
    return f"{left} = {right}".replace("KroneckerDelta", "delta")


def stated(equation: Equation) -> tuple[sp.Expr, sp.Expr]:
    """The two sides of what a tensor solves: where it stands, and what is left."""
    terms = sp.Add.make_args(_with(equation.body.residual, equation.target))
    held = [t for t in terms if next(elements(t, equation.target.tensor), None) is not None]
    return sp.Add(*held), -sp.Add(*(t for t in terms if t not in held))


def _with(residual: sp.Expr, target: Element) -> sp.Expr:
    """The residual with the tensor's elements in the place of what is unknown."""
    return residual.replace(lambda n: isinstance(n, Unknown), lambda n: Element(target.args[0], *n.indices))


def _of_solution(
    own: Element, body: Solution, by: Element, equations: tuple[Equation, ...], names: Names, sizes: Sizes
) -> sp.Expr:
    matrix, row, place = _coefficients(own, body)
    moved = differentiate(rename_bound(_with(body.residual, own), names, sizes), by, names, sizes)
    m = _fresh_like(row, names, sizes)
    inverse = _inverse_of(matrix, row, equations, own.indices[place], m)
    return -SumOver(inverse * moved.xreplace({row: m}), m)


def _of_determinant(
    own: Element, body: Determinant, by: Element, equations: tuple[Equation, ...], names: Names, sizes: Sizes
) -> sp.Expr:
    matrix, (row, column) = body.body, body.bound
    p = by.indices[0]
    k, i = _fresh_like(column, names, sizes), _fresh_like(row, names, sizes)
    inverse = _inverse_of(matrix, row, equations, k, i)
    cofactor = SumOver(inverse * own * sp.KroneckerDelta(i, p), i)
    read = matrix.xreplace({row: p, column: k})
    return SumOver(differentiate(read, by, names, sizes) * cofactor, k)


def _coefficients(own: Element, body: Solution) -> tuple[Element, sp.Symbol, int]:
    """The matrix of the linear equations, the index of its rows, and the axis that it is multiplied with."""
    sums = [t for t in sp.Add.make_args(body.residual) if t.has(Unknown)]
    if len(sums) == 1 and isinstance(sums[0], SumOver) and len(sums[0].bound) == 1:
        (k,) = sums[0].bound
        factors = sp.Mul.make_args(sums[0].body)
        unknown = next((f for f in factors if isinstance(f, Unknown)), None)
        matrix = next((f for f in factors if isinstance(f, Element)), None)
        if unknown is not None and matrix is not None and len(factors) == 2:
            places = [axis for axis, i in enumerate(unknown.indices) if i == k]
            rows = [i for i in matrix.indices if i != k]
            rest = [(i, j) for i, j in zip(unknown.indices, body.indices, strict=True) if i != k]
            if len(places) == 1 == len(rows) and rows[0] in body.indices and all(i == j for i, j in rest):
                return matrix, rows[0], places[0]
    raise DerivationError(f"the equations that define `{own.tensor}` are not a matrix times `{own.tensor}`: {body}")


def _inverse_of(
    matrix: Element, row: sp.Symbol, equations: tuple[Equation, ...], place: sp.Expr, at: sp.Symbol
) -> Element:
    """The element of the matrix's inverse that takes `at`, a row of the equations, to `place` of the tensor sought."""
    for equation in equations:
        body = equation.body
        if isinstance(body, Solution) and body.residual.has(sp.KroneckerDelta):
            other, its_row, axis = _coefficients(equation.target, body)
            if other.tensor != matrix.tensor or axis != 0:
                continue
            alike = (other.indices.index(its_row)) == (matrix.indices.index(row))
            return Element(equation.target.args[0], *((place, at) if alike else (at, place)))
    raise DerivationError(f"no equation of the formula defines the inverse of `{matrix.tensor}`")


def _fresh_like(symbol: sp.Symbol, names: Names, sizes: Sizes) -> sp.Symbol:
    fresh = names.fresh(letter(symbol))
    sizes[fresh] = sizes[symbol]
    return fresh
