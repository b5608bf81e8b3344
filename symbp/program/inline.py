"""Equations of a recurrence that one other reads, once, put in its place where that costs nothing.

    d_e[n,t,j] = o[n,t,j]*d_h[n,t,j]
    d_c[n,t,j] = (1 - e[n,t,j]**2)*d_e[n,t,j] + f[n,t+1,j]*d_c[n,t+1,j]
    becomes
    d_c[n,t,j] = (1 - e[n,t,j]**2)*o[n,t,j]*d_h[n,t,j] + f[n,t+1,j]*d_c[n,t+1,j]

The factors that do not recur then stand side by side, and their product is taken once for all steps. Only a product
of one recurring read and of factors that do not recur is put in place; nothing is computed twice.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import sympy as sp

from symbp.formula.equation import Equation
from symbp.formula.expression import Element, elements
from symbp.formula.indices import BINDERS
from symbp.formula.recurrence import Group


def inlined(group: Group, kept: Collection[str]) -> Group:
    """The recurrence without the equations that can be put in place; `kept` are tensors that others read."""
    for equation in group.equations:
        name = equation.target.tensor
        if name not in kept and _is_product(group, equation):
            readers = [e for e in group.equations if any(elements(e.body, name))]
            if len(readers) == 1 and readers[0] is not equation and _occurrences(readers[0].body, name) == 1:
                rest = tuple(_with(e, equation) if e is readers[0] else e for e in group.equations if e is not equation)
                axes = {tensor: axis for tensor, axis in group.axes.items() if tensor != name}
                return inlined(replace(group, equations=rest, axes=axes), kept)
    return group


def _is_product(group: Group, equation: Equation) -> bool:
    """Whether the equation is one recurring read times factors that do not recur, without sums."""
    factors = sp.Mul.make_args(equation.body)
    recurring = [f for f in factors if any(e.tensor in group.axes for e in elements(f))]
    return len(recurring) == 1 and isinstance(recurring[0], Element) and not equation.body.has(*BINDERS)


def _occurrences(node: sp.Basic, name: str) -> int:
    """How often a tensor is read, at most 2 counted; a read inside a sum, a maximum or an index counts as several."""
    if isinstance(node, Element) and node.tensor == name:
        return 1
    inside = sum(_occurrences(a, name) for a in node.args)
    return 2 * inside if isinstance(node, (Element, *BINDERS)) else inside


def _with(reader: Equation, equation: Equation) -> Equation:
    (read,) = elements(reader.body, equation.target.tensor)
    body = equation.body.xreplace(dict(zip(equation.target.indices, read.indices, strict=True)))
    return replace(reader, body=reader.body.xreplace({read: body}))
