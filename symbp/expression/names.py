"""What the tensors of a derivation are called on the page of one expression.

The engine calls a cost C, its derivative by z an error, and the derivative of y by the elements of w `D_y`. Here the
cost is called as the expression's result is, and every derivative is a fraction.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from symbp.explain import mathematics as m
from symbp.explain.document import Derived
from symbp.explain.naming import COST, ERROR, WEIGHTED_INPUT
from symbp.explain.trees import rebuilt
from symbp.expression.result import Result
from symbp.formula.defined import Determinant, Solution
from symbp.formula.expression import elements


def renamed(part: Any, result: Result) -> Any:
    """A part of the document with the names of one expression."""
    if isinstance(part, m.Derivative) and part.of == m.Name(COST) and result.output != COST:
        part = m.Derivative(m.Name(result.output), part.by)
        return replace(part, by=renamed(part.by, result))
    if isinstance(part, m.Call) and part.function == "delta":
        return m.Indicator(m.Relation(part.arguments, ("=",)))
    if isinstance(part, m.Name):
        return _name(part, result)
    part = rebuilt(part, partial(renamed, result=result))
    return replace(part, lines=_once(part.lines)) if isinstance(part, Derived) else part


def _once(lines: tuple[m.Line, ...]) -> tuple[m.Line, ...]:
    """Without what says only that a derivative is itself."""
    first, *others = lines
    return (replace(others[0], left=first.left), *others[1:]) if others and first.left == first.right else lines


def _name(name: m.Name, result: Result) -> m.Math:
    inverse = defined(result).get(name.base)
    if isinstance(inverse, m.Power):
        return m.Component(inverse, name.indices) if name.indices else inverse
    tensors = {t.name for t in result.formula.tensors.values()}
    if name.base == ERROR and ERROR not in tensors and WEIGHTED_INPUT in tensors:
        return m.Derivative(m.Name(result.output), replace(name, base=WEIGHTED_INPUT))
    jacobian = result.jacobian
    if jacobian is None or not name.base.startswith(jacobian.prefix) or name.base in tensors:
        return name
    own = name.base.removeprefix(jacobian.prefix)
    rank = len(jacobian.by.indices)
    whole = not name.indices
    mine, theirs = (name.indices[:-rank], name.indices[-rank:]) if rank else (name.indices, ())
    by = m.Name(jacobian.by.tensor, () if whole else theirs, matrix=whole and rank > 1)
    if own.startswith("d_") and own not in tensors:
        inner = m.Name(own.removeprefix("d_"), () if whole else mine, matrix=whole and rank > 1)
        of = m.Derivative(m.Name(result.output), renamed(inner, result))
        return m.Derivative(of, _along(by, whole, rank))
    return m.Derivative(renamed(m.Name(own, () if whole else mine), result), by)


def defined(result: Result) -> dict[str, m.Math]:
    """Inverses and determinants, which the expression does not name, as they are written between matrices."""
    found: dict[str, m.Math] = {}
    for equation in result.formula.equations:
        if isinstance(equation.body, Solution):
            (matrix,) = {e.tensor for e in elements(equation.body.residual)}
            of = found.get(matrix, m.Name(matrix, matrix=True))
            found[equation.target.tensor] = m.Power(of, m.Sum(((-1, m.Number("1")),)))
        elif isinstance(equation.body, Determinant):
            name = equation.body.body.tensor
            found[equation.target.tensor] = m.Call("det", (found.get(name, m.Name(name, matrix=True)),))
    return found


def sought(result: Result) -> m.Math:
    """The derivative as a whole."""
    of, by = m.Name(result.output), m.Name(result.wrt)
    first = m.Derivative(of, by)
    rank = len(result.formula.tensors[result.wrt].axes)
    return m.Derivative(first, _along(by, True, rank)) if result.kind == "Hessian" else first


def _along(by: m.Name, whole: bool, rank: int) -> m.Math:
    """What a Hessian's columns are: ∂²C/∂w∂wᵀ of a vector."""
    return m.Transposed(by) if whole and rank == 1 else by
