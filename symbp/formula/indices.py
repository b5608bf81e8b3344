"""Names and sizes of indices: fresh names, one spelling for equal sums, and which axes share a size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import sympy as sp

from symbp.formula.defined import Determinant
from symbp.formula.expression import Flat, InRange, MaxOver, SumOver, Winner, index

BINDERS = (SumOver, MaxOver, Winner, Determinant)


def letter(symbol: sp.Symbol) -> str:
    """The letter of an index without its primes: `j''` is a `j`."""
    return str(symbol.name).rstrip("'")


class Names:
    """Fresh index names: primes are added to a letter until the name is new."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = set(taken)

    def fresh(self, like: str) -> sp.Symbol:
        name = like
        while name in self.taken:
            name += "'"
        self.taken.add(name)
        return index(name)

    def distinct(self, like: str) -> str:
        """A new name of a tensor: underscores are added until it is."""
        name = like
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def numbered(self, like: str) -> str:
        """A new name of a tensor: a number is added where it has to be."""
        name, count = like, 2
        while name in self.taken:
            name, count = f"{like}_{count}", count + 1
        self.taken.add(name)
        return name


def bound_indices(expression: sp.Basic) -> Iterator[sp.Symbol]:
    """Every index bound anywhere in the expression, once for each binder that binds it."""
    for node in sp.preorder_traversal(expression):
        if isinstance(node, BINDERS):
            yield from node.bound


def rename_bound(expression: sp.Expr, names: Names, sizes: dict[sp.Symbol, sp.Expr]) -> sp.Expr:
    """The same value with a fresh name for every bound index; `sizes` learns the sizes of the new names."""
    named: dict[sp.Dummy, sp.Symbol] = {}  # only at the end: a fresh name may be that of a binder further out or in

    def visit(node: sp.Expr) -> sp.Expr:
        if not node.args or not node.has(*BINDERS):
            return node
        if not isinstance(node, BINDERS):
            return node.func(*map(visit, node.args))
        held = {old: sp.Dummy(old.name, integer=True, nonnegative=True) for old in node.bound}
        body = visit(_replace_free(node.body, held))
        for old in node.bound:
            named[held[old]] = new = names.fresh(letter(old))
            sizes[new] = sizes[old]
        return node.func(body, *(held.get(a, a) for a in node.args[1:]))

    return visit(expression).xreplace(named)


def canonical(
    expression: sp.Expr,
    free: Iterable[sp.Symbol],
    sizes: Mapping[sp.Symbol, sp.Expr],
    letters: Mapping[str, sp.Expr],
) -> tuple[sp.Expr, dict[sp.Symbol, sp.Expr]]:
    """The same value with bound indices spelt so that equal sums are equal expressions, and the sizes of its indices.

    A bound index takes the first letter that runs over its size and is neither free nor bound further in; primes are
    added when letters run out. The result does not depend on the names that came in.
    """
    spelt: dict[sp.Symbol, sp.Expr] = {s: sizes[s] for s in free if s in sizes}
    forbidden = {s.name for s in free}

    def choose(extent: sp.Expr, inner: set[str]) -> sp.Symbol:
        pool = [name for name, value in letters.items() if value == extent]
        pool = pool or [str(extent).removeprefix("N_") if extent.is_Symbol else "k"]
        primes = ""
        while True:
            for name in pool:
                if name + primes not in forbidden and name + primes not in inner:
                    return index(name + primes)
            primes += "'"

    def visit(node: sp.Expr) -> sp.Expr:
        if not node.args or not node.has(*BINDERS):
            return node
        if not isinstance(node, BINDERS):
            return node.func(*map(visit, node.args))
        held = {old: sp.Dummy(old.name, integer=True, nonnegative=True) for old in node.bound}
        body = visit(_replace_free(node.body, held))
        inner = {s.name for s in body.free_symbols if isinstance(s, sp.Symbol) and s not in held.values()}
        inner |= {s.name for s in bound_indices(body)}
        renaming: dict[sp.Symbol, sp.Symbol] = {}
        for old in sorted(node.bound, key=lambda s: _first_use(body, held[s])):
            new = choose(sizes[old], inner)
            inner.add(new.name)
            renaming[old] = new
            spelt[new] = sizes[old]
        body = body.xreplace({held[old]: new for old, new in renaming.items()})
        bound = sorted((renaming[s] for s in node.bound), key=lambda s: s.name)
        if isinstance(node, SumOver):
            return SumOver(body, *bound)
        return node.func(body, *(renaming[s] for s in node.args[1:]))

    result = visit(expression)
    return result, spelt


def _replace_free(node: sp.Basic, mapping: Mapping[sp.Symbol, sp.Symbol]) -> sp.Basic:
    """`mapping` applied to free indices only: a binder further in that binds the same name keeps its own."""
    if isinstance(node, BINDERS):
        mapping = {old: new for old, new in mapping.items() if old not in node.bound}
        return node.func(_replace_free(node.body, mapping), *node.args[1:])
    if node in mapping:
        return mapping[node]
    return node.func(*(_replace_free(a, mapping) for a in node.args)) if node.args else node


def _first_use(body: sp.Expr, symbol: sp.Dummy) -> tuple[int, str]:
    for position, node in enumerate(sp.preorder_traversal(body)):
        if node == symbol:
            return position, ""
    return 10**9, symbol.name


class SizeClasses:
    """Axes and indices that have the same size, by union; each class gets one size symbol, or a product (`Flat`)."""

    def __init__(self) -> None:
        self._parent: dict[object, object] = {}

    def __contains__(self, node: object) -> bool:
        return node in self._parent

    def find(self, node: object) -> object:
        self._parent.setdefault(node, node)
        while self._parent[node] != node:
            self._parent[node] = self._parent[self._parent[node]]
            node = self._parent[node]
        return node

    def join(self, one: object, other: object) -> None:
        self._parent[self.find(one)] = self.find(other)


def solve_for(summed: sp.Symbol, difference: sp.Expr) -> sp.Expr | None:
    """The value of an index at which `difference` is 0, where it is affine in it with coefficient ±1; else None."""
    if not difference.has(summed):
        return None
    slope = difference.diff(summed) if difference.is_polynomial(summed) else None
    if slope not in (1, -1):
        return None
    rest = sp.expand(difference - slope * summed)
    return None if rest.has(summed) else sp.expand(-rest * slope)


def is_opaque(node: sp.Basic) -> bool:
    """Whether an index inside this node cannot be solved for."""
    return isinstance(node, Flat | InRange | SumOver | MaxOver | Winner)
