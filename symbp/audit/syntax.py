"""A claim's text as two syntax trees: an allow-list over Python's, as for formulas. Nothing is ever executed.

    claim       =  quantity "=" expression
    quantity    =  name | name[i, ...] | d name / d name, each with indices or without
    expression  =  numbers, names, + - * / ** @, .T, f(...), f'(...), sum[i](...), x[i, j], 1[z > 0], d name / d name

What is written as NumPy is read too.

In the trees a derivative is the call `D(C, W)`, a transpose the attribute `T`, and `f'` the name `f_prime`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from symbp.audit.numpy import as_claimed, without_keywords
from symbp.formula.grammar import MAX_DEPTH, NAME, FormulaError, called, depth, nesting
from symbp.formula.syntax import items_of

MAX_TEXT = 1_000  # characters of a claim
MAX_NODES = 300
MAX_NUMBER = 1e6
MAX_EXPONENT = 8
PRIME = "_prime"
DERIVATIVE = "D"
Form = Literal["index", "matrix"]

_ALLOWED = (
    ast.Expression, ast.Name, ast.Load, ast.Constant, ast.Call, ast.Attribute, ast.BinOp, ast.UnaryOp, ast.Subscript,
    ast.Tuple, ast.Compare, ast.Gt, ast.GtE, ast.Lt, ast.LtE, ast.Eq, ast.NotEq,
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.MatMult, ast.USub, ast.UAdd,
)  # fmt: skip
_SIGNS = str.maketrans(
    {"⊙": "*", "∘": "*", "−": "-", "·": "*", "×": "*", "≥": ">=", "≤": "<=", "δ": "delta", "σ": "sigma", "φ": "phi",
     "η": "eta", "∂": "d", "∇": "grad_", "Σ": "sum", "∑": "sum", "𝟙": "1", "ŷ": "yhat", "α": "alpha", "β": "beta",
     "γ": "gamma", "λ": "lambda_", "½": "(1/2)", "ᵀ": "^T", "²": "**2", "′": "'", "’": "'"}
)  # fmt: skip
_NAMED = r"[A-Za-z]\w*(?:\s*\[[^\]]*\])?"
_PART = rf"(?:\(\s*({_NAMED})\s*\)|({_NAMED}))"
_RATIO = re.compile(rf"\bd\s*_?(?!elta){_PART}\s*/\s*d\s*(?!elta){_PART}")
_STROKE = re.compile(r"\b([A-Za-z]\w*)'(?=\s*\()")
_POWER_T = re.compile(r"\s*(?:\^\s*T|\^\{T\}|\.T|\^⊤|⊤)(?![A-Za-z0-9_])")
_EQUAL = re.compile(r"(?<![<>=!:])=(?!=)")


@dataclass(frozen=True)
class Statement:
    """A claim as trees. `left` is a name, a derivative, or either with indices.

    `layer` is the layer that it is about, where its text is about every layer; `part` counts right sides where a text
    has several.
    """

    left: ast.expr
    right: ast.expr
    form: Form
    text: str
    layer: int | None = None
    part: int | None = None


def read_text(text: str) -> list[Statement]:
    """The claims that a text states, one for each right side; FormulaError for anything that the syntax lacks."""
    if len(text) > MAX_TEXT:
        raise FormulaError(f"the claim has {len(text)} characters; at most {MAX_TEXT} are read")
    line = normalized(text)
    if not line.isascii():
        odd = next(c for c in line if not c.isascii())
        raise FormulaError(f"{odd!r} is not part of the language of claims", text)
    if nesting(line) > MAX_DEPTH:
        raise FormulaError(f"brackets are nested deeper than {MAX_DEPTH}", text)
    first, *rest = _EQUAL.split(line)
    if not rest:
        raise FormulaError("a claim is an equation, such as `delta2 = (W3 @ delta3) * f'(z2)`", text)
    left, *right = (_tree(side.strip(), text) for side in (first, *rest))
    indexed = any(_has_indices(n) for side in (left, *right) for n in ast.walk(side))
    form: Form = "index" if indexed else "matrix"
    parts = [None] if len(right) == 1 else range(1, len(right) + 1)
    return [checked(Statement(left, side, form, text, part=k)) for side, k in zip(right, parts, strict=True)]


def checked(statement: Statement) -> Statement:
    """The statement; FormulaError where its left side is no quantity, or a side is no expression of claims.

    Whichever way a claim is written, its trees come through here.
    """
    _check_all((statement.left, statement.right), statement.text)
    if not _is_quantity(statement.left):
        said = ast.unparse(statement.left)[:60]
        message = f"expected a quantity before `=`, such as `delta2` or `dC/dW2[i,j]`, got `{said}`"
        raise FormulaError(message, statement.text)
    return statement


def places_of(node: ast.expr) -> list[ast.expr]:
    """The indices of a quantity, in order: of the derivative `dy[i]/dx[j]`, those of both."""
    if isinstance(node, ast.Subscript):
        return [*places_of(node.value), *items_of(node.slice)]
    if isinstance(node, ast.Call):
        return [place for argument in node.args for place in places_of(argument)]
    return []


def normalized(text: str) -> str:
    """The text in ASCII, with derivatives as calls and strokes as part of names."""
    line = without_keywords(" ".join(text.translate(_SIGNS).split()))
    line = _POWER_T.sub(".T", line)
    line = _STROKE.sub(rf"\1{PRIME}", line)
    return _RATIO.sub(lambda m: f"{DERIVATIVE}({m[1] or m[2]}, {m[3] or m[4]})", line)


def _has_indices(node: ast.AST) -> bool:
    return isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name)


def _is_quantity(node: ast.expr) -> bool:
    if isinstance(node, ast.Subscript):
        node = node.value
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == DERIVATIVE
    return isinstance(node, ast.Name)


def _tree(side: str, text: str) -> ast.expr:
    try:
        tree = ast.parse(side, mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        reason = getattr(error, "msg", None) or "too deeply nested"
        raise FormulaError(f"not an expression ({reason}){_hint(side)}", text) from None
    _limit((tree.body,), text)
    body = as_claimed(tree.body)
    _check_all((body,), text, side)
    return body


def _check_all(sides: Sequence[ast.expr], text: str, line: str = "") -> None:
    """FormulaError where trees are too large, too deep, or have a part that the language of claims lacks."""
    _limit(sides, text)
    for side in sides:
        for node in ast.walk(side):
            _check(node, line, text)


def _limit(sides: Sequence[ast.expr], text: str) -> None:
    count = sum(1 for side in sides for _ in ast.walk(side))
    if count > MAX_NODES:
        raise FormulaError(f"the claim has {count} parts; at most {MAX_NODES} are read", text)
    if max(map(depth, sides)) > MAX_DEPTH:
        raise FormulaError(f"the claim is nested deeper than {MAX_DEPTH}", text)


def _hint(side: str) -> str:
    if "^" in side:
        return "; a power is `**`, a transpose `.T`"
    if re.search(r"\d\s*[A-Za-z(]|\)\s*[A-Za-z(]", side):
        return "; a product is written `2 * x`, between matrices `A @ B`"
    return ""


def _check(node: ast.AST, side: str, text: str) -> None:
    if isinstance(node, ast.BitXor):
        raise FormulaError("`^` is not part of the language; a power is `**`, a transpose `.T`", text)
    if not isinstance(node, _ALLOWED):
        raise FormulaError(f"{called(node, side)} is not part of the language of claims", text)
    if isinstance(node, ast.Attribute) and node.attr != "T":
        raise FormulaError(f"`.{node.attr[:30]}` is not part of the language; `.T` is the transpose", text)
    if isinstance(node, ast.Name) and not NAME.fullmatch(node.id):
        raise FormulaError(f"{node.id[:80]!r} is not a name; names match {NAME.pattern}", text)
    if isinstance(node, ast.Call) and node.keywords:
        raise FormulaError("functions take arguments by place, not by keyword", text)
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise FormulaError(f"{str(node.value)[:60]!r} is not a number", text)
        if not abs(node.value) <= MAX_NUMBER:
            raise FormulaError(f"the number {str(node.value)[:20]} is too large", text)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and not _is_small(node.right):
        raise FormulaError(f"an exponent is a number up to {MAX_EXPONENT}", text)
    if isinstance(node, ast.Compare) and len(node.ops) != 1:
        raise FormulaError("comparisons are not chained; write a product of indicators", text)


def _is_small(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return _is_small(node.left) and _is_small(node.right)
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and abs(node.value) <= MAX_EXPONENT
