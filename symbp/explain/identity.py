"""An identity that a rule names, such as `log(a*b) = log(a) + log(b)` or `h = 2*p' + u`, read as mathematics.

The text is the engine's own, never a user's. What cannot be read is left as text by the caller.
"""

from __future__ import annotations

import ast
import re

from symbp.explain import mathematics as m

_BARS = re.compile(r"\|([^|]+)\|")
_PRIME = "\u02b9"  # a letter, so that `p'` is a name to Python


def read_identity(text: str) -> m.Math | None:
    """`left = right` as a relation; None where the text is not one."""
    sides = text.replace("'", _PRIME).split(" = ")
    if len(sides) != 2:
        return None
    try:
        left, right = (_read(ast.parse(_BARS.sub(r"abs(\1)", side), mode="eval").body) for side in sides)
    except (SyntaxError, _UnreadableError):
        return None
    return m.Relation((left, right), ("=",))


class _UnreadableError(Exception):
    """A form that identities do not use."""


def _read(node: ast.expr) -> m.Math:
    match node:
        case ast.Constant(value=int() | float() as value):
            return m.Number(f"{value:g}")
        case ast.Name(id=name):
            return m.Name(name.replace(_PRIME, "'"))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return m.Sum(((-1, _read(operand)),))
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            sign = 1 if isinstance(op, ast.Add) else -1
            first = _read(left)
            terms = first.terms if isinstance(first, m.Sum) else ((1, first),)
            return m.Sum((*terms, (sign, _read(right))))
        case ast.BinOp(left=ast.UnaryOp(op=ast.USub(), operand=left), op=ast.Mult(), right=right):
            return m.Sum(((-1, m.Product((_read(left), _read(right)))),))
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return m.Product((_read(left), _read(right)))
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return m.Fraction(_read(left), _read(right))
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return m.Power(_read(left), _read(right))
        case ast.Subscript(value=ast.Name(id=name), slice=index):
            return m.Name(name.replace(_PRIME, "'"), _indices(index))
        case ast.Call(func=ast.Name(id="abs"), args=[argument]):
            return m.Bars(_read(argument))
        case ast.Call(func=ast.Name(id="flat"), args=items):
            return m.Tuple(tuple(map(_read, items)))
        case ast.Call(func=ast.Name(id="sqrt"), args=[argument]):
            return m.Root(_read(argument))
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]):
            return m.Call(function, tuple(map(_read, arguments)))
        case ast.Call(func=ast.Subscript(value=ast.Name(id="sum"), slice=index), args=[argument]):
            return m.Over("sum", _indices(index), _read(argument))
        case _:
            raise _UnreadableError


def _indices(node: ast.expr) -> tuple[m.Math, ...]:
    return tuple(map(_read, node.elts)) if isinstance(node, ast.Tuple) else (_read(node),)
