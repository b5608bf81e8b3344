"""A claim's tree in the engine's own notation: what its right side is at given indices, for sizes of any length.

Claims between matrices are translated by `symbp.audit.between`. Not translated, and so never proven: maxima over
indices.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

import sympy as sp

from symbp.audit.evaluate import is_indicator
from symbp.audit.functions import function
from symbp.audit.indexed import standing, tensor_of
from symbp.audit.setting import BATCH, Setting
from symbp.audit.syntax import DERIVATIVE, PRIME, places_of
from symbp.audit.truth import as_taken
from symbp.derive.simplify import Sizes
from symbp.formula.expression import SumOver, element, index
from symbp.formula.indices import Names, bound_indices, rename_bound
from symbp.formula.syntax import items_of

RELATIONS = {ast.Gt: sp.Gt, ast.GtE: sp.Ge, ast.Lt: sp.Lt, ast.LtE: sp.Le, ast.Eq: sp.Eq, ast.NotEq: sp.Ne}
OPERATIONS: dict[type[ast.operator], Callable[[sp.Expr, sp.Expr], sp.Expr]] = {
    ast.Add: lambda a, b: a + b, ast.Sub: lambda a, b: a - b, ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b, ast.Pow: lambda a, b: a**b,
}  # fmt: skip


class UntranslatedError(Exception):
    """A part of a claim that the engine's notation does not have here."""


class Translation:
    """One claim. `sizes` learns the size of every index that is made."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.sizes: Sizes = {}
        self.names = Names()

    def fresh(self, extent: sp.Expr, like: str = "k") -> sp.Symbol:
        symbol = self.names.fresh(like)
        self.sizes[symbol] = extent
        return symbol

    def cotangent(self, tensor: str, places: tuple[sp.Expr, ...]) -> sp.Expr:
        if tensor == self.setting.formula.output.name:
            return sp.Integer(1)
        scale = BATCH if self.setting.scaled(tensor) else 1
        return element(f"d_{tensor}", *places) * scale

    def read(self, name: str, places: tuple[sp.Expr, ...]) -> sp.Expr:
        found = self.setting.vocabulary.find(name)
        if found.cotangent:
            return self.cotangent(found.tensor, places)
        return element(found.tensor, *places, integer=self.setting.tensor(found.tensor).kind == "int")

    def derivative(self, of: str, by: str, places: tuple[sp.Expr, ...]) -> sp.Expr:
        """A cotangent, or an entry of a Jacobian as the engine derives it."""
        if of == self.setting.formula.output.name and not self.setting.tensor(of).axes:
            return self.cotangent(by, places)
        found = self.setting.jacobian(of, by).derivatives[-1]
        equation = as_taken(found.equation, found.steps)
        learnt: Sizes = dict(equation.sizes)
        self.names.taken |= {s.name for s in equation.sizes}
        body = rename_bound(equation.body, self.names, learnt)
        self.sizes.update({s: learnt[s] for s in bound_indices(body)})
        return body.xreplace(dict(zip(equation.target.indices, places, strict=True)))

    def condition(self, node: ast.expr, value: Callable[[ast.expr], sp.Expr]) -> sp.Basic:
        inner = is_indicator(node)
        node = inner if inner is not None else node
        if not isinstance(node, ast.Compare):
            return sp.Gt(value(node), 0)
        return RELATIONS[type(node.ops[0])](value(node.left), value(node.comparators[0]))

    def applied(self, name: str, argument: ast.expr, value: sp.Expr) -> sp.Expr:
        read = tensor_of(argument, self.setting)
        found = function(name.removesuffix(PRIME), read, self.setting)
        return found.symbolic(value, derivative=name.endswith(PRIME))


class Indexed(Translation):
    """A claim with indices."""

    def value(self, node: ast.expr) -> sp.Expr:
        condition = is_indicator(node)
        if condition is not None or isinstance(node, ast.Compare):
            return self.indicator(self.condition(node, self.place))
        match node:
            case ast.Constant(value=number):
                return sp.Rational(str(number))
            case ast.Name(id=name):
                number = self.setting.number(name)
                if number is not None:
                    return number
                return index(name) if index(name) in self.sizes else self.read(name, ())
            case ast.Subscript(value=ast.Name(id=name), slice=places):
                found = self.setting.vocabulary.find(name).tensor
                return self.read(name, self.places(places, found))
            case ast.UnaryOp(op=op, operand=inner):
                return -self.value(inner) if isinstance(op, ast.USub) else self.value(inner)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATIONS:
                return OPERATIONS[type(op)](self.value(left), self.value(right))
            case ast.Call(func=ast.Subscript(value=ast.Name(id=name), slice=bound), args=[body]):
                return self.reduced(name, bound, body)
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self.called(name, arguments)
        raise UntranslatedError(ast.dump(node)[:60])

    def indicator(self, condition: sp.Basic) -> sp.Expr:
        """1 where the condition holds, else 0; between indices a delta, which the algebra knows."""
        if isinstance(condition, sp.Eq | sp.Ne) and all(side in self.sizes for side in condition.args):
            delta = sp.KroneckerDelta(*condition.args)
            return delta if isinstance(condition, sp.Eq) else 1 - delta
        return sp.Piecewise((1, condition), (0, True))

    def learn(self, letter: sp.Symbol, body: ast.expr) -> None:
        """The size of a letter, from the first tensor that it stands at."""
        for name, axis in standing(letter.name, body):
            extents = self.setting.tensor(self.setting.vocabulary.find(name).tensor).axes
            if axis < len(extents):
                self.letters([ast.Name(letter.name)], (extents[axis],))
                return

    def place(self, node: ast.expr) -> sp.Expr:
        """What stands in a delta or is compared: a letter there is an index, whatever else has its name."""
        letter = index(node.id) if isinstance(node, ast.Name) else None
        return letter if letter in self.sizes else self.value(node)

    def places(self, node: ast.expr, tensor: str) -> tuple[sp.Expr, ...]:
        return self.letters(items_of(node), self.setting.tensor(tensor).axes)

    def letters(self, items: list[ast.expr], axes: tuple[sp.Expr, ...]) -> tuple[sp.Expr, ...]:
        found: list[sp.Expr] = []
        for item, extent in zip(items, axes, strict=True):
            if isinstance(item, ast.Name):
                self.names.taken.add(item.id)
                self.sizes.setdefault(index(item.id), extent)
                found.append(index(item.id))
            elif isinstance(item, ast.Constant):
                found.append(sp.Integer(int(str(item.value))))
            else:
                raise UntranslatedError("an index that is neither a letter nor a number")
        return tuple(found)

    def reduced(self, name: str, bound: ast.expr, body: ast.expr) -> sp.Expr:
        if name not in ("sum", "mean"):
            raise UntranslatedError(name)
        items = items_of(bound)
        symbols = [index(i.id) for i in items if isinstance(i, ast.Name)]
        held = {s: self.sizes.pop(s) for s in symbols if s in self.sizes}
        for symbol in symbols:
            self.learn(symbol, body)
        inner = self.value(body)
        extents = {s: self.sizes.get(s, held.get(s)) for s in symbols}
        total = SumOver(inner, *symbols)
        if name == "mean":
            total = total / sp.Mul(*(extents[s] for s in symbols))
        known = {s: v for s, v in {**self.sizes, **extents}.items() if v is not None}
        named = rename_bound(total, self.names, known)
        self.sizes.update(known)
        for s in symbols:
            self.sizes.pop(s, None)
        self.sizes.update(held)
        return named

    def called(self, name: str, arguments: list[ast.expr]) -> sp.Expr:
        if name == DERIVATIVE:
            of, by = (tensor_of(a, self.setting) for a in arguments)
            items = [i for a in arguments for i in places_of(a)]
            axes = (*self.setting.tensor(of).axes, *self.setting.tensor(by).axes)
            return self.derivative(of, by, self.letters(items, axes))
        if name == "delta" and len(arguments) == 2:
            return sp.KroneckerDelta(*map(self.place, arguments))
        if name == "where" and len(arguments) == 3:
            condition, (yes, no) = self.condition(arguments[0], self.place), map(self.value, arguments[1:])
            cases = self.indicator(condition)
            return sp.Piecewise((yes, condition), (no, True)) if cases.is_Piecewise else cases * yes + (1 - cases) * no
        if name == "size" and isinstance(arguments[0], ast.Name):
            return self.sizes[index(arguments[0].id)]
        if len(arguments) != 1:
            raise UntranslatedError(name)
        return self.applied(name, arguments[0], self.value(arguments[0]))
