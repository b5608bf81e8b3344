"""Numbers in formulas, checked before SymPy sees them: real, finite, and quick to write down.

SymPy evaluates what it can when an expression is built, exactly and whatever the length: `9**9**9` or
`floor(exp(exp(exp(9))))` would not end. So every part of a formula that holds no names is first computed in floating
point.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Sequence

from symbp.formula.grammar import FUNCTIONS

LARGEST = 1e300
DIGITS = 18  # of a whole number, and before the point
MAX_EXPONENT = 64  # of anything: x**65 and more is not computed
_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: math.pow,
}
_FUNCTIONS: dict[str, Callable[..., float]] = {
    **{name: getattr(math, name) for name in FUNCTIONS if hasattr(math, name)},
    "abs": abs,
    "sign": lambda x: math.copysign(1.0, x) if x else 0.0,
    "stop": float,
    "max": max,
    "min": min,
    "clip": lambda x, low, high: min(max(x, low), high),
}


class ConstantError(ValueError):
    """A part of a formula that is no real, finite number: `node`, and why."""

    def __init__(self, node: ast.expr, message: str) -> None:
        super().__init__(message)
        self.node = node


def constant(node: ast.expr) -> float | None:
    """The value of a part without names, None for one that has names; ConstantError where it is not a finite real."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        if isinstance(node.value, int) and abs(node.value) >= 10**DIGITS:
            raise ConstantError(node, f"this is too large; numbers have at most {DIGITS} digits before the point")
        return float(node.value)
    if isinstance(node, ast.Name) and node.id == "pi":
        return math.pi
    if isinstance(node, ast.UnaryOp):
        value = constant(node.operand)
        return -value if value is not None and isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        links: list[ast.BinOp] = []
        first: ast.expr = node
        while isinstance(first, ast.BinOp):
            links.append(first)
            first = first.left
        total = constant(first)
        for link in reversed(links):
            total = _apply(link, _OPERATORS.get(type(link.op)), (total, constant(link.right)))
        return total
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _apply(node, _FUNCTIONS.get(node.func.id), [constant(argument) for argument in node.args])
    return None


def _apply(node: ast.expr, function: Callable[..., float] | None, values: Sequence[float | None]) -> float | None:
    if function is None or any(value is None for value in values):
        return None
    try:
        result = function(*values)
    except TypeError:  # too many arguments or too few: the reader says which
        return None
    except ZeroDivisionError:
        raise ConstantError(node, "division by 0") from None
    except OverflowError:
        raise ConstantError(node, "a number this large is not computed") from None
    except ValueError:
        raise ConstantError(node, "this is not a real, finite number") from None
    if not abs(result) < LARGEST:
        raise ConstantError(node, "a number this large is not computed")
    return result
