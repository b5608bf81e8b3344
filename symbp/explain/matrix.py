"""Matrix form, found from the index structure of an equation: which axes are summed, which stay, in which order.

    d_x[n,i] = sum[j](d_z[n,j] * W[i,j])     ->  ∂C/∂X = δ Wᵀ
    d_W[i,j] = sum[n](d_z[n,j] * x[n,i])     ->  ∂C/∂W = Xᵀ δ
    d_b[j]   = sum[n](d_z[n,j])              ->  ∂C/∂b = 1ᵀ δ
    z[n,j]   = sum[i](x[n,i]*W[i,j]) + b[j]  ->  Z = X W + 1 b
    d_z[n,j] = d_a[n,j] * a[n,j] * (1 - a[n,j])  ->  δ = ∂C/∂A ⊙ A ⊙ (1 - A)

A batch is rows: a tensor of one axis is a column where that axis is the batch, else a row. A notation may lay tensors
down the other way, and leave ones out. Axes that always stand side by side count as one, so `x[n,t,i]` is a matrix with
rows (n,t).

Not found: one step of a recurrence, anything that reads only a part of a tensor, with an index that is not a plain
letter, with a condition on indices, with a division by a matrix, or with three axes or more that cannot be joined.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import sympy as sp

from symbp.explain import mathematics as m
from symbp.explain.arithmetic import as_text, ordered_terms
from symbp.explain.axes import Axis, NoMatrixFormError, axes_of
from symbp.explain.layout import COTANGENT
from symbp.explain.naming import Naming
from symbp.explain.notation import write
from symbp.formula.equation import Equation
from symbp.formula.examples import BATCH
from symbp.formula.expression import Element, SumOver, elements

MAX_POWER = 3  # A ⊙ A ⊙ A
MOST_NODES = 40  # of an elementwise formula


@dataclass(frozen=True)
class _AsMatrix(Naming):
    """Names whole tensors: indices are left out. `given` are tensors to write as something else."""

    given: Mapping[str, m.Math] = field(default_factory=dict)

    def tensor(self, name: str, indices: tuple[m.Math, ...] = (), *, matrix: bool = False) -> m.Math:
        if name in self.given:
            return self.given[name]
        return super().tensor(name, (), matrix=len(indices) > 1)


def matrix_form(
    equation: Equation, naming: Naming, given: Mapping[str, m.Math] | None = None, *, shaped: bool = False
) -> m.Line | None:
    """The equation between matrices, or None where it has no such form.

    `given` says how to write some tensors. With `shaped`, each matrix has its shape under it.
    """
    if not naming.layout.notation.matrices or equation.target.tensor in naming.stepwise:
        return None
    if not naming.layout.is_whole(equation):
        return None
    equation = naming.layout.equation(equation)
    if _is_long(equation.body):
        return None
    named = _AsMatrix(naming.letters, layout=naming.layout, given=given or {})
    try:
        form = _Form(equation, named, shaped)
        left = named.tensor(equation.target.tensor, _marks(equation.target))
        return m.Line(form.shape(left, *form.natural(equation.target)), form.right())
    except NoMatrixFormError:
        return None


@lru_cache(maxsize=4096)
def _is_long(body: sp.Expr) -> bool:
    """True for a formula that is no product of matrices and says more in index form than between matrices."""
    nodes = sum(not node.is_Symbol for node in sp.preorder_traversal(body))
    return not body.has(SumOver) and nodes > MOST_NODES


def _marks(element: Element) -> tuple[m.Math, ...]:
    return tuple(m.Words("") for _ in element.indices)


class _Form:
    """One equation: its axes, and the matrices that its parts are."""

    def __init__(self, equation: Equation, naming: _AsMatrix, shaped: bool) -> None:
        self.naming = naming
        self.layout = naming.layout
        self.notation = naming.layout.notation
        self.shaped = shaped
        self.equation = equation
        axes = axes_of(equation.target, equation.body)
        if axes is None:
            raise NoMatrixFormError
        self.axes = axes

    def right(self) -> m.Math:
        """The right-hand side with the axes of the left."""
        target = self.equation.target
        loose = {i for i in self.equation.body.free_symbols if i in self.equation.sizes} - self.axes.keys()
        if not target.indices or loose:
            raise NoMatrixFormError
        return self.form(self.equation.body, *self.natural(target))

    def natural(self, element: Element) -> tuple[Axis, Axis]:
        """The rows and columns of a tensor as it lies on the page."""
        axes = list(dict.fromkeys(self.axes[i] for i in element.indices))
        if len(axes) == 2:
            return (axes[1], axes[0]) if self.layout.is_turned(element.tensor) else (axes[0], axes[1])
        if not axes:
            return None, None
        is_row = any(i.name == BATCH for i in axes[0] or ()) == (self.notation.batch != "rows")
        return (None, axes[0]) if is_row else (axes[0], None)

    def of(self, expression: sp.Expr) -> set[Axis]:
        """The axes that an expression varies over."""
        return {self.axes[s] for s in expression.free_symbols if s in self.axes}

    def form(self, expression: sp.Expr, rows: Axis, columns: Axis) -> m.Math:
        """The expression as a matrix of these rows and columns; a scalar as itself."""
        varies = self.of(expression)
        if not varies <= {rows, columns}:
            raise NoMatrixFormError
        if not varies and not expression.has(SumOver):
            return write(expression, self.naming)
        if isinstance(expression, Element):
            return self.spread(self.oriented(expression, rows, columns), varies, rows, columns)
        if isinstance(expression, sp.Add):
            return m.Sum(tuple((sign, self.form(term, rows, columns)) for sign, term in ordered_terms(expression)))
        if isinstance(expression, sp.Mul):
            return self.product(expression, rows, columns)
        if isinstance(expression, SumOver):
            return self.spread(self.contraction(expression, rows, columns), varies, rows, columns)
        return self.function(expression, rows, columns)

    def oriented(self, element: Element, rows: Axis, columns: Axis) -> m.Math:
        """A tensor or its transpose, whichever has these rows and columns."""
        name = self.naming.tensor(element.tensor, _marks(element))
        has = self.natural(element)
        wanted = (rows if rows in has else None, columns if columns in has else None)
        return self.shape(name if has == wanted else m.Transposed(name), *wanted)

    def shape(self, matrix: m.Math, rows: Axis, columns: Axis) -> m.Math:
        """The matrix with its shape under it, where shapes are asked for."""
        return m.Shaped(matrix, (self.extent(rows), self.extent(columns))) if self.shaped else matrix

    def extent(self, axis: Axis) -> m.Math:
        """The size of an axis."""
        return write(sp.Mul(*(self.equation.sizes[i] for i in axis or ())), self.naming)

    def spread(self, value: m.Math, varies: set[Axis], rows: Axis, columns: Axis) -> m.Math:
        """A row or column repeated to fill rows x columns, without a sign where the notation has none for that."""
        return self.repeated(value, varies, rows, columns) if self.notation.ones else value

    def repeated(self, value: m.Math, varies: set[Axis], rows: Axis, columns: Axis) -> m.Math:
        """A row or column times ones; a number as it is."""
        if not varies:
            return value
        if rows is not None and rows not in varies:
            return m.Product((self.shape(m.Ones(), rows, None), value), "matrices")
        if columns is not None and columns not in varies:
            return m.Product((value, self.shape(m.Transposed(m.Ones()), None, columns)), "matrices")
        return value

    def product(self, expression: sp.Mul, rows: Axis, columns: Axis) -> m.Math:
        sign, scalars, factors = self.split(expression)
        left = [f for f in factors if self.of(f) == {rows}]
        right = [f for f in factors if self.of(f) == {columns}]
        if left and right and len(left) + len(right) == len(factors):  # an outer product
            column, row = sp.Mul(*left), sp.Mul(*right)
            value: m.Math = m.Product((self.form(column, rows, None), self.form(row, None, columns)), "matrices")
        elif left == factors and columns is not None:
            value = self.spread(self.form(sp.Mul(*left), rows, None), {rows}, rows, columns)
        elif right == factors and rows is not None:
            value = self.spread(self.form(sp.Mul(*right), None, columns), {columns}, rows, columns)
        else:
            value = _elementwise([self.form(f, rows, columns) for f in factors])
        return _scaled(sign, scalars, value, self.naming)

    def split(self, expression: sp.Expr) -> tuple[int, sp.Expr, list[sp.Expr]]:
        """The sign of a product, its scalar part, and the factors that vary, cotangents first."""
        coefficient, rest = expression.as_coeff_Mul()
        varying: list[sp.Expr] = []
        constant = [abs(coefficient)]
        for factor in sp.Mul.make_args(rest):
            (varying if self.of(factor) or factor.has(SumOver) else constant).append(factor)
        varying.sort(key=lambda f: (not isinstance(f, Element), not as_text(f).startswith(COTANGENT), as_text(f)))
        return (-1 if coefficient.is_negative else 1), sp.Mul(*constant), varying

    def contraction(self, expression: SumOver, rows: Axis, columns: Axis) -> m.Math:
        """A sum over one axis of a product as a product of matrices."""
        summed = {self.axes.get(i) for i in expression.bound}
        if len(summed) != 1 or None in summed or {i for a in summed for i in a or ()} != set(expression.bound):
            raise NoMatrixFormError
        (axis,) = summed
        sign, scalars, factors = self.split(expression.body)
        varies = self.of(expression)
        rows = rows if rows in varies else None
        columns = columns if columns in varies else None
        if rows is None and columns is None and self.notation.batch != "one":
            raise NoMatrixFormError
        left = [f for f in factors if rows is not None and rows in self.of(f)]
        right = [f for f in factors if columns is not None and columns in self.of(f)]
        neither = [f for f in factors if f not in left and f not in right]
        if set(left) & set(right):
            raise NoMatrixFormError
        (right if not right else left).extend(neither)
        if not left and not columns and len(right) > 1:  # of one example: an inner product
            left = [right.pop(0)]
        one, other = self.filled(sp.Mul(*left), rows, axis), self.filled(sp.Mul(*right), axis, columns)
        if left and right:
            value: m.Math = m.Product((one, other), "matrices")
        elif not self.notation.ones:
            bound = tuple(write(i, self.naming) for i in expression.bound)
            value = m.Over("sum", bound, one if left else other)
        elif left:
            value = m.Product((one, self.shape(m.Ones(), axis, None)), "matrices")
        else:
            value = m.Product((self.shape(m.Transposed(m.Ones()), None, axis), other), "matrices")
        return _scaled(sign, scalars, value, self.naming)

    def filled(self, operand: sp.Expr, rows: Axis, columns: Axis) -> m.Math:
        """An operand of a product of matrices, which fills its rows and columns in every notation."""
        varies = self.of(operand)
        if {rows, columns} - {None} <= varies:
            return self.form(operand, rows, columns)
        bare = self.form(operand, rows if rows in varies else None, columns if columns in varies else None)
        return self.repeated(bare, varies, rows, columns)

    def function(self, expression: sp.Expr, rows: Axis, columns: Axis) -> m.Math:
        """A function applied to every element, of tensors that have just these axes."""
        if isinstance(expression, sp.Pow):
            base, exponent = expression.args
            if exponent.is_Integer and 2 <= exponent <= MAX_POWER:
                return _elementwise([self.form(base, rows, columns)] * int(exponent))
            raise NoMatrixFormError
        if isinstance(expression, sp.Abs):
            return m.Bars(self.form(expression.args[0], rows, columns))
        if isinstance(expression, sp.Function) and len(expression.args) == 1 and not isinstance(expression, sp.floor):
            return m.Call(type(expression).__name__, (self.form(expression.args[0], rows, columns),))
        if any(self.natural(e) not in ((rows, columns), (None, None)) for e in elements(expression)):
            raise NoMatrixFormError
        if expression.has(SumOver) or any(_multiplies_tensors(p) for p in expression.atoms(sp.Mul, sp.Pow)):
            raise NoMatrixFormError
        if _outside_elements(expression) & self.axes.keys():
            raise NoMatrixFormError
        return write(expression, self.naming)


def _multiplies_tensors(node: sp.Expr) -> bool:
    if isinstance(node, sp.Pow):
        return bool(node.has(Element))
    return bool(sum(f.has(Element) for f in node.args) > 1)


def _outside_elements(node: sp.Basic) -> set[sp.Basic]:
    """The symbols of an expression that stand elsewhere than as indices: in a condition on places, for one."""
    if isinstance(node, Element):
        return set()
    return {node} if node.is_Symbol else set().union(*map(_outside_elements, node.args))


def _elementwise(factors: list[m.Math]) -> m.Math:
    return factors[0] if len(factors) == 1 else m.Product(tuple(factors), "elementwise")


def _scaled(sign: int, scalars: sp.Expr, value: m.Math, naming: Naming) -> m.Math:
    if scalars != 1:
        value = m.Product((write(scalars, naming), value), "matrices")
    return m.Sum(((-1, value),)) if sign < 0 else value
