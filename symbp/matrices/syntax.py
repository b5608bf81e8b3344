"""The syntax of expressions between matrices as an allow-list over Python's syntax trees. Nothing is ever executed.

    expression =  number | name | pi | I | expression (+ - * / ** @ ⊙) expression | - expression
               |  expression.T | function(expression, ...)
    statement  =  [ name "=" ] expression

`⊙` is `*`; `X'`, `X^T` and `Xᵀ` are `X.T`; and `f'(z)` calls the function whose name is `f'` (symbp.formula.typed).
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from symbp.formula.grammar import MAX_DEPTH, NAME, FormulaError, called, depth, nesting
from symbp.formula.typed import as_typed

MAX_TEXT = 2_000  # characters
MAX_NODES = 400
PRIME = "_prime"  # what stands for the stroke of `f'(z)`, since a name has none

_ALLOWED = (
    ast.Expression, ast.Name, ast.Load, ast.Constant, ast.Call, ast.Attribute, ast.BinOp, ast.UnaryOp,
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.MatMult, ast.USub, ast.UAdd,
)  # fmt: skip
_STROKE = re.compile(r"\b([A-Za-z]\w*)'(?=\()")
_HINTS = (
    (re.compile(r"\\"), "this is no LaTeX: write `X.T @ w`, `exp(z)`"),
    (re.compile(r"\.\*|\./|\.\^|\.\*\*"), "by elements are `*`, `/` and `**`, and a product of matrices is `A @ B`"),
    (re.compile(r"\|"), "a norm is written `norm2(x)`, of a matrix `normF(X)`, an absolute value `abs(x)`"),
    (re.compile(r"\d\s*[A-Za-z(]"), "a product is written `2 * x`"),
    (re.compile(r"[\w)'] +[A-Za-z(]|'\w"), "a product is written `c * x`, of matrices `A @ B`"),
)


@dataclass(frozen=True)
class Statement:
    """One expression as a syntax tree of allowed nodes, the name that it is given or nothing, and its text."""

    tree: ast.expr
    name: str
    text: str

    def source(self, node: ast.AST) -> str:
        """The text of a node, as written."""
        written = ast.get_source_segment(self.text, node) or ""
        return written if len(written) <= 60 else f"{written[:60]}..."

    def error(self, message: str) -> FormulaError:
        return FormulaError(message, self.text)


def read_statement(text: str) -> Statement:
    """The statement that a text is; FormulaError for anything that the syntax lacks."""
    if len(text) > MAX_TEXT:
        raise FormulaError(f"the expression has {len(text)} characters; at most {MAX_TEXT} are read")
    line = _STROKE.sub(rf"\1{PRIME}", " ".join(as_typed(text).split()))
    if not line:
        raise FormulaError("the expression is empty; expected one such as `norm2(X @ w - y)**2`")
    if not line.isascii():
        odd = next(c for c in line if not c.isascii())
        raise FormulaError(f"{odd!r} is not part of the language; names and signs are ASCII", line)
    if nesting(line) > MAX_DEPTH:
        raise FormulaError(f"brackets are nested deeper than {MAX_DEPTH}", line)
    head, equal, tail = line.partition("=")
    name, right = (head.strip(), tail.strip()) if equal else ("", line)
    if equal and not NAME.fullmatch(name):
        raise FormulaError(f"expected a name before `=`, got `{name[:60]}`", line)
    try:
        tree = ast.parse(right, mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        reason = getattr(error, "msg", None) or "too deeply nested"
        hint = next((words for pattern, words in _HINTS if pattern.search(text)), f"({reason})")
        raise FormulaError(f"not an expression{'' if hint[0] == '(' else ';'} {hint}", line) from None
    nodes = list(ast.walk(tree))
    if len(nodes) > MAX_NODES:
        raise FormulaError(f"the expression has {len(nodes)} parts; at most {MAX_NODES} are read", line)
    for node in nodes:
        _check(node, right)
    if depth(tree) > MAX_DEPTH:
        raise FormulaError(f"the expression is nested deeper than {MAX_DEPTH}", line)
    return Statement(tree.body, name, right)


def _check(node: ast.AST, line: str) -> None:
    if isinstance(node, ast.Subscript):
        raise FormulaError("indices do not stand between matrices; write all of the expression with indices", line)
    if not isinstance(node, _ALLOWED):
        raise FormulaError(f"{called(node, line)} is not part of the language", line)
    if isinstance(node, ast.Attribute) and node.attr != "T":
        raise FormulaError(f"`.{node.attr[:30]}` is not part of the language; `.T` is the transpose", line)
    if isinstance(node, ast.Name) and not NAME.fullmatch(node.id):
        raise FormulaError(f"{node.id[:80]!r} is not a name; names match {NAME.pattern}", line)
    if isinstance(node, ast.Call) and (node.keywords or not isinstance(node.func, ast.Name)):
        raise FormulaError("a function is called by its name, with arguments by place, as in `trace(A @ X)`", line)
    if isinstance(node, ast.Constant) and (isinstance(node.value, bool) or not isinstance(node.value, int | float)):
        raise FormulaError(f"{str(node.value)[:60]!r} is not a number", line)
