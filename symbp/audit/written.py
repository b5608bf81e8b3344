"""Trees as claims are written: brackets where a reader needs them, so around `A @ B` in a product by elements."""

from __future__ import annotations

import ast

from symbp.audit.syntax import DERIVATIVE, PRIME

SUM, PRODUCT, SIGN, POWER, ATOM = range(5)
_OPERATORS: dict[type[ast.operator], tuple[str, int]] = {
    ast.Add: (" + ", SUM), ast.Sub: (" - ", SUM), ast.Mult: (" * ", PRODUCT), ast.Div: (" / ", PRODUCT),
    ast.MatMult: (" @ ", PRODUCT), ast.Pow: ("**", POWER),
}  # fmt: skip
_RELATIONS: dict[type[ast.cmpop], str] = {
    ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<=", ast.Eq: "==", ast.NotEq: "!="
}  # fmt: skip


def written(node: ast.AST) -> str:
    """A tree as a claim is written."""
    return _write(node)[0]


def _write(node: ast.AST) -> tuple[str, int]:
    match node:
        case ast.Constant(value=value):
            return str(value), ATOM
        case ast.Name(id=name):
            return name.removesuffix(PRIME) + ("'" if name.endswith(PRIME) else ""), ATOM
        case ast.UnaryOp(op=op, operand=inner):
            return f"{'-' if isinstance(op, ast.USub) else '+'}{_within(inner, SIGN)}", SUM
        case ast.Attribute(value=inner, attr=name):
            return f"{_within(inner, ATOM)}.{name}", ATOM
        case ast.BinOp(left=left, op=op, right=right):
            sign, level = _OPERATORS[type(op)]
            brackets = level == PRODUCT and _mixes(left, op)
            before = f"({written(left)})" if brackets else _within(left, level + (level == POWER))
            return f"{before}{sign}{_within(right, level + 1)}", level
        case ast.Compare(left=left, ops=[relation], comparators=[right]):
            return f"{_within(left, PRODUCT)} {_RELATIONS[type(relation)]} {_within(right, PRODUCT)}", SUM
        case ast.Subscript(value=inner, slice=place):
            return f"{_within(inner, ATOM)}[{_places(place)}]", ATOM
        case ast.Call(func=ast.Name(id=name), args=[of, by]) if name == DERIVATIVE:
            return f"d{written(of)}/d{written(by)}", PRODUCT
        case ast.Call(func=function, args=arguments):
            return f"{written(function)}({', '.join(map(written, arguments))})", ATOM
        case ast.Tuple(elts=items):
            return ", ".join(map(written, items)), SUM
    return ast.unparse(node), SUM


def _mixes(inner: ast.expr, op: ast.operator) -> bool:
    """Whether a product of matrices stands in one by elements, or the reverse."""
    if not isinstance(inner, ast.BinOp) or _OPERATORS[type(inner.op)][1] != PRODUCT:
        return False
    return isinstance(inner.op, ast.MatMult) != isinstance(op, ast.MatMult)


def _places(node: ast.expr) -> str:
    return ",".join(map(written, node.elts)) if isinstance(node, ast.Tuple) else written(node)


def _within(node: ast.AST, least: int) -> str:
    text, level = _write(node)
    return text if level >= least else f"({text})"
