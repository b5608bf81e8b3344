"""Maxima over axes as equations of their own, with the position of the first winner saved.

`y[n] = max[k](f(k)) + ...` becomes `top[n] = max[k](f(k))` and `top_k[n] = argmax[k](f(k))`: the maximum is
differentiated as a read at the winner, f(top_k[n]).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import sympy as sp

from symbp.formula.equation import Equation, Formula, Tensor
from symbp.formula.expression import Element, MaxOver, Winner, element
from symbp.formula.indices import Names


@dataclass(frozen=True)
class Hoisted:
    """The formula with its maxima hoisted; `at_winner` maps a maximum's tensor to its body read at the winner."""

    formula: Formula
    winners: tuple[Equation, ...]
    at_winner: dict[str, sp.Expr]


def hoist_maxima(formula: Formula) -> Hoisted:
    """Give every maximum an equation of its own and every bound index of it a winner."""
    names = Names([*formula.tensors, *formula.scalars])
    tensors = dict(formula.tensors)
    equations: list[Equation] = []
    winners: list[Equation] = []
    at_winner: dict[str, sp.Expr] = {}

    def hold(node: MaxOver, sizes: dict[sp.Symbol, sp.Expr], target: Element | None) -> Element:
        free = [s for s in sizes if s in node.free_symbols]
        held = target or element(names.fresh("top").name, *free)
        axes = tuple(sizes[s] for s in held.indices)
        tensors.setdefault(held.tensor, Tensor(held.tensor, axes, "intermediate"))
        equations.append(Equation(held, node, sizes))
        body = node.body
        for bound in node.bound:
            name = names.fresh(f"{held.tensor}_{bound.name.rstrip(chr(39))}").name
            place = element(name, *held.indices, integer=True)
            tensors[name] = Tensor(name, axes, "intermediate", "int")
            winners.append(Equation(place, Winner(node.body, bound, *node.bound), sizes))
            body = body.xreplace({bound: place})
        at_winner[held.tensor] = body
        return held

    for equation in formula.equations:
        sizes = dict(equation.sizes)
        if isinstance(equation.body, MaxOver):
            hold(equation.body, sizes, equation.target)
            equations[-1] = equation
            continue
        maxima = [n for n in sp.preorder_traversal(equation.body) if isinstance(n, MaxOver)]
        body = equation.body.xreplace({node: hold(node, sizes, None) for node in dict.fromkeys(maxima)})
        equations.append(replace(equation, body=body))
    return Hoisted(replace(formula, equations=tuple(equations), tensors=tensors), tuple(winners), at_winner)
