"""The catalog's equations between numbers as Python: `eta = eta_0 * gamma**floor(t / step_size)` and the like.

    sqrt exp log cos ... floor, pi   `math.sqrt(...)`, ..., `math.pi`
    where(c, a, b)                   `a if c else b`
    names                            what they are called, or their numbers

Equations are read by Python's `ast`, and anything else than numbers, names, arithmetic, comparisons and these calls
is an error. Not here: arrays.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

MATH = frozenset({"sqrt", "exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "floor", "pi"})
PLAIN = frozenset({"min", "max", "abs"})
ALLOWED = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Constant, ast.operator, ast.unaryop, ast.cmpop, ast.expr_context)

Meaning = Mapping[str, str | float]


def equations(text: str) -> dict[str, str]:
    """The right side of every equation, by the left side."""
    lines = (line.partition("=") for row in text.splitlines() for line in row.split(";") if line.strip())
    return {left.strip(): right.strip() for left, _, right in lines}


def expression(text: str, names: Meaning) -> str:
    """The right side in Python. Raises `KeyError` for a name without a meaning, `ValueError` for other syntax."""
    return hugged(ast.unparse(_Transcription(names).visit(ast.parse(text, mode="eval").body)))


def cases(text: str, names: Meaning) -> tuple[str, str, str] | None:
    """Condition, value where it holds, and value elsewhere, of `where(c, a, b)`; None for another right side."""
    call = ast.parse(text, mode="eval").body
    if not isinstance(call, ast.Call) or ast.unparse(call.func) != "where":
        return None
    condition, yes, no = (expression(ast.unparse(argument), names) for argument in call.args)
    return condition, yes, no


def hugged(text: str) -> str:
    """`a ** b` as `a**b` where both are plain, as `ruff format` writes it."""
    return re.sub(r"(?<![\w.])([\w.]+) \*\* ([\w.]+)(?![\w.(])", r"\1**\2", text)


def names(text: str) -> set[str]:
    """The names that the right sides read."""
    parsed = [ast.parse(right, mode="eval") for right in equations(text).values()]
    return {node.id for tree in parsed for node in ast.walk(tree) if isinstance(node, ast.Name)}


class _Transcription(ast.NodeTransformer):
    """One method for each kind of node."""

    def __init__(self, names: Meaning) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in MATH:
            return ast.Attribute(ast.Name("math"), node.id)
        meaning = self.names[node.id]
        return ast.Name(meaning) if isinstance(meaning, str) else ast.Constant(meaning)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise ValueError(f"not a function of numbers: {ast.unparse(node)}")
        arguments = [self.visit(argument) for argument in node.args]
        if node.func.id == "where":
            condition, yes, no = arguments
            return ast.IfExp(condition, yes, no)
        if node.func.id not in MATH | PLAIN:
            raise ValueError(f"not a function of numbers: {node.func.id}")
        return ast.Call(node.func if node.func.id in PLAIN else self.visit(node.func), arguments, [])

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if not isinstance(node, ALLOWED):
            raise ValueError(f"not arithmetic: {type(node).__name__}")
        return super().generic_visit(node)
