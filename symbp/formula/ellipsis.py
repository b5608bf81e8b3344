"""The index letters of one equation, what `...` stands for among them, and its left side.

How many axes `...` stands for follows from the ranks of the tensors that are read with it.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

import sympy as sp

from symbp.formula.expression import Flat, index
from symbp.formula.grammar import RESERVED, FormulaError, Line
from symbp.formula.indices import Names
from symbp.formula.reading import Reading
from symbp.formula.syntax import calls, has_ellipsis, is_ellipsis, items_of, letters_in, names_in

ELLIPSIS_LETTERS = {1: ("p",), 2: ("n", "j"), 3: ("n", "t", "j"), 4: ("n", "c", "h", "w"), 5: ("n", "c", "d", "h", "w")}
WEIGHT_LETTERS = {1: ("j",), 2: ("i", "j"), 3: ("i", "j", "k"), 4: ("o", "i", "u", "v"), 5: ("o", "i", "u", "v", "w")}
TRAILING_LETTERS = {1: ("c",), 2: ("h", "w"), 3: ("c", "h", "w"), 4: ("c", "d", "h", "w")}
MAX_RANK = 5


class Letters:
    """The letters in scope in one equation, as `indices`; inner binders shadow outer ones."""

    def __init__(self, reading: Reading, line: Line) -> None:
        self.reading = reading
        self.scope = reading.scope
        self.line = line
        self.indices: dict[str, sp.Symbol] = {}
        self.fresh = Names(names_in(line) - letters_in(line))
        self.rest: tuple[sp.Symbol, ...] = ()
        self.leading = 0  # how many of `rest` the first of two `...` stands for

    def error(self, message: str) -> FormulaError:
        return FormulaError(message, self.line.text)

    def left(self) -> tuple[str, list[ast.expr] | None]:
        left = self.line.left
        if isinstance(left, ast.Name):
            self._check_name(left.id)
            return left.id, None
        if isinstance(left, ast.Subscript) and isinstance(left.value, ast.Name):
            self._check_name(left.value.id)
            return left.value.id, items_of(left.slice)
        raise self.error("the left side must be a tensor, as in `z[n,j] = ...` or `a = ...`")

    def _check_name(self, name: str) -> None:
        if (name in RESERVED and name not in self.scope.outputs) or name in self.scope.scalars:
            raise self.error(f"`{name}` cannot be assigned: it is a function or an option")
        if name.startswith("d_"):
            raise self.error(f"`{name}`: names that start with `d_` are kept for cotangents")

    def dotted(self, items: Sequence[ast.expr]) -> list[tuple[ast.expr, tuple[sp.Symbol, ...]]]:
        """Each item of an index list with what `...` stands for in it."""
        dots = [i for i, item in enumerate(items) if is_ellipsis(item)]
        if len(dots) < 2:
            return [(item, self.rest) for item in items]
        first, last = self.rest[: self.leading], self.rest[self.leading :]
        return [(item, first if i == dots[0] else last) for i, item in enumerate(items)]

    def target_index(self, place: ast.expr, rest: tuple[sp.Symbol, ...]) -> list[sp.Expr]:
        if is_ellipsis(place):
            return list(rest)
        if isinstance(place, ast.Name):
            return [self.symbol(place.id)]
        if calls(place, "flat"):
            assert isinstance(place, ast.Call)
            inner = [i for argument in place.args for i in self.target_index(argument, rest)]
            if not inner:
                raise self.error("`flat()` needs at least one index")
            return [Flat(*inner)]
        if calls(place, "permute"):
            return self._permuted(place, rest)
        raise self.error("an index on the left side is a letter, `...` or `flat(...)`")

    def _permuted(self, place: ast.expr, rest: tuple[sp.Symbol, ...]) -> list[sp.Expr]:
        """The indices of `...` in the order that an option gives."""
        assert isinstance(place, ast.Call)
        named = place.args[1] if len(place.args) == 2 else None
        order = self.scope.orders.get(named.id) if isinstance(named, ast.Name) else None
        if order is None or not is_ellipsis(place.args[0]):
            raise self.error("`permute` takes `...` and an option that lists axes, as in `permute(..., dims)`")
        if sorted(order) != list(range(len(rest))):
            behind = ", ".join(str(k) for k in range(1, len(rest)))
            raise self.error(f"the axes {list(order[1:])} are no order of the axes behind the batch, {behind}")
        return [rest[k] for k in order]

    def symbol(self, name: str) -> sp.Symbol:
        if name not in self.indices:
            if name in self.scope.scalars or name in RESERVED:
                raise self.error(f"`{name}` is an option or a function; use another letter for the index")
            self.indices[name] = index(name)
            self.fresh.taken.add(name)
        return self.indices[name]

    def expand(self, places: list[ast.expr] | None) -> tuple[sp.Symbol, ...]:
        """The indices that `...` stands for in this equation, found from the ranks of the tensors that use it."""
        lengths: dict[int, str] = {}
        trailing = False
        for node in (*ast.walk(self.line.right), *ast.walk(self.line.left)):
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
                items = items_of(node.slice)
                flat = [i for i in items if calls(i, "flat")]
                dots = sum(map(is_ellipsis, items))
                if dots and node.value.id in self.reading.known:
                    lengths[self.reading.known[node.value.id].rank - len(items) + dots] = node.value.id
                    trailing |= not is_ellipsis(items[0])
                    if dots == 2:
                        self.leading = self.axis() - next(i for i, item in enumerate(items) if is_ellipsis(item))
                elif flat and not dots:
                    trailing |= isinstance(items[0], ast.Name)
            elif isinstance(node, ast.Name) and self._is_bare_tensor(node) and self.reading.known[node.id].rank:
                lengths.setdefault(self.reading.known[node.id].rank, node.id)
        if places is not None and not any(has_ellipsis(p) for p in places) and not has_ellipsis(self.line.right):
            return tuple(self.symbol(p.id) for p in places if isinstance(p, ast.Name))
        if len(lengths) > 1:
            shown = ", ".join(f"{n} for `{t}`" for n, t in sorted(lengths.items()))
            raise self.error(f"`...` stands for different numbers of axes: {shown}")
        length = next(iter(lengths), 0)
        if not 0 <= length <= MAX_RANK:
            raise self.error(f"`...` would stand for {length} axes; 0 to {MAX_RANK} are possible")
        used = names_in(self.line) | {*self.scope.scalars, *self.scope.tensors, *self.reading.later}
        letters = TRAILING_LETTERS.get(length, ()) if trailing else self._leading(length, used)
        pool = [*letters, *"tuvwchpqrsdefg"]
        chosen: list[str] = []
        for candidate in pool:
            if len(chosen) < length and candidate not in used and candidate not in chosen:
                chosen.append(candidate)
        return tuple(self.symbol(c) for c in chosen)

    def axis(self) -> int:
        if self.scope.axis is None:
            raise self.error("two `...` need the option `axis`, which says where the first ends")
        return self.scope.axis

    def _leading(self, length: int, used: set[str]) -> tuple[str, ...]:
        if not self.scope.batched:
            return WEIGHT_LETTERS.get(length, ())
        right = [items_of(n.slice) for n in ast.walk(self.line.right) if isinstance(n, ast.Subscript)]
        left = [items_of(n.slice) for n in ast.walk(self.line.left) if isinstance(n, ast.Subscript)]
        explicit = any(any(map(is_ellipsis, items)) for items in right) and any(len(i) > 1 for i in (*left, *right))
        letters = ELLIPSIS_LETTERS.get(length, ())
        if (explicit or has_ellipsis(self.line.left)) and "n" not in used:
            return ("n", *"tuvw"[: max(length - 1, 0)])
        return letters

    def _is_bare_tensor(self, node: ast.Name) -> bool:
        if node.id not in self.reading.known or node.id in self.indices:
            return False
        measured = (c.args[0] for c in ast.walk(self.line.right) if calls(c, "extent") and isinstance(c, ast.Call))
        if any(tensor is node for tensor in measured):
            return False
        return not any(
            isinstance(other, ast.Subscript | ast.Call)
            and (other.value if isinstance(other, ast.Subscript) else other.func) is node
            for side in (self.line.left, self.line.right)
            for other in ast.walk(side)
        )
