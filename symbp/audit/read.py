"""A claim as trees, whichever way it is written."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

from symbp.audit.latex import read_latex
from symbp.audit.setting import Setting
from symbp.audit.syntax import Statement, read_text

_LATEX = re.compile(r"\\[A-Za-z]|[_^]\{|\^[lL(\[]")


def read_claim(text: str, setting: Setting) -> list[Statement]:
    """The claims that a text states of a setting; FormulaError where it cannot be read."""
    if _LATEX.search(text):
        numbers = not any(t.axes for t in setting.formula.tensors.values())
        found = read_latex(text, max(1, setting.vocabulary.layers), numbers=numbers)
    else:
        found = read_text(text)
    found = [replace(s, right=_Softmax(setting).visit(s.right)) if s.form == "matrix" else s for s in found]
    if _is_error(setting):
        return found
    return [replace(s, left=_Kronecker().visit(s.left), right=_Kronecker().visit(s.right)) for s in found]


def _is_error(setting: Setting) -> bool:
    """Whether `delta[i,j]` is the derivative of the cost by a weighted input of two axes."""
    found = setting.vocabulary.known("delta")
    return found is not None and len(setting.tensor(found.tensor).axes) == 2 and not setting.formula.output.axes


class _Kronecker(ast.NodeTransformer):
    """Writes `delta[i,j]`, where it is no error, as the function `delta(i, j)`."""

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        match node:
            case ast.Subscript(value=ast.Name(id="delta"), slice=ast.Tuple(elts=[ast.Name(), ast.Name()] as letters)):
                return ast.Call(ast.Name("delta"), letters, [])
        return self.generic_visit(node)


class _Softmax(ast.NodeTransformer):
    """Writes `softmax(z)` as the quotient that it is: over a vector, or over the neurons of each example."""

    def __init__(self, setting: Setting) -> None:
        rows = ast.Constant(0 if setting.examples_last else 1)
        self.along = [rows] if setting.batched else []

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Name(id="softmax"), args=[argument]):
                above = ast.Call(ast.Name("exp"), [argument], [])
                return ast.BinOp(above, ast.Div(), ast.Call(ast.Name("sum"), [above, *self.along], []))
        return node
