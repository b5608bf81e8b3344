"""Claims written as NumPy computes them, in the language of claims.

np.dot(dZ2, A1.T)   dZ2.dot(A1.T)   np.matmul(dZ2, A1.T)     ->  dZ2 @ A1.T
np.sum(dZ2, axis=1, keepdims=True)  dZ2.sum(axis=1)          ->  sum(dZ2, 1)
np.multiply(a, b)   np.maximum(a, b)   np.square(a)          ->  a * b   max(a, b)   a**2
"""

from __future__ import annotations

import ast
import re

MODULES = ("np", "numpy")
OPERATORS: dict[str, type[ast.operator]] = {
    "dot": ast.MatMult, "matmul": ast.MatMult, "multiply": ast.Mult, "add": ast.Add, "subtract": ast.Sub,
    "divide": ast.Div,
}  # fmt: skip
CALLED = {"maximum": "max", "minimum": "min"}
METHODS = ("dot", "sum", "mean", "transpose")
_AXIS = re.compile(r"\baxis\s*=\s*(?=[01]\b)")
_KEEPS = re.compile(r",\s*keepdims\s*=\s*(?:True|False|1|0)\b")


def without_keywords(line: str) -> str:
    """The text with `axis=1` as `1`, and without `keepdims=True`: a sum between matrices always keeps its axes."""
    return _KEEPS.sub("", _AXIS.sub("", line))


def as_claimed(tree: ast.expr) -> ast.expr:
    """The tree with what is NumPy's in the language of claims; what has no name there stays."""
    checked: ast.expr = _Translation().visit(tree)
    return checked


class _Translation(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        match node.func:
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id=module), attr="linalg"), attr=name):
                return self.function(name, node) if module in MODULES else node
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in MODULES:
                return self.function(name, node)
            case ast.Attribute(value=owner, attr=name) if name in METHODS:
                return self.function(name, ast.Call(node.func, [owner, *node.args], node.keywords))
        return node

    def function(self, name: str, node: ast.Call) -> ast.expr:
        """The call of a function of NumPy."""
        if name in OPERATORS and len(node.args) == 2:
            return ast.BinOp(node.args[0], OPERATORS[name](), node.args[1])
        if name == "square" and len(node.args) == 1:
            return ast.BinOp(node.args[0], ast.Pow(), ast.Constant(2))
        return ast.Call(ast.Name(CALLED.get(name, name)), node.args, node.keywords)
