"""Tensors that no expression of the language computes: said by the equation that they solve, or by an expansion.

    Solution(r, i, j)           U[i,j], where r(i, j) = 0 for all i and j, and r is linear in the elements of U
    Unknown(k, j)               U[k,j] within r
    Determinant(A[i,j], i, j)   sum[k](A[i,k]*K[i,k]), whichever row i; K[i,k], the cofactors, do not read row i

The inverse Y of A is an equation with the right side Solution(sum[k](A[i,k]*Unknown(k,j)) - delta(i,j), i, j). Either
is the whole right side of an equation, and the text of a formula cannot state it: other readers make them.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from symbp.formula.expression import _Binder, _Real


class Unknown(_Real):
    """An element of the tensor that a `Solution` seeks."""

    def __new__(cls, *indices: Any) -> Unknown:
        return sp.Expr.__new__(cls, *indices)

    @property
    def indices(self) -> tuple[sp.Expr, ...]:
        return tuple(self.args)

    def _sympystr(self, printer: Any) -> str:
        return f"?[{','.join(printer.doprint(i) for i in self.indices)}]"


class Solution(_Real):
    """The element at `indices` of the tensor for which `residual` is 0 at all values of them."""

    def __new__(cls, residual: sp.Expr, *indices: sp.Symbol) -> Solution:
        return sp.Expr.__new__(cls, residual, *indices)

    @property
    def residual(self) -> sp.Expr:
        return self.args[0]

    @property
    def indices(self) -> tuple[sp.Symbol, ...]:
        return tuple(self.args[1:])

    def _sympystr(self, printer: Any) -> str:
        return f"solution[{','.join(map(str, self.indices))}]({printer.doprint(self.residual)} = 0)"


class Determinant(_Binder):
    """The determinant of a matrix with these rows and columns."""

    keyword = "det"

    def __new__(cls, body: sp.Expr, row: sp.Symbol, column: sp.Symbol) -> Determinant:
        return sp.Expr.__new__(cls, body, row, column)


def is_defined(body: sp.Expr) -> bool:
    """Whether the right side of an equation says what its tensor solves, or is a determinant."""
    return isinstance(body, Solution | Determinant)
