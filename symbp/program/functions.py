"""The elementwise functions of a program: a closed table. Names are NumPy's where NumPy has the function.

`guarded` functions may overflow, divide by 0 or be undefined for some arguments: in a branch of a piecewise expression
they are evaluated only where the branch holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from symbp.formula.equation import Kind
from symbp.formula.expression import expm1, log1p, stop


@dataclass(frozen=True)
class Function:
    """How many operands, what kind of result, and whether evaluation must be guarded."""

    arity: int
    result: Kind = "float"
    guarded: bool = False


FUNCTIONS: Mapping[str, Function] = {
    "add": Function(2),
    "subtract": Function(2),
    "multiply": Function(2),
    "divide": Function(2, guarded=True),
    "power": Function(2, guarded=True),
    "maximum": Function(2),
    "minimum": Function(2),
    "floor_divide": Function(2, "int"),
    "remainder": Function(2, "int"),
    "copy": Function(1),
    "stop": Function(1),  # a copy, but where a check holds what it holds
    "negative": Function(1),
    "absolute": Function(1),
    "sign": Function(1),
    "square": Function(1),
    "reciprocal": Function(1, guarded=True),
    "sqrt": Function(1, guarded=True),
    "exp": Function(1, guarded=True),
    "expm1": Function(1, guarded=True),
    "log": Function(1, guarded=True),
    "log1p": Function(1, guarded=True),
    "sin": Function(1),
    "cos": Function(1),
    "tan": Function(1),
    "sinh": Function(1, guarded=True),
    "cosh": Function(1, guarded=True),
    "tanh": Function(1),
    "arcsin": Function(1, guarded=True),
    "arccos": Function(1, guarded=True),
    "arctan": Function(1),
    "erf": Function(1),
    "floor": Function(1),
    "greater": Function(2, "bool"),
    "greater_equal": Function(2, "bool"),
    "less": Function(2, "bool"),
    "less_equal": Function(2, "bool"),
    "equal": Function(2, "bool"),
    "not_equal": Function(2, "bool"),
    "logical_and": Function(2, "bool"),
    "logical_or": Function(2, "bool"),
    "logical_not": Function(1, "bool"),
}

# SymPy's nodes of one argument -> the function that evaluates them
ELEMENTWISE: Mapping[type, str] = {
    sp.exp: "exp",
    sp.log: "log",
    sp.Abs: "absolute",
    sp.sign: "sign",
    sp.sin: "sin",
    sp.cos: "cos",
    sp.tan: "tan",
    sp.sinh: "sinh",
    sp.cosh: "cosh",
    sp.tanh: "tanh",
    sp.asin: "arcsin",
    sp.acos: "arccos",
    sp.atan: "arctan",
    sp.erf: "erf",
    sp.floor: "floor",
    expm1: "expm1",
    log1p: "log1p",
    stop: "stop",
}

RELATIONS: Mapping[type, str] = {
    sp.StrictGreaterThan: "greater",
    sp.GreaterThan: "greater_equal",
    sp.StrictLessThan: "less",
    sp.LessThan: "less_equal",
    sp.Equality: "equal",
    sp.Unequality: "not_equal",
}
