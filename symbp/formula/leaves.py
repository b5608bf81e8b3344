"""What an equation is built of: numbers, names, elements of tensors, and the places in them.

Not supported: indices that are not affine in other indices, sizes or integer elements.
"""

from __future__ import annotations

import ast
import difflib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import sympy as sp

from symbp.formula.constants import MAX_EXPONENT
from symbp.formula.ellipsis import Letters
from symbp.formula.expression import Element, Flat, Padded, element
from symbp.formula.grammar import RESERVED, FormulaError, Line
from symbp.formula.reading import Reading
from symbp.formula.scope import Declared
from symbp.formula.syntax import calls, is_ellipsis, items_of

MAX_INDEX = 60  # syntax nodes of an index: `S*p + u - P` has 14
TINIEST, HUGEST = sp.Rational(1, 10**300), sp.Integer(10) ** 300


def vanishes(value: sp.Expr) -> bool:
    """Whether the value is 0, or is so in a branch."""
    if isinstance(value, sp.Piecewise):
        return any(vanishes(branch) for branch, _ in value.args)
    return bool(value.is_zero) or (value.is_Mul and any(map(vanishes, value.args)))


Refusal = Callable[[str], FormulaError]  # an error with the text that it is about


def number(node: ast.Constant, written: str, error: Refusal) -> sp.Expr:
    """A number, exactly as it is written."""
    if node.value is ...:
        raise error("`...` stands for indices only")
    text = written.replace("_", "")
    if isinstance(node.value, int):
        if abs(node.value) >= 10**18:
            raise error(f"{text[:30]} is too large; numbers have at most 18 digits before the point")
        return sp.Integer(node.value)
    if isinstance(node.value, float) and not 1e-300 < abs(node.value) < 1e300 and node.value != 0:
        raise error(f"{text[:30]} is out of range; numbers lie between 1e-300 and 1e300")
    return sp.Rational(text)


def power(base: sp.Expr, exponent: sp.Expr, error: Refusal) -> sp.Expr:
    """`base ** exponent`, where that is no large computation and no division by 0."""
    if exponent.is_Number and abs(exponent) > MAX_EXPONENT:
        raise error(f"the exponent {str(exponent)[:30]} is too large; at most {MAX_EXPONENT} is read")
    if base.is_Number and len(str(base)) > 40:
        raise error("a power of numbers this large is not computed")
    if vanishes(base) and exponent.is_negative:
        raise error("division by 0")
    return base**exponent


def check_numbers(body: sp.Expr, error: Refusal) -> None:
    """What parts that cancel (`z - z`) or powers of powers come to."""
    finite = body.replace(lambda n: isinstance(n, Padded), lambda n: n.read)
    finite = finite.replace(sp.Piecewise, lambda *cases: sp.Piecewise(*(c for c in cases if not c[0].is_infinite)))
    if finite.has(sp.I, sp.zoo, sp.nan, sp.oo, -sp.oo):
        raise error("the right side is not a real, finite number")
    for value in body.atoms(sp.Rational):
        if value != 0 and not TINIEST < abs(value) < HUGEST:
            raise error("numbers of the right side multiply to one beyond 1e-300 to 1e300")
    for part in body.atoms(sp.Pow):
        if part.exp.is_Number and abs(part.exp) > MAX_EXPONENT:
            raise error(f"the exponent {str(part.exp)[:30]} is too large; at most {MAX_EXPONENT} is read")


class Leaves(ABC):
    """Reads the leaves of one equation. What stands in an index is read by `expression`."""

    def __init__(self, reading: Reading, line: Line) -> None:
        self.reading = reading
        self.scope = reading.scope
        self.line = line
        self.letters = Letters(reading, line)

    @abstractmethod
    def expression(self, node: ast.expr) -> sp.Expr:
        """The value of any part of the equation."""

    def error(self, message: str) -> FormulaError:
        return FormulaError(message, self.line.text)

    def number(self, node: ast.Constant) -> sp.Expr:
        return number(node, self.line.source(node), self.error)

    def power(self, base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
        return power(base, exponent, self.error)

    def name(self, name: str) -> sp.Expr:
        if name in self.letters.indices:
            return self.letters.indices[name]
        if name in self.scope.scalars:
            return self.scope.scalars[name]
        if name == "pi":
            return sp.pi
        if name in self.reading.known:
            return self._bare(name)
        raise self.unknown(name)

    def unknown(self, name: str) -> FormulaError:
        valid = [*self.reading.known, *self.scope.scalars, *self.letters.indices]
        if name == "inf":
            return self.error("`inf` stands only as a branch of its own, as in `where(u <= t, s[t,u], -inf)`")
        if name in RESERVED:
            return self.error(f"`{name}` is a function; call it, as in `{name}(...)`")
        if name in self.letters.indices:
            return self.error(f"`{name}` is an index, not a tensor")
        near = difflib.get_close_matches(name, valid, 1)
        known = ", ".join(f"`{v}`" for v in valid) or "nothing"
        hint = f"; did you mean `{near[0]}`?" if near else ""
        return self.error(f"`{name}` is not declared{hint} (declared: {known})")

    def _bare(self, name: str) -> Element:
        declared = self.reading.known[name]
        if declared.rank not in (0, len(self.letters.rest)):
            raise self.error(f"`{name}` has rank {declared.rank}; write its indices, as in `{name}[...]`")
        return self._read(name, self.letters.rest if declared.rank else ())

    def _read(self, name: str, indices: Sequence[sp.Expr]) -> Element:
        return element(name, *indices, integer=self.reading.known[name].kind == "int")

    def element(self, node: ast.Subscript) -> Element:
        if not isinstance(node.value, ast.Name):
            raise self.error(f"expected a tensor before `[`, got `{self.line.source(node.value)}`")
        name = node.value.id
        if name not in self.reading.known and name in self.reading.later:
            self.reading.known[name] = Declared(self.reading.later[name], self.reading.role_of(name))
        if name not in self.reading.known:
            if name in self.scope.scalars:
                raise self.error(f"`{name}` is a number, not a tensor; it has no indices")
            raise self.unknown(name)
        places = [e for place, rest in self.letters.dotted(items_of(node.slice)) for e in self.place(place, rest)]
        rank = self.reading.known[name].rank
        if len(places) != rank:
            raise self.error(f"`{name}` has rank {rank}, but `{self.line.source(node)}` has {len(places)} indices")
        return self._read(name, places)

    def place(self, node: ast.expr, rest: tuple[sp.Symbol, ...] = ()) -> list[sp.Expr]:
        if is_ellipsis(node):
            return list(rest)
        if isinstance(node, ast.Name) and not (
            node.id in self.letters.indices or node.id in self.scope.scalars or node.id in self.reading.known
        ):
            return [self.letters.symbol(node.id)]
        if calls(node, "flat"):
            assert isinstance(node, ast.Call)
            return [Flat(*(i for argument in node.args for i in self.place(argument, rest)))]
        for name in ast.walk(node):
            if not isinstance(name, ast.Name) or name.id in RESERVED or name.id in self.scope.scalars:
                continue
            if name.id not in self.reading.known and len(name.id) <= 2:
                self.letters.symbol(name.id)
        parts = list(ast.walk(node))
        if len(parts) > MAX_INDEX or any(isinstance(part, ast.Pow) for part in parts):
            raise self.error(f"index `{self.line.source(node)[:60]}` is no sum of letters, numbers and their products")
        value = sp.expand(self.expression(node))
        if not value.is_integer:
            raise self.error(f"index `{self.line.source(node)}` is not an integer")
        return [value]
