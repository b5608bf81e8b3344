"""A family of inputs, written out: over three inputs `y = sum[m](x[m,...])` is `y = x_1[...] + x_2[...] + x_3[...]`.

The first index of a family is the number of the input. A formula may write, of a family `x`,

    sum[m](f)  product[m](f)  mean[m](f)   f for every input, added, multiplied, averaged
    max[m](f)  min[m](f)                   as a whole right side only: each input against the best before it
    extent(x[m], axis)                     the size of an axis of input m
    offset(x[m], axis)                     those of the inputs before m, added: where m begins, all laid end to end

from text to text: what comes out is a formula like any other. Not here: families in index lists of other tensors.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable

from symbp.formula.grammar import FormulaError, Line, read_lines

FOLDS: dict[str, ast.operator] = {"sum": ast.Add(), "mean": ast.Add(), "product": ast.Mult()}
CHOICES = ("max", "min")


def member(family: str, number: int) -> str:
    """`x_1` of a family `x`."""
    return f"{family}_{number}"


def write_out(text: str, family: str, count: int) -> str:
    """The equations for this many inputs of the family."""
    return "\n".join(line for each in read_lines(text) for line in _equation(each, family, count))


def write_out_size(text: str, family: str, count: int) -> str:
    """A size for this many inputs: `sum[m](extent(x[m], axis))`."""
    return ast.unparse(_Expand(family, count, text).visit(ast.parse(text, mode="eval")))


def _equation(line: Line, family: str, count: int) -> list[str]:
    chosen = _binder(line.right)
    if chosen is not None and chosen[0] in CHOICES and _reads(chosen[2], family, chosen[1]):
        return _choice(line, family, count, *chosen)
    right = _Expand(family, count, line.text).visit(copy.deepcopy(line.right))
    return [f"{ast.unparse(line.left)} = {ast.unparse(right)}"]


def _choice(line: Line, family: str, count: int, function: str, letter: str, body: ast.expr) -> list[str]:
    """`y = max[m](x[m,...])` as `y_2 = max(x_1, x_2)`, `y = max(y_2, x_3)`."""
    left = ast.unparse(line.left)
    name, bracket, indices = left.partition("[")
    best, lines = _at(line.text, body, family, letter, 1, count), []
    for number in range(2, count + 1):
        held = left if number == count else f"{name}_{number}{bracket}{indices}"
        lines.append(f"{held} = {function}({best}, {_at(line.text, body, family, letter, number, count)})")
        best = held
    return lines or [f"{left} = {best}"]


def _at(text: str, body: ast.expr, family: str, letter: str, number: int, count: int) -> str:
    expanded = _Expand(family, count, text, {letter: number}).visit(copy.deepcopy(body))
    return ast.unparse(expanded)


def _binder(node: ast.expr) -> tuple[str, str, ast.expr] | None:
    """The function, the letter and the body of `sum[m](f)`."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Subscript) and len(node.args) == 1):
        return None
    function, letter = node.func.value, node.func.slice
    if not (isinstance(function, ast.Name) and isinstance(letter, ast.Name)):
        return None
    return function.id, letter.id, node.args[0]


def _reads(body: ast.expr, family: str, letter: str) -> bool:
    """Whether the letter numbers inputs of the family somewhere in the body."""
    return any(_number(node, family) == letter for node in ast.walk(body))


def _number(node: ast.AST, family: str) -> str:
    """The letter in `x[m]` and `x[m,...]`; empty for other nodes."""
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == family:
        first = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) else node.slice
        return first.id if isinstance(first, ast.Name) else ""
    return ""


class _Expand(ast.NodeTransformer):
    """Binders over a family's letter become chains of terms; `numbers` says which input each letter stands for."""

    def __init__(self, family: str, count: int, text: str, numbers: dict[str, int] | None = None) -> None:
        self.family = family
        self.count = count
        self.text = text
        self.numbers = numbers or {}

    def visit_Call(self, node: ast.Call) -> ast.AST:
        binder = _binder(node)
        if binder is not None and _reads(binder[2], self.family, binder[1]):
            return self.fold(*binder)
        if isinstance(node.func, ast.Name) and node.func.id == "offset" and len(node.args) == 2:
            return self.offset(*node.args)
        return self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        letter = _number(node, self.family)
        if not letter:
            return self.generic_visit(node)
        if letter not in self.numbers:
            raise FormulaError(f"`{letter}` numbers no input here; write `sum[{letter}](...)` around it", self.text)
        name = ast.Name(member(self.family, self.numbers[letter]), ast.Load())
        if not isinstance(node.slice, ast.Tuple):
            return name
        rest = [self.visit(e) for e in node.slice.elts[1:]]
        return ast.Subscript(name, rest[0] if len(rest) == 1 else ast.Tuple(rest, ast.Load()), ast.Load())

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """`j - 0` is `j`."""
        self.generic_visit(node)
        nothing = isinstance(node.right, ast.Constant) and node.right.value == 0
        return node.left if nothing and isinstance(node.op, ast.Add | ast.Sub) else node

    def fold(self, function: str, letter: str, body: ast.expr) -> ast.expr:
        if function not in FOLDS:
            word = "must be the whole right side" if function in CHOICES else "does not run over inputs"
            raise FormulaError(f"`{function}[{letter}]` {word}; `sum`, `product` and `mean` do", self.text)
        terms = [self.at(letter, number, body) for number in range(1, self.count + 1)]
        total = _chain(FOLDS[function], terms)
        return ast.BinOp(total, ast.Div(), ast.Constant(self.count)) if function == "mean" else total

    def at(self, letter: str, number: int, body: ast.expr) -> ast.expr:
        inner = _Expand(self.family, self.count, self.text, {**self.numbers, letter: number})
        result: ast.expr = inner.visit(copy.deepcopy(body))
        return result

    def offset(self, which: ast.expr, axis: ast.expr) -> ast.expr:
        letter = _number(which, self.family)
        if letter not in self.numbers:
            raise FormulaError(f"`offset` takes an input, as in `offset({self.family}[m], axis)`", self.text)
        before: Callable[[int], ast.expr] = lambda k: ast.Call(  # noqa: E731
            ast.Name("extent", ast.Load()), [ast.Name(member(self.family, k), ast.Load()), axis], []
        )
        terms = [before(k) for k in range(1, self.numbers[letter])]
        return _chain(ast.Add(), terms) if terms else ast.Constant(0)


def _chain(operator: ast.operator, terms: list[ast.expr]) -> ast.expr:
    total = terms[0]
    for term in terms[1:]:
        total = ast.BinOp(total, operator, term)
    return total
