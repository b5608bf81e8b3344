"""An elementwise row of the catalog as a function of one expression, the rows that it calls written out."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import sympy as sp

from symbp.formula.expression import element
from symbp.formula.parse import read_formula
from symbp.formula.scope import Declared, Scope
from symbp.forward.rows import callable_rows

Elementwise = Callable[[sp.Expr], sp.Expr]


@cache
def inlined(name: str) -> Elementwise | None:
    """The row's formula at its defaults, as a function of its argument; None where no elementwise row has the name."""
    rows = callable_rows()
    row = rows.get(name)
    if row is None:
        return None
    numbers = {n: sp.Symbol(n, real=True) for n in row.scalars}
    formula = read_formula(
        name, row.equations, Scope({row.argument: Declared(0, "input")}, numbers, (row.result,), rows)
    )
    values = {symbol: row.scalars[n] for n, symbol in numbers.items()}
    made: dict[sp.Expr, sp.Expr] = {}
    for equation in formula.equations:  # in order: rows that it calls come first
        made[equation.target] = equation.body.xreplace(values).xreplace(made)
    body, argument = made[element(row.result)], element(row.argument)
    return lambda value: body.xreplace({argument: value})
