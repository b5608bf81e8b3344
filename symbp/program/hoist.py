"""Recurrences with as little in a step as can be: what does not recur moves into equations before the loop.

    z[n,t,q,j] = sum[i](x[n,t,i]*W[i,q,j]) + b[q,j] + sum[k](h[n,t-1,k]*V[k,q,j])
    becomes
    known_z[n,t,q,j] = sum[i](x[n,t,i]*W[i,q,j]) + b[q,j]
    z[n,t,q,j] = known_z[n,t,q,j] + sum[k](h[n,t-1,k]*V[k,q,j])

A part of an equation recurs where it reads a tensor of the recurrence. What does not, and is more than a read, is
computed for all steps at once: the terms of a sum together, the factors of a product together. Nothing here knows
layers; the equations say it all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import sympy as sp

from symbp.formula.equation import Equation, Tensor
from symbp.formula.expression import Element, MaxOver, SumOver, element, elements
from symbp.formula.indices import BINDERS, Names
from symbp.formula.recurrence import Group


@dataclass
class Hoisting:
    """The equations moved out of a recurrence, and of which of its equations each was a part.

    `tensors` gains the tensors that they compute. `sliced` says of a read whether a step can have it as it stands. With
    `least`, all stays that a step can compute.
    """

    group: Group
    tensors: dict[str, Tensor]
    names: Names
    sliced: Callable[[Equation, Element], bool]
    least: bool = False
    before: list[Equation] = field(default_factory=list)
    parents: dict[str, str] = field(default_factory=dict)
    known: dict[sp.Expr, Element] = field(default_factory=dict)

    def inside(self) -> Group:
        """The recurrence with what recurs alone."""
        return replace(self.group, equations=tuple(_Hoist(self, e).equation() for e in self.group.equations))

    def recurs(self, node: sp.Basic) -> bool:
        return any(e.tensor in self.group.axes for e in elements(node))


class _Hoist:
    """One equation of the recurrence."""

    def __init__(self, hoisting: Hoisting, equation: Equation) -> None:
        self.hoisting = hoisting
        self.of = equation
        self.fixed = {i for i in equation.target.indices if i != hoisting.group.index(equation)}

    def equation(self) -> Equation:
        return replace(self.of, body=self.visit(self.of.body))

    def visit(self, node: sp.Expr) -> sp.Expr:
        """The node with what does not recur in it read from before."""
        if not self.hoisting.recurs(node):
            return self.moved(node)
        if isinstance(node, Element):
            return node
        if isinstance(node, sp.Add):
            return sp.Add(*self.terms(node.args))
        if isinstance(node, sp.Mul):
            return self.product(node)
        if isinstance(node, sp.Piecewise):
            return sp.Piecewise(*((self.visit(value), self.condition(c)) for value, c in node.args))
        if isinstance(node, SumOver | MaxOver):
            return node.func(self.visit(node.body), *node.bound)
        if isinstance(node, BINDERS):
            return node
        return node.func(*(self.visit(a) for a in node.args))

    def terms(self, terms: Sequence[sp.Expr]) -> list[sp.Expr]:
        """Terms that recur, terms at one position of an index, and the others together."""
        apart = [t for t in terms if self.hoisting.recurs(t) or any(map(self.is_place, sp.Mul.make_args(t)))]
        others = self.together([t for t in terms if t not in apart])
        visited = (self.visit(t) if self.hoisting.recurs(t) else self.product(t) for t in apart)
        return [*visited, *(self.moved(sp.Add(*group)) for group in others)]

    def product(self, node: sp.Expr) -> sp.Expr:
        """Factors that recur, deltas that say where the product stands, and the others together."""
        factors = sp.Mul.make_args(node)
        apart = [f for f in factors if self.hoisting.recurs(f) or self.is_place(f)]
        others = self.together([f for f in factors if f not in apart])
        visited = (self.visit(f) if self.hoisting.recurs(f) else f for f in apart)
        return sp.Mul(*visited, *(self.moved(sp.Mul(*group)) for group in others))

    def together(self, parts: Sequence[sp.Expr]) -> list[list[sp.Expr]]:
        """Groups of parts that are no larger together than the left side, or than the largest among them."""
        groups: list[tuple[set[sp.Symbol], list[sp.Expr]]] = []
        left = set(self.of.target.indices)
        for part in sorted(parts, key=lambda p: -len(self.indices(p))):
            own = self.indices(part)
            for indices, members in groups:
                if indices <= own or own <= indices or indices | own <= left:
                    indices |= own
                    members.append(part)
                    break
            else:
                groups.append((own, [part]))
        return [members for _, members in groups]

    def indices(self, node: sp.Expr) -> set[sp.Symbol]:
        return {i for i in self.of.sizes if i in node.free_symbols}

    def is_place(self, factor: sp.Expr) -> bool:
        """Whether the factor is a delta that puts a product at one position of an index of the left side."""
        if not isinstance(factor, sp.KroneckerDelta):
            return False
        sides = factor.args, factor.args[::-1]
        return any(i in self.fixed and (isinstance(e, Element) or not self.indices(e)) for i, e in sides)

    def condition(self, node: sp.Basic) -> sp.Basic:
        """A condition with its sides read from before; one that does not recur is a tensor that is 1 where it holds."""
        if not node.free_symbols & set(self.of.sizes):
            return node
        if not self.hoisting.recurs(node):
            return sp.Gt(self.moved(sp.Piecewise((1, node), (0, True))), sp.Rational(1, 2))
        if isinstance(node, sp.core.relational.Relational):
            return node.func(*(self.visit(a) for a in node.args))
        return node.func(*(self.condition(a) for a in node.args))

    def moved(self, node: sp.Expr) -> sp.Expr:
        """What does not recur: as it stands where that is a number times a read, else by a tensor of its own."""
        numbers = [f for f in sp.Mul.make_args(node) if self.is_number(f)]
        rest = sp.Mul(*(f for f in sp.Mul.make_args(node) if f not in numbers))
        stays = self.in_step(rest) if self.hoisting.least else isinstance(rest, Element) and self.is_sliced(rest)
        return node if rest == 1 or stays else self.known(node)

    def is_sliced(self, read: Element) -> bool:
        return self.hoisting.sliced(self.of, read)

    def in_step(self, node: sp.Expr) -> bool:
        """Whether a step can compute the node: it reads slices, and not the number of the step."""
        reads = {e: sp.Dummy() for e in elements(node)}
        index = self.hoisting.group.index(self.of)
        return all(map(self.is_sliced, reads)) and not node.xreplace(reads).has(index)

    def is_number(self, node: sp.Expr) -> bool:
        return not node.free_symbols & set(self.of.sizes) and not any(elements(node))

    def known(self, node: sp.Expr) -> Element:
        """The tensor that holds the node for all steps."""
        hoisting, own = self.hoisting, self.of.target
        if node not in hoisting.known:
            free = [i for i in dict.fromkeys((*own.indices, *self.of.sizes)) if i in node.free_symbols]
            name = hoisting.names.numbered(f"known_{own.tensor}")
            held = element(name, *free)
            hoisting.known[node] = held
            hoisting.parents[name] = own.tensor
            hoisting.tensors[name] = Tensor(name, tuple(self.of.sizes[i] for i in free), "intermediate")
            hoisting.before.append(Equation(held, node, _used(self.of.sizes, held, node)))
        return hoisting.known[node]


def _used(sizes: Mapping[sp.Symbol, sp.Expr], *sides: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
    present = {s for side in sides for node in sp.preorder_traversal(side) for s in node.free_symbols}
    return {index: extent for index, extent in sizes.items() if index in present}
