"""The equations of a formula as they are read, one after the other: what each assigned, and the axes it read where."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from symbp.formula.equation import Role
from symbp.formula.expression import Element, Flat
from symbp.formula.grammar import FormulaError, Line
from symbp.formula.indices import SizeClasses, letter
from symbp.formula.scope import Declared, Scope
from symbp.formula.syntax import stated_rank


class Reading:
    """What is known of the names of a formula after some of its equations, and the equations themselves."""

    def __init__(self, scope: Scope, lines: Sequence[Line] = ()) -> None:
        self.scope = scope
        self.later = dict(
            filter(None, map(stated_rank, lines))
        )  # ranks of tensors that a recurrence may read beforehand
        self.known: dict[str, Declared] = dict(scope.tensors)
        self.assigned: dict[str, None] = {}
        self.mentioned: dict[str, None] = {}
        self.equations: list[tuple[Element, sp.Expr, str]] = []
        self.classes = SizeClasses()
        # An axis at an index: tensor, axis, equation, index, and whether it is the equation's left side.
        self.plain: list[tuple[str, int, int, sp.Symbol, bool]] = []
        self.parted: set[tuple[str, int]] = set()  # axes read at places that are no index
        self.extents: dict[sp.Symbol, tuple[int, sp.Symbol]] = {}  # placeholder of size(i) -> (equation, index)
        self.of_axes: dict[sp.Symbol, tuple[str, int]] = {}  # placeholder of extent(x, axis) -> (tensor, axis)
        self.calls = 0

    def add(self, target: Element, body: sp.Expr, text: str) -> None:
        """Append an equation, and note where it reads."""
        name, number = target.tensor, len(self.equations)
        if name in self.scope.tensors and name not in self.scope.states and name not in self.scope.outputs:
            raise FormulaError(f"`{name}` is given; an equation cannot assign it", text)
        if name in self.assigned and name not in self.scope.states:
            raise FormulaError(f"`{name}` is assigned twice", text)
        rank = sum(len(i.args) if isinstance(i, Flat) else 1 for i in target.indices)
        axes = len(target.indices)
        if name in self.known and self.known[name].rank != axes:
            raise FormulaError(f"`{name}` has rank {self.known[name].rank}; here it has {axes} indices", text)
        free = {s for i in target.indices for s in (i.args if isinstance(i, Flat) else (i,))}
        if len(free) != rank:
            raise FormulaError("an index stands twice on the left side", text)
        self.known.setdefault(name, Declared(axes, self.role_of(name)))
        self.assigned[name] = None
        self.equations.append((target, body, text))
        self.extents |= {p: (number, self.extents[p][1]) for p in body.free_symbols if p in self.extents}
        for node in (target, *(n for n in sp.preorder_traversal(body) if isinstance(n, Element))):
            self.mentioned.setdefault(node.tensor)
            for axis, place in enumerate(node.indices):
                if place.is_Symbol:
                    self.plain.append((node.tensor, axis, number, place, node is target))
                elif not isinstance(place, Flat) and place.free_symbols:
                    self.parted.add((node.tensor, axis))

    def join(self) -> None:
        """One size for an axis and the indices that read it plainly; one for letters whose size is stated alike.

        An index whose size is stated has not that of an axis that is also read at other places, such as the first
        half in `z[n,j] * sigmoid(z[n,j + size(j)])`, or whose extent stands in an equation.
        """
        apart = {*self.parted, *self.of_axes.values()}
        for tensor, axis, number, place, left in self.plain:
            stated = self.scope.stated.get(letter(place), "")
            if stated:
                self.classes.join((number, place), stated)
            if left or not (stated and (tensor, axis) in apart):
                self.classes.join((tensor, axis), (number, place))

    def role_of(self, name: str) -> Role:
        return "output" if name in self.scope.outputs else "intermediate"

    def extent(self, symbol: sp.Symbol) -> sp.Expr:
        """A stand-in for the size of an index of the equation being read, until sizes are known."""
        placeholder = sp.Dummy(f"size_{symbol}", integer=True, positive=True)
        self.extents[placeholder] = (len(self.equations), symbol)
        return placeholder

    def extent_of(self, tensor: str, axis: int) -> sp.Expr:
        """A stand-in for the size of a tensor's axis, until sizes are known."""
        placeholder = sp.Dummy(f"extent_{tensor}_{axis}", integer=True, positive=True)
        self.of_axes[placeholder] = (tensor, axis)
        return placeholder
