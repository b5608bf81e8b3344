"""Parts of an expression between matrices: shapes, entries, what must hold of shapes, what is computed apart."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import sympy as sp

from symbp.formula.equation import Equation, Formula, Tensor
from symbp.formula.expression import SumOver, element, size
from symbp.formula.indices import Names, canonical
from symbp.formula.leaves import check_numbers
from symbp.matrices import shapes as s
from symbp.matrices.shapes import Dim, Shape
from symbp.matrices.syntax import PRIME, Statement

Index: TypeAlias = "sp.Symbol | None"  # None where the axis is 1 long
Entry = Callable[[Index, Index], sp.Expr]
Elementwise = Callable[[sp.Expr], sp.Expr]
Whole = Callable[[int], Formula]  # a function of a whole tensor, by how many axes that has

LETTERS = "ijklpqrsuv"


@dataclass(frozen=True)
class Part:
    """A part of an expression: its shape, its entries, and the tensor that it is, where it is one as it stands."""

    shape: Shape
    entry: Entry
    tensor: str = ""

    def at(self, row: Index, column: Index) -> sp.Expr:
        rows, columns = self.shape.dims
        return self.entry(None if rows.one else row, None if columns.one else column)


class Parts(ABC):
    """The parts of one statement, and the equations that it becomes."""

    def __init__(
        self,
        statement: Statement,
        shapes: Mapping[str, Sequence[str]],
        functions: Mapping[str, Elementwise],
        wholes: Mapping[str, Whole],
        result: str,
        name: str,
    ) -> None:
        self.statement = statement
        self.error = statement.error
        self.name = name
        self.functions = {n.replace("'", PRIME): f for n, f in functions.items()}
        self.wholes = wholes
        self.constraints = s.Constraints(self.error)
        self.stated = s.stated_shapes(shapes)
        self.named: dict[str, Shape] = {}  # in order of appearance
        self.equations: list[Equation] = []
        self.tensors: dict[str, Tensor] = {}
        self.held: dict[str, str] = {}  # what is computed apart, by its syntax tree
        self.result = statement.name or result
        called = {
            n.func.id for n in ast.walk(statement.tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        }
        names = {n.id for n in ast.walk(statement.tree) if isinstance(n, ast.Name)} - called
        if self.result in names:
            raise self.error(f"`{self.result}` stands on the left and on the right")
        self.names = Names({*names, self.result})
        self.sizes: dict[sp.Symbol, sp.Expr] = {}
        self.fresh = Names()

    @abstractmethod
    def part(self, node: ast.expr) -> Part:
        """Any part of the statement."""

    # from shapes to equations

    def formula(self) -> Formula:
        whole = self.part(self.statement.tree)
        self.constraints.solve()
        shapes = [*self.named.values(), whole.shape]
        s.named_sizes(shapes, [*self.names.taken])
        lengths = list(dict.fromkeys(d.name for shape in shapes for d in shape.dims if not d.one))
        free = [c for c in LETTERS if c not in self.names.taken]
        self.letters = {c: size(lengths[k % len(lengths)]) for k, c in enumerate(free)} if lengths else {}
        for name, shape in self.named.items():
            self.tensors[name] = Tensor(name, self.axes(shape), "input")
        inputs = len(self.tensors)
        self.add(self.result, whole)
        order = [*list(self.tensors)[:inputs], *(e.target.tensor for e in self.equations)]
        tensors = {n: self.tensors[n] for n in order}
        tensors[self.result] = Tensor(self.result, self.axes(whole.shape), "output")
        return Formula(self.name, tuple(self.equations), tensors, {}, self.letters)

    def axes(self, shape: Shape) -> tuple[sp.Expr, ...]:
        return tuple(size(d.name) for d in shape.dims if not d.one)

    def index(self, dim: Dim) -> Index:
        """A fresh index along an axis."""
        dim = dim.root
        if dim.one:
            return None
        extent = size(dim.name)
        letter = next((c for c, of in self.letters.items() if of == extent and c not in self.fresh.taken), None)
        symbol = self.fresh.fresh(letter or next((c for c, of in self.letters.items() if of == extent), "k"))
        self.sizes[symbol] = extent
        return symbol

    def add(self, name: str, part: Part) -> None:
        """The equation `name = part`."""
        self.fresh = Names()
        row, column = self.index(part.shape.rows), self.index(part.shape.columns)
        body = part.at(row, column)
        check_numbers(body, self.error)
        self.equation(name, [i for i in (row, column) if i is not None], body)

    def equation(self, name: str, free: Sequence[sp.Symbol], body: sp.Expr) -> None:
        spelt, sizes = canonical(body, free, self.sizes, self.letters)
        self.equations.append(Equation(element(name, *free), spelt, sizes))
        self.tensors[name] = Tensor(name, tuple(self.sizes[i] for i in free), "intermediate")

    def tensor_of(self, node: ast.expr, part: Part) -> str:
        """The tensor that a part is, after an equation of its own where it is none."""
        if part.tensor:
            return part.tensor
        return self.apart(node, "M", lambda name: self.add(name, part))

    def apart(self, node: ast.expr, like: str, make: Callable[[str], None]) -> str:
        """The name of what is computed apart, made once for equal syntax trees."""
        key = f"{like}: {ast.dump(node)}"
        if key not in self.held:
            fresh = self.fresh
            self.held[key] = name = self.names.numbered(like)
            make(name)
            self.fresh = fresh
        return self.held[key]

    def compared(self, node: ast.expr, part: Part, row: Index, column: Index) -> sp.Expr:
        """An entry that stands in a condition. One that is piecewise itself is computed apart.

        Otherwise it would stand in the condition and in a branch, and grow with every level of `max(max(...), ...)`.
        """
        value = part.at(row, column)
        if not value.has(sp.Piecewise):
            return value
        rows, columns = part.shape.dims
        return element(self.tensor_of(node, part), *present(None if rows.one else row, None if columns.one else column))

    def contracted(self, left: Part, right: Part) -> Entry:
        def entry(row: Index, column: Index) -> sp.Expr:
            k = self.index(left.shape.columns)
            return self.total(left.at(row, k) * right.at(k, column), k)

        return entry

    def total(self, body: sp.Expr, *over: Index) -> sp.Expr:
        """The sum over indices; what does not depend on one is multiplied by its size."""
        bound = [k for k in over if k is not None]
        missing = sp.Mul(*(self.sizes[k] for k in bound if k not in body.free_symbols))
        return missing * SumOver(body, *(k for k in bound if k in body.free_symbols))

    def elementwise(self, node: ast.expr, left: Part, right: Part, *, product: bool) -> Shape:
        return self.constraints.broadcast(left.shape, right.shape, product=product, text=self.statement.source(node))

    def product(self, node: ast.BinOp, left: Part, right: Part) -> Part:
        source = self.statement.source
        for side, part in ((node.left, left), (node.right, right)):
            self.no_number(side, part)
        self.join(
            left.shape.columns,
            right.shape.rows,
            f"`{source(node)}`: `{source(node.left)}` is {left.shape} and `{source(node.right)}` is {right.shape}; the "
            "left's columns must be as many as the right's rows (a vector is a column: its transpose is `x.T`)",
        )
        return Part(Shape(left.shape.rows, right.shape.columns), self.contracted(left, right))

    def transposed(self, node: ast.expr) -> Part:
        inner = self.part(node)
        self.no_number(node, inner)
        return Part(inner.shape.transposed, lambda row, column: inner.at(column, row))

    # what must hold of shapes

    def join(self, one: Dim, other: Dim, message: str) -> None:
        try:
            s.join(one, other)
        except s.DimsDifferError:
            raise self.error(message) from None

    def is_one(self, shape: Shape, message: str) -> None:
        try:
            s.settle(shape.rows, True)
            s.settle(shape.columns, True)
        except s.DimsDifferError:
            raise self.error(message) from None

    def no_number(self, node: ast.expr, part: Part) -> None:
        """What is multiplied by `@` or transposed is no number; one of which that is not known is a vector."""
        rows, columns = part.shape.dims
        if rows.one and columns.one:
            raise self.error(f"`{self.statement.source(node)}` is a number; a product with one is written `*`")
        for dim, other in ((rows, columns), (columns, rows)):
            if dim.one and other.one is None:
                other.one = False

    def square(self, node: ast.Call, part: Part) -> Dim:
        source = self.statement.source
        message = f"`{source(node)}` needs a square matrix; `{source(node.args[0])}` is {part.shape}"
        try:
            side = s.join(part.shape.rows, part.shape.columns)
            s.settle(side, False)
        except s.DimsDifferError:
            raise self.error(message) from None
        return side

    def vector(self, node: ast.expr, part: Part, instead: str) -> Dim:
        """The long axis of a vector."""
        rows, columns = part.shape.dims
        if rows.one is not True and columns.one is not True and None in (rows.one, columns.one):
            columns.one = True
        if rows.one is not True and columns.one is not True:
            raise self.error(f"`{self.statement.source(node)}` is {part.shape}, not a vector; {instead}")
        long = columns if rows.one and not columns.one else rows
        if long.one is None:
            long.one = False
        return long


def present(*indices: Index) -> list[sp.Symbol]:
    return [i for i in indices if i is not None]


def delta(row: Index, column: Index) -> sp.Expr:
    return sp.Integer(1) if row is None or column is None else sp.KroneckerDelta(row, column)
