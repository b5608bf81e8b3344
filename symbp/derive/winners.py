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

    def lifted(node: sp.Basic, sizes: dict[sp.Symbol, sp.Expr], held: dict[MaxOver, Element]) -> sp.Basic:
        """The node with its maxima held, those further in first."""
        if not node.args or not node.has(MaxOver):
            return node
        node = node.func(*(lifted(a, sizes, held) for a in node.args))
        if isinstance(node, MaxOver):
            held[node] = held.get(node) or hold(node, sizes, None)
            return held[node]
        return node

    for equation in formula.equations:
        sizes, body = dict(equation.sizes), equation.body
        if isinstance(body, MaxOver):
            body = MaxOver(lifted(body.body, sizes, {}), *body.bound)
            hold(body, sizes, equation.target)
            equations[-1] = replace(equation, body=body)
        else:
            equations.append(replace(equation, body=lifted(body, sizes, {})))
    return Hoisted(replace(formula, equations=tuple(equations), tensors=tensors), tuple(winners), at_winner)
