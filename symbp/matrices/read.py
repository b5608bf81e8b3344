"""From a syntax tree to a formula: every part has a shape, and an entry for a row and a column.

Shapes come first, entries when all shapes are known: a product is `sum[k](A[i,k]*B[k,j])` only if k is not 1 long.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Mapping, Sequence

import sympy as sp

from symbp.formula.build import UNARY
from symbp.formula.constants import ConstantError, constant
from symbp.formula.equation import Formula
from symbp.formula.expression import element
from symbp.formula.grammar import RESERVED
from symbp.formula.leaves import number, power, vanishes
from symbp.matrices import shapes as s
from symbp.matrices.functions import FUNCTIONS
from symbp.matrices.parts import Elementwise, Index, Part, Parts, Whole, delta, present
from symbp.matrices.shapes import Dim, Shape
from symbp.matrices.syntax import PRIME, read_statement
from symbp.matrices.wholes import whole

_ALIASES = {"tr": "trace", "norm_F": "normF", "norm": "norm2"}


def read_matrices(
    text: str,
    shapes: Mapping[str, Sequence[str]] | None = None,
    *,
    functions: Mapping[str, Elementwise] | None = None,
    wholes: Mapping[str, Whole] | None = None,
    result: str = "C",
    name: str = "expression",
) -> Formula:
    """The formula that computes an expression between matrices; FormulaError where it cannot be read.

    `functions` are elementwise functions beside the language's own, by name (`f'` is a name for one), and `wholes`
    those that keep a shape and read more of it than one element (a softmax). The result is called as the text says
    (`Z = X @ W`), else `result`.
    """
    return _Reader(read_statement(text), shapes or {}, functions or {}, wholes or {}, result, name).formula()


class _Reader(Parts):
    """Reads one statement."""

    def part(self, node: ast.expr) -> Part:
        try:
            if not isinstance(node, ast.Constant):
                constant(node)
        except ConstantError as error:
            raise self.error(f"`{self.statement.source(error.node)}`: {error}") from None
        if isinstance(node, ast.BinOp):
            return self.chain(node)
        if isinstance(node, ast.Constant):
            value = number(node, self.statement.source(node), self.error)
            return Part(s.number(), lambda row, column: value)
        if isinstance(node, ast.Name):
            return self.of_name(node.id)
        if isinstance(node, ast.UnaryOp):
            inner = self.part(node.operand)
            sign = -1 if isinstance(node.op, ast.USub) else 1
            return Part(inner.shape, lambda row, column: sign * inner.at(row, column))
        if isinstance(node, ast.Attribute):
            return self.transposed(node.value)
        assert isinstance(node, ast.Call)
        return self.call(node)

    def of_name(self, name: str) -> Part:
        if name == "pi" and name not in self.stated:
            return Part(s.number(), lambda row, column: sp.pi)
        if name == "I" and name not in self.stated:
            side = Dim()
            return Part(Shape(side, side), delta)
        if name in RESERVED or name in FUNCTIONS or name in self.functions or name in self.wholes:
            raise self.error(f"`{name}` is a function; call it, as in `{name}(...)`")
        if name not in self.named:
            self.named[name] = self.stated.get(name) or s.supposed(name)
        return Part(self.named[name], lambda row, column: element(name, *present(row, column)), name)

    def chain(self, node: ast.BinOp) -> Part:
        """Binary operations from left to right, however many."""
        links = []
        first: ast.expr = node
        while isinstance(first, ast.BinOp):
            links.append(first)
            first = first.left
        value = self.part(first)
        for link in reversed(links):
            value = self.binary(link, value, self.part(link.right))
        return value

    def binary(self, node: ast.BinOp, left: Part, right: Part) -> Part:
        if isinstance(node.op, ast.MatMult):
            return self.product(node, left, right)
        if isinstance(node.op, ast.Pow):
            return self.raised(node, left, right)
        shape = self.elementwise(node, left, right, product=isinstance(node.op, ast.Mult | ast.Div))
        if isinstance(node.op, ast.Add):
            return Part(shape, lambda row, column: left.at(row, column) + right.at(row, column))
        if isinstance(node.op, ast.Sub):
            return Part(shape, lambda row, column: left.at(row, column) - right.at(row, column))
        if isinstance(node.op, ast.Mult):
            return Part(shape, lambda row, column: left.at(row, column) * right.at(row, column))

        def quotient(row: Index, column: Index) -> sp.Expr:
            divisor = right.at(row, column)
            if vanishes(divisor):
                raise self.error("division by 0")
            return left.at(row, column) / divisor

        return Part(shape, quotient)

    def raised(self, node: ast.BinOp, base: Part, exponent: Part) -> Part:
        self.is_one(
            exponent.shape, f"the exponent of `{self.statement.source(node)}` is {exponent.shape}, not a number"
        )
        if base.shape.is_matrix and constant(node.right) == -1:
            raise self.error(
                f"`**` is by elements; the inverse of `{self.statement.source(node.left)}` is `inv(...)`, and "
                "its reciprocals are `1 / ...`"
            )
        return Part(base.shape, lambda row, column: power(base.at(row, column), exponent.at(None, None), self.error))

    def call(self, node: ast.Call) -> Part:
        assert isinstance(node.func, ast.Name)
        name = _ALIASES.get(node.func.id, node.func.id)
        if name in self.functions:
            function = self.functions[name]
        elif name in FUNCTIONS:
            fewest, most, method = FUNCTIONS[name]
            if not fewest <= len(node.args) <= most:
                expected = f"{fewest}" if fewest == most else f"{fewest} to {most}"
                raise self.error(f"`{name}` takes {expected} argument{'s' * (most > 1)}, got {len(node.args)}")
            return method(self, node)
        elif name in UNARY and name != "stop":
            function = UNARY[name]
        elif name not in self.wholes:
            valid = [*FUNCTIONS, *self.functions, *self.wholes, *(n for n in UNARY if n != "stop")]
            shown = name.replace(PRIME, "'")
            near = difflib.get_close_matches(name, valid, 1)
            raise self.error(f"`{shown}` is no function here" + (f"; did you mean `{near[0]}`?" if near else ""))
        if len(node.args) != 1:
            raise self.error(f"`{name}` takes 1 argument, got {len(node.args)}")
        if name in self.wholes:
            return whole(self, node, name)
        argument, inner = node.args[0], self.part(node.args[0])
        return Part(inner.shape, lambda row, column: function(self.compared(argument, inner, row, column)))
