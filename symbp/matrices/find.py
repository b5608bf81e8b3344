"""Matrix form of an equation in index notation, found from which indices are summed and which stay.

    d_w[j] = sum[i](X[i,j]*r[i])          ->  X.T @ r
    d_A[i,k] = -sum[j,l](...)             ->  -(A_inv.T @ G @ A_inv.T)
    C = sum[i,j](A[i,j]*B[j,i])           ->  trace(A @ B)

The indices of a sum are taken away one after the other: of the factors that have the index, one is a matrix over it and
one other, or two are; a vector over it stands between them. Every value is a matrix, a column, a row or a number.

Not found: three axes or more, an index that is no plain letter, cases.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from symbp.formula.equation import Equation
from symbp.formula.expression import Element, SumOver, _Unit, stop
from symbp.formula.indices import Names, rename_bound
from symbp.matrices.tree import (
    Applied,
    Axis,
    Identity,
    Leaf,
    Node,
    Ones,
    Raised,
    Scalar,
    Total,
    elementwise,
    product,
    transposed,
)

MOST_NODES = 600


class NoMatrixFormError(Exception):
    """The expression is none that matrices can say."""


def find_matrices(equation: Equation) -> Node | None:
    """The equation's right side between matrices, with the axes of its left side; None where it has no such form."""
    indices = equation.target.indices
    if len(indices) > 2 or any(not i.is_Symbol for i in indices):
        return None
    sizes: dict[sp.Symbol, sp.Expr] = dict(equation.sizes)
    names = Names(s.name for s in sizes)
    body = rename_bound(equation.body, names, sizes)
    if sum(1 for _ in sp.preorder_traversal(body)) > MOST_NODES:
        return None
    rows, columns = (*indices, None, None)[:2]
    try:
        return _full(_Finder(sizes).form(body, rows, columns), rows, columns, sizes)
    except NoMatrixFormError:
        return None


def _full(node: Node, rows: Axis, columns: Axis, sizes: Mapping[sp.Symbol, sp.Expr]) -> Node:
    """The node repeated along axes that it lacks."""
    if rows is not None and node.rows is None:
        left = Ones(rows, None, sizes[rows])
        if columns is not None and node.columns is not None:
            node = product(left, node)
        else:
            node = left if node == Scalar(None, None, sp.Integer(1)) else elementwise([node, left])
    if columns is not None and node.columns is None:
        node = product(node, transposed(Ones(columns, None, sizes[columns])))
    return node


class _Finder:
    def __init__(self, sizes: Mapping[sp.Symbol, sp.Expr]) -> None:
        self.sizes = sizes

    def of(self, expression: sp.Expr) -> set[sp.Symbol]:
        """The indices that an expression depends on."""
        return {s for s in expression.free_symbols if s in self.sizes}

    def form(self, expression: sp.Expr, rows: Axis, columns: Axis) -> Node:
        """The expression as a matrix of these rows and columns, or of some of them where it does not depend on all."""
        depends = self.of(expression)
        if not depends <= {rows, columns}:
            raise NoMatrixFormError
        if not depends and not expression.has(Element, SumOver):
            return Scalar(None, None, expression)
        if isinstance(expression, Element):
            return self.element(expression, rows, columns)
        if isinstance(expression, sp.KroneckerDelta):
            if set(expression.args) != {rows, columns}:
                raise NoMatrixFormError
            return Identity(rows, columns, self.sizes[rows])
        if isinstance(expression, sp.Add):
            return self.total(expression, rows, columns)
        if isinstance(expression, sp.Mul):
            return self.product(list(expression.args), rows, columns)
        if isinstance(expression, SumOver):
            return self.contraction(expression, rows, columns)
        if isinstance(expression, sp.Pow):
            return self.power(expression, rows, columns)
        if isinstance(expression, stop):
            return self.form(expression.args[0], rows, columns)
        if isinstance(expression, sp.Function | _Unit) and len(expression.args) == 1:
            inner = self.form(expression.args[0], rows, columns)
            return Applied(inner.rows, inner.columns, type(expression).__name__.lower(), (inner,))
        raise NoMatrixFormError

    def element(self, read: Element, rows: Axis, columns: Axis) -> Node:
        indices = read.indices
        if any(not i.is_Symbol for i in indices):
            raise NoMatrixFormError
        if len(indices) == 0:
            return Leaf(None, None, read.tensor)
        if len(indices) == 1:
            column = Leaf(indices[0], None, read.tensor)
            return column if indices[0] == rows else transposed(column)
        if len(indices) > 2:
            raise NoMatrixFormError
        if indices[0] == indices[1]:
            diagonal = Applied(indices[0], None, "diag", (Leaf(indices[0], sp.Dummy(), read.tensor),))
            return diagonal if indices[0] == rows else transposed(diagonal)
        matrix = Leaf(indices[0], indices[1], read.tensor)
        return matrix if indices[0] == rows else transposed(matrix)

    def total(self, expression: sp.Add, rows: Axis, columns: Axis) -> Node:
        terms = []
        for term in sorted(expression.args, key=lambda t: (t.could_extract_minus_sign(), sp.default_sort_key(t))):
            sign = -1 if term.could_extract_minus_sign() else 1
            terms.append((sign, self.form(sign * term, rows, columns)))
        nodes = [n for _, n in terms]
        return Total(
            next((n.rows for n in nodes if n.rows is not None), None),
            next((n.columns for n in nodes if n.columns is not None), None),
            tuple(terms),
        )

    def power(self, expression: sp.Pow, rows: Axis, columns: Axis) -> Node:
        base, exponent = expression.args
        if self.of(exponent) or exponent.has(Element):
            raise NoMatrixFormError
        if exponent.could_extract_minus_sign():
            return elementwise([Scalar(None, None, sp.Integer(1))], [self.form(base ** (-exponent), rows, columns)])
        inner = self.form(base, rows, columns)
        if exponent == sp.Rational(1, 2):
            return Applied(inner.rows, inner.columns, "sqrt", (inner,))
        return Raised(inner.rows, inner.columns, inner, exponent)

    def product(self, factors: list[sp.Expr], rows: Axis, columns: Axis) -> Node:
        """A product by elements; of a column and a row, that of matrices."""
        whole = sp.Mul(*factors)
        if whole.could_extract_minus_sign():
            inner = self.form(-whole, rows, columns)
            return Total(inner.rows, inner.columns, ((-1, inner),))
        return self.joined([self.factor(f, rows, columns) for f in sp.Mul.make_args(whole)])

    def factor(self, expression: sp.Expr, rows: Axis, columns: Axis) -> tuple[Node, bool]:
        """A factor as a matrix, and whether it is divided by."""
        if isinstance(expression, sp.Pow) and expression.exp.could_extract_minus_sign():
            return self.form(1 / expression, rows, columns), True
        return self.form(expression, rows, columns), False

    def joined(self, found: list[tuple[Node, bool]]) -> Node:
        above = [n for n, divides in found if not divides]
        below = [n for n, divides in found if divides]
        numbers = [n for n in above if not n.axes]
        varying = [n for n in above if n.axes]
        identities = [n for n in varying if isinstance(n, Identity)]
        if identities and not any(n.axes for n in below):
            return self.scaled(
                numbers, below, self.diagonal(identities[0], [n for n in varying if n not in identities])
            )
        left = [n for n in varying if n.columns is None]
        right = [n for n in varying if n.rows is None]
        both = [n for n in varying if n not in left and n not in right]
        if left and right and not both and not any(n.axes for n in below):
            return self.scaled(numbers, below, product(elementwise(left), elementwise(right)))
        return elementwise([*numbers, *both, *left, *right] or [Scalar(None, None, sp.Integer(1))], below)

    def diagonal(self, identity: Node, others: list[Node]) -> Node:
        """The identity times what varies along the diagonal."""
        if not others:
            return identity
        if any(len(n.axes) > 1 for n in others):
            return elementwise([identity, *others])
        columns = [n if n.columns is None else transposed(n) for n in others]
        return Applied(identity.rows, identity.columns, "diag", (elementwise(columns),))

    def scaled(self, numbers: list[Node], below: list[Node], value: Node) -> Node:
        return elementwise([*numbers, value], below) if numbers or below else value

    def contraction(self, expression: SumOver, rows: Axis, columns: Axis) -> Node:
        """A sum of a product: its indices are taken away one after the other."""
        bound, factors = self.flat(expression)
        if len(factors) == 1 and isinstance(factors[0], sp.Add):
            whole = sp.Add(
                *(
                    SumOver(t, *(b for b in bound if b in t.free_symbols))
                    * sp.Mul(*(self.sizes[b] for b in bound if b not in t.free_symbols))
                    for t in factors[0].args
                )
            )
            if not self.of(factors[0]) <= {*bound[:2]} or len(bound) > 2:
                return self.form(whole, rows, columns)
        nodes: list[Node] = []
        numbers: list[sp.Expr] = []
        for factor in factors:
            axes = sorted(self.of(factor), key=lambda a: (a != rows, a == columns, a.name))
            if len(axes) > 2:
                raise NoMatrixFormError
            if axes or factor.has(Element, SumOver):
                nodes.append(self.form(factor, *(*axes, None, None)[:2]))
            else:
                numbers.append(factor)
        left = list(bound)
        while left:
            k = min(left, key=lambda k: self.order(k, nodes, left))
            left.remove(k)
            nodes, gone = self.without(k, nodes, left)
            left = [b for b in left if b not in gone]
        turned = [self.turned(n, rows, columns) for n in nodes]
        value = self.joined([(n, False) for n in turned])
        number = sp.Mul(*numbers)
        if number == 1:
            return value
        sign = -1 if number.could_extract_minus_sign() else 1
        value = value if sign * number == 1 else elementwise([Scalar(None, None, sign * number), value])
        return value if sign > 0 else Total(value.rows, value.columns, ((-1, value),))

    def flat(self, expression: sp.Expr) -> tuple[list[sp.Symbol], list[sp.Expr]]:
        """The indices and factors of a sum, those of sums that are factors among them."""
        bound, factors = list(expression.bound), []
        for factor in sp.Mul.make_args(expression.body):
            if isinstance(factor, SumOver) and self.of(factor):
                more, inner = self.flat(factor)
                bound += more
                factors += inner
            elif (
                isinstance(factor, sp.Pow)
                and factor.exp.is_Integer
                and 1 < factor.exp <= 4
                and isinstance(factor.base, Element)
            ):
                factors += [factor.base] * int(factor.exp) if len(factor.base.indices) == 1 else [factor]
            else:
                factors.append(factor)
        return bound, factors

    def turned(self, node: Node, rows: Axis, columns: Axis) -> Node:
        if (node.rows is not None and node.rows == columns) or (node.columns is not None and node.columns == rows):
            return transposed(node)
        return node

    def order(self, k: sp.Symbol, nodes: list[Node], left: list[sp.Symbol]) -> tuple[bool, int]:
        """Indices between two matrices first; those that only a trace has last."""
        others = [a for n in nodes if k in n.axes for a in n.axes if a != k]
        return len(set(others)) < len(others), -len(set(others))

    def without(self, k: sp.Symbol, nodes: list[Node], left: list[sp.Symbol]) -> tuple[list[Node], list[sp.Symbol]]:
        """The factors after the sum over k, and other indices whose sum went with it."""
        having = [n for n in nodes if k in n.axes]
        rest = [n for n in nodes if k not in n.axes]
        vectors = [n if n.rows == k else transposed(n) for n in having if len(n.axes) == 1]
        by_other: dict[sp.Symbol, list[Node]] = {}
        for node in having:
            for other in node.axes - {k}:
                by_other.setdefault(other, []).append(node if node.rows == k else transposed(node))
        if not by_other:
            return [*rest, self.summed(vectors, k)], []
        if len(by_other) == 1:
            ((other, matrices),) = by_other.items()
            cycle = other in left and len(matrices) == 2 and not any(other in n.axes for n in rest)
            if cycle:
                one, two = matrices
                inner = product(transposed(one), self.beside(vectors, two))
                return [*rest, Applied(None, None, "trace", (inner,))], [other]
            if not vectors and other in left and not any(other in n.axes for n in rest):
                return [*rest, Applied(None, None, "sum", (elementwise(matrices),))], [other]
            matrix = transposed(elementwise(matrices))
            vector = elementwise(vectors) if vectors else Ones(k, None, self.sizes[k])
            return [*rest, product(matrix, vector)], []
        if len(by_other) == 2:
            one, two = (elementwise(m) for m in by_other.values())
            return [*rest, product(transposed(one), self.beside(vectors, two))], []
        raise NoMatrixFormError

    def beside(self, vectors: list[Node], matrix: Node) -> Node:
        """The matrix with its rows multiplied by the elements of vectors."""
        if not vectors:
            return matrix
        return elementwise([*vectors, matrix])

    def summed(self, vectors: list[Node], k: sp.Symbol) -> Node:
        """A sum of products of vectors: an inner product, or the sum of one."""
        if not vectors:
            return Scalar(None, None, self.sizes[k])
        if len(vectors) == 1:
            return Applied(None, None, "sum", tuple(vectors))
        first, *others = vectors
        return product(transposed(first), elementwise(others))
