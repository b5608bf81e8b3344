"""A claim between matrices in the engine's own notation.

A value has the sizes of its rows and columns, None for an axis 1 long, and an entry for indices.
Not translated, and so never proven: functions of whole matrices other than sums.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import sympy as sp

from symbp.audit.evaluate import WHOLE, is_indicator
from symbp.audit.indexed import tensor_of
from symbp.audit.symbolic import OPERATIONS, RELATIONS, Translation, UntranslatedError
from symbp.audit.syntax import DERIVATIVE
from symbp.audit.truth import Subject, derived
from symbp.formula.constants import constant
from symbp.formula.defined import Determinant, Solution
from symbp.formula.equation import Equation
from symbp.formula.expression import SumOver, elements

Index: TypeAlias = "sp.Symbol | None"


@dataclass(frozen=True)
class Part:
    """A value between matrices: the sizes of its axes, and its entry at a row and a column."""

    rows: sp.Expr | None
    columns: sp.Expr | None
    at: Callable[[Index, Index], sp.Expr]


class Between(Translation):
    """A claim between matrices."""

    def part(self, node: ast.expr) -> Part:
        condition = is_indicator(node)
        if condition is not None or isinstance(node, ast.Compare):
            return self.indicator(condition if condition is not None else node)
        match node:
            case ast.Constant(value=value):
                return _scalar(sp.Rational(str(value)))
            case ast.Name(id=name):
                return self.named(name)
            case ast.UnaryOp(op=op, operand=inner):
                part, sign = self.part(inner), -1 if isinstance(op, ast.USub) else 1
                return Part(part.rows, part.columns, lambda r, c: sign * part.at(r, c))
            case ast.Attribute(value=inner):
                part = self.part(inner)
                return Part(part.columns, part.rows, lambda r, c: part.at(c, r))
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                return self.product(self.part(left), self.part(right))
            case ast.BinOp(left=left, op=op, right=right):
                return self.combined(self.part(left), self.part(right), OPERATIONS[type(op)])
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self.called(name, arguments)
        raise UntranslatedError(ast.dump(node)[:60])

    def combined(self, one: Part, other: Part, operation: Callable[[sp.Expr, sp.Expr], sp.Expr]) -> Part:
        rows = one.rows if one.rows is not None else other.rows
        columns = one.columns if one.columns is not None else other.columns
        return Part(rows, columns, lambda r, c: operation(_at(one, r, c), _at(other, r, c)))

    def indicator(self, node: ast.expr) -> Part:
        if not isinstance(node, ast.Compare):
            raise UntranslatedError("an indicator without a comparison")
        relation = RELATIONS[type(node.ops[0])]
        pair = self.part(node.left), self.part(node.comparators[0])
        return self.combined(*pair, lambda a, b: sp.Piecewise((1, relation(a, b)), (0, True)))

    def named(self, name: str) -> Part:
        number = self.setting.number(name)
        if number is not None:
            return _scalar(number)
        found = self.setting.vocabulary.find(name)
        return self.tensor(found.tensor, lambda *places: self.read(name, places))

    def tensor(self, tensor: str, entry: Callable[..., sp.Expr]) -> Part:
        axes = self.setting.tensor(tensor).axes
        if not axes:
            return _scalar(entry())
        if len(axes) == 2:
            return Part(*axes, lambda r, c: entry(_place(r), _place(c)))
        if self.setting.stands(tensor):
            return Part(axes[0], None, lambda r, c: entry(_place(r)))
        return Part(None, axes[0], lambda r, c: entry(_place(c)))

    def product(self, one: Part, other: Part) -> Part:
        if one.rows is one.columns is None or other.rows is other.columns is None:
            return self.combined(one, other, lambda a, b: a * b)

        def entry(r: Index, c: Index) -> sp.Expr:
            extent = one.columns if one.columns is not None else other.rows
            if extent is None or extent == 1:
                return _at(one, r, None) * _at(other, None, c)
            k = self.fresh(extent)
            return SumOver(_at(one, r, k) * _at(other, k, c), k)

        return Part(one.rows, other.columns, entry)

    def called(self, name: str, arguments: list[ast.expr]) -> Part:
        if name == DERIVATIVE:
            return self.of_derivative(arguments)
        if name in ("sum", "mean"):
            return self.total(name, arguments)
        if name == "outer":
            one, other = map(self.part, arguments)
            flipped = other if other.rows is None else Part(other.columns, other.rows, lambda r, c: other.at(c, r))
            return self.product(one, flipped)
        if name in ("inv", "det"):
            return self.defined(name, arguments[0])
        if name == "diag" and len(arguments) == 1:
            return self.diagonal(self.part(arguments[0]))
        if name == "where" and len(arguments) == 3:
            cases = self.indicator(is_indicator(arguments[0]) or arguments[0])
            yes, no = self.part(arguments[1]), self.part(arguments[2])
            chosen = self.combined(cases, yes, lambda a, b: a * b)
            return self.combined(chosen, self.combined(cases, no, lambda a, b: (1 - a) * b), lambda a, b: a + b)
        if len(arguments) != 1 or name in WHOLE:
            raise UntranslatedError(name)
        part = self.part(arguments[0])
        return Part(part.rows, part.columns, lambda r, c: self.applied(name, arguments[0], part.at(r, c)))

    def defined(self, name: str, argument: ast.expr) -> Part:
        """The inverse or the determinant of a matrix, where the formula has it."""
        of, kind = tensor_of(argument, self.setting), Solution if name == "inv" else Determinant
        for equation in self.setting.formula.equations:
            if isinstance(equation.body, kind) and of in {read.tensor for read in elements(equation.body)}:
                return self.named(equation.target.tensor)
        raise UntranslatedError(name)

    def diagonal(self, part: Part) -> Part:
        extent = part.rows if part.columns is None else part.columns
        if part.rows is not None and part.columns is not None:
            return Part(part.rows, None, lambda r, c: part.at(r, r))
        own = part if part.columns is None else Part(extent, None, lambda r, c: part.at(None, r))
        return Part(extent, extent, lambda r, c: own.at(r, None) * sp.KroneckerDelta(_place(r), _place(c)))

    def total(self, name: str, arguments: list[ast.expr]) -> Part:
        part = self.part(arguments[0])
        axis = constant(arguments[1]) if len(arguments) > 1 else None
        down, along = axis in (None, 0) and part.rows is not None, axis in (None, 1) and part.columns is not None

        def entry(r: Index, c: Index) -> sp.Expr:
            row = self.fresh(part.rows) if down else r
            column = self.fresh(part.columns) if along else c
            bound = [s for s, is_bound in ((row, down), (column, along)) if is_bound]
            value = SumOver(part.at(row, column), *bound)
            return value / sp.Mul(*(self.sizes[s] for s in bound)) if name == "mean" else value

        return Part(None if down else part.rows, None if along else part.columns, entry)

    def by_elements(self, equation: Equation) -> bool:
        """Whether a Jacobian is 0 but where the indices of both are equal."""
        count = len(equation.target.indices) // 2
        pairs = zip(equation.target.indices[:count], equation.target.indices[count:], strict=True)
        return all(equation.body.xreplace({sp.KroneckerDelta(i, j): sp.Integer(0)}) == 0 for i, j in pairs)

    def of_derivative(self, arguments: list[ast.expr]) -> Part:
        of, by = (tensor_of(a, self.setting) for a in arguments)
        own = self.setting.tensor(of).axes
        if of == self.setting.formula.output.name and not own:
            return self.tensor(by, lambda *places: self.cotangent(by, places))
        other = self.setting.tensor(by).axes
        equation = derived(Subject(of, by), self.setting)
        if equation is None or (own != other and len(own) + len(other) > 2):
            raise UntranslatedError("a Jacobian between matrices")
        if len(own) == len(other) == 1 and not self.by_elements(equation):
            return Part(own[0], other[0], lambda r, c: self.derivative(of, by, (_place(r), _place(c))))
        if not self.by_elements(equation):
            raise UntranslatedError("a Jacobian that is not by elements")
        return self.tensor(of, lambda *places: self.derivative(of, by, (*places, *places)))


def _scalar(value: sp.Expr) -> Part:
    return Part(None, None, lambda r, c: value)


def _at(part: Part, row: Index, column: Index) -> sp.Expr:
    """The entry; an axis 1 long is repeated."""
    return part.at(row if part.rows is not None else None, column if part.columns is not None else None)


def _place(symbol: Index) -> sp.Expr:
    return sp.Integer(0) if symbol is None else symbol
