"""The grammar as an allow-list: which Python syntax a formula may use, how long and how deep it may be.

`read_lines` splits a text into equations and hands out Python syntax trees that hold nothing but allowed nodes.
Nothing is ever executed: a tree is data.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from symbp.errors import UserError

MAX_TEXT = 8_000  # characters of one formula, all equations together
MAX_EQUATIONS = 60
MAX_NODES = 1_500  # syntax nodes of one equation
MAX_DEPTH = 40
LONGEST_LINE = 120  # characters of an equation that a message quotes
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")

BINDERS = ("sum", "mean", "max", "min", "argmax", "reduce")
FUNCTIONS = (
    "exp", "log", "sqrt", "abs", "sign", "sin", "cos", "tan", "sinh", "cosh", "tanh",
    "asin", "acos", "atan", "erf", "floor", "expm1", "log1p", "stop",
)  # fmt: skip
SPECIAL = ("where", "max", "min", "clip", "delta", "size", "extent", "flat", "permute", "padded")
RESERVED = frozenset((*BINDERS, *FUNCTIONS, *SPECIAL, "pi", "inf"))

_ALLOWED = (
    ast.Module, ast.Assign, ast.Expr, ast.Name, ast.Load, ast.Store, ast.Constant, ast.Subscript, ast.Tuple, ast.Call,
    ast.BinOp, ast.UnaryOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.USub, ast.UAdd, ast.Compare,
    ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq, ast.BoolOp, ast.And, ast.Or, ast.Not,
)  # fmt: skip


_WORDS: dict[type[ast.AST], str] = {
    ast.Attribute: "a name with a dot",
    ast.Lambda: "a function of its own",
    ast.ListComp: "a list",
    ast.SetComp: "a set",
    ast.DictComp: "a mapping",
    ast.GeneratorExp: "a loop",
    ast.List: "a list",
    ast.Set: "a set",
    ast.Dict: "a mapping",
    ast.JoinedStr: "a text",
    ast.NamedExpr: "an assignment inside an expression",
    ast.IfExp: "`if` (write `where(condition, a, b)`)",
    ast.Slice: "a range of indices",
    ast.Starred: "`*` before a name",
    ast.Mod: "`%`",
    ast.FloorDiv: "`//` (write `floor(a / b)`)",
    ast.MatMult: "`@` (write `sum[i](...)`)",
    ast.BitXor: "`^` (a power is `**`)",
    ast.BitAnd: "`&` (write `and`)",
    ast.BitOr: "`|` (write `or`)",
    ast.Invert: "`~` (write `not`)",
    ast.Import: "`import`",
    ast.AugAssign: "an assignment such as `+=`",
    ast.Await: "`await`",
    ast.Yield: "`yield`",
}


class FormulaError(UserError):
    """A formula that cannot be used: says what, in which line of it, and what was expected."""

    def __init__(self, message: str, line: str = "") -> None:
        self.message = message
        self.line = line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}..."
        super().__init__(f"{message}\n    in: {self.line}" if line else message)


@dataclass(frozen=True)
class Line:
    """One equation as a syntax tree: the left side, the right side, the text as written."""

    left: ast.expr
    right: ast.expr
    text: str

    def source(self, node: ast.AST) -> str:
        """The text of a node, as written."""
        return ast.get_source_segment(self.text, node) or ""


def read_lines(text: str) -> tuple[Line, ...]:
    """The equations of a formula's text, in order; FormulaError for anything that the grammar lacks."""
    if len(text) > MAX_TEXT:
        raise FormulaError(f"the formula has {len(text)} characters; at most {MAX_TEXT} are read")
    lines = [part.strip() for raw in text.splitlines() for part in raw.split("#", 1)[0].split(";")]
    lines = [line for line in lines if line]
    if not lines:
        raise FormulaError("the formula is empty; expected at least one equation, such as `a = max(0, z)`")
    if len(lines) > MAX_EQUATIONS:
        raise FormulaError(f"the formula has {len(lines)} equations; at most {MAX_EQUATIONS} are read")
    return tuple(_read_line(line) for line in lines)


def _read_line(line: str) -> Line:
    if not line.isascii():
        odd = next(c for c in line if not c.isascii())
        raise FormulaError(f"{odd!r} is not part of the language; names and signs are ASCII", line)
    if nesting(line) > MAX_DEPTH:
        raise FormulaError(f"brackets are nested deeper than {MAX_DEPTH}", line)
    try:
        module = ast.parse(line)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        reason = getattr(error, "msg", None) or "too deeply nested"
        raise FormulaError(f"not an equation ({reason})", line) from None
    nodes = list(ast.walk(module))
    if len(nodes) > MAX_NODES:
        raise FormulaError(f"the equation has {len(nodes)} parts; at most {MAX_NODES} are read", line)
    for node in nodes:
        if not isinstance(node, _ALLOWED):
            raise FormulaError(f"{called(node, line)} is not part of the language", line)
        if isinstance(node, ast.Name) and not NAME.fullmatch(node.id):
            raise FormulaError(f"{node.id!r} is not a name; names match {NAME.pattern}", line)
        if isinstance(node, ast.Call) and node.keywords:
            raise FormulaError("functions take arguments by place, not by keyword", line)
        if isinstance(node, ast.Constant) and not (
            node.value is ... or (isinstance(node.value, int | float) and not isinstance(node.value, bool))
        ):
            raise FormulaError(f"{node.value!r} is not a number", line)
    if depth(module) > MAX_DEPTH:
        raise FormulaError(f"the expression is nested deeper than {MAX_DEPTH}", line)
    statement = module.body[0] if len(module.body) == 1 else None
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        raise FormulaError("expected one equation, `name[indices] = expression`", line)
    return Line(statement.targets[0], statement.value, line)


def called(node: ast.AST, line: str) -> str:
    """A node in words, and as it is written."""
    word = _WORDS.get(type(node), f"`{type(node).__name__}`")
    written = ast.get_source_segment(line, node) if isinstance(node, ast.expr) else None
    return f"{word} (`{written[:60]}`)" if written else word


def nesting(line: str) -> int:
    level = deepest = 0
    for character in line:
        level += (character in "([{") - (character in ")]}")
        deepest = max(deepest, level)
    return deepest


def depth(root: ast.AST) -> int:
    """Nesting of the tree; a chain of the same binary operator counts once, since a + b + c + ... is flat."""
    deepest, stack = 0, [(root, 0)]
    while stack:
        node, depth = stack.pop()
        deepest = max(deepest, depth)
        for child in ast.iter_child_nodes(node):
            chained = isinstance(node, ast.BinOp) and isinstance(child, ast.BinOp) and child is node.left
            stack.append((child, depth if chained else depth + 1))
    return deepest
