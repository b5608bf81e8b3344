"""A size symbol for every axis and index of a formula, once all its equations are read."""

from __future__ import annotations

import sympy as sp

from symbp.formula.ellipsis import ELLIPSIS_LETTERS
from symbp.formula.expression import Element, Flat, MaxOver, SumOver, Winner, size
from symbp.formula.reading import Reading


class SizeNames:
    """A size symbol for each class of axes and indices, named after the class's first index: `N`, `N_j`."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.symbols: dict[object, sp.Expr] = {}
        self.letters: dict[str, sp.Expr] = {}
        products: dict[object, tuple[int, Flat]] = {}
        for number, (target, body, _) in enumerate(reading.equations):
            every = [target, *(n for n in sp.preorder_traversal(body) if isinstance(n, Element))]
            for node in every:
                for axis, place in enumerate(node.indices):
                    for symbol in place.free_symbols if isinstance(place, Flat) else (place,):
                        if symbol.is_Symbol and symbol.name.rstrip("'") == symbol.name:
                            self._name(reading.classes.find((number, symbol)), symbol.name)
                    if isinstance(place, Flat):
                        products.setdefault(reading.classes.find((node.tensor, axis)), (number, place))
            for placeholder_number, symbol in reading.extents.values():
                if placeholder_number == number and (number, symbol) in reading.classes:
                    self._name(reading.classes.find((number, symbol)), symbol.name)
        for product, (number, flat) in products.items():
            self.symbols[product] = sp.Mul(*(self.of_index(number, i) for i in flat.args))

    def _name(self, node: object, name: str) -> None:
        if node not in self.symbols:
            wanted = "N" if name == "n" else f"N_{name}"
            taken = {str(s) for s in self.symbols.values()}
            count = 2
            label = wanted
            while label in taken:
                label, count = f"{wanted}{count}", count + 1
            self.symbols[node] = size(label)
        self.letters.setdefault(name, self.symbols[node])

    def of_index(self, number: int, symbol: sp.Symbol) -> sp.Expr:
        node = self.reading.classes.find((number, symbol))
        if node not in self.symbols:
            self._name(node, symbol.name.rstrip("'"))
        return self.symbols[node]

    def of_extent(self, number: int, symbol: sp.Symbol) -> sp.Expr:
        """`size(t)`: of the equation's own index t, or else of the first index t in any other."""
        if (number, symbol) not in self.reading.classes and symbol.name in self.letters:
            return self.letters[symbol.name]
        return self.of_index(number, symbol)

    def of_axis(self, tensor: str, axis: int) -> sp.Expr:
        node = self.reading.classes.find((tensor, axis))
        if node not in self.symbols:
            usual = ELLIPSIS_LETTERS[4][axis] if self.reading.known[tensor].rank == 4 else ""
            free = [name for name in (usual, *"klmrs") if name and name not in {*self.letters, *self.reading.known}]
            self._name(node, (free or [f"{tensor}_{axis}"])[0])
        return self.symbols[node]

    def of_equation(self, number: int, target: Element, body: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
        found: dict[sp.Symbol, sp.Expr] = {}
        for node in (*sp.preorder_traversal(target), *sp.preorder_traversal(body)):
            if isinstance(node, Element):
                for place in node.indices:
                    for symbol in sorted(place.free_symbols, key=str):
                        if symbol.is_nonnegative and (number, symbol) in self.reading.classes:
                            found.setdefault(symbol, self.of_index(number, symbol))
            elif isinstance(node, SumOver | MaxOver | Winner):
                for symbol in node.bound:
                    found.setdefault(symbol, self.of_index(number, symbol))
        return found
