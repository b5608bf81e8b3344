"""Equations of a book, typed as text, and the lines of a document, in one form that compares as mathematics.

    delta_2 = nabla(a_2) * slope(z_2)        `*` elementwise or of numbers, `@` of matrices, `.T` transposed
    grad(w_2[j, k]) = a_1[k] * delta_2[j]    `_2` is the number of the layer; indices may have any letters
    db_2 = total(dZ_2) / m                   a sum over the examples

Factors of a commutative product and terms of a sum have no order; letters of indices are counted as they are met on
the left.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from symbp.explain import mathematics as m
from symbp.explain.document import Display, Document, Equations

Form = Any  # nested tuples


def stated(text: str) -> Form:
    """An equation as it is typed here."""
    left, right = text.split(" = ")
    read = _Typed()
    return read.of(ast.parse(left, mode="eval").body), read.of(ast.parse(right, mode="eval").body)


def shown(document: Document) -> set[Form]:
    """The equations of a document's displays that can be typed so."""
    lines = (line for part in document.parts if isinstance(part, Display | Equations) for line in part.lines)
    found: set[Form] = set()
    for line in lines:
        read = _Written()
        try:
            found.add((read.of(line.left), read.of(line.right)))
        except _OtherError:
            continue
    return found


class _OtherError(Exception):
    """A form of writing that these equations do not use."""


def _many(kind: str, parts: Iterable[Form]) -> Form:
    """A commutative operation, nested ones of its kind in one, its parts in a fixed order."""
    flat: list[Form] = []
    for part in parts:
        flat.extend(part[1] if isinstance(part, tuple) and part[:1] == (kind,) else [part])
    return (kind, tuple(sorted(flat, key=repr))) if len(flat) > 1 else flat[0]


@dataclass
class _Letters:
    """Letters of indices, numbered as they are met."""

    met: dict[str, int] = field(default_factory=dict)

    def index(self, name: str) -> Form:
        return ("index", self.met.setdefault(name, len(self.met)))


class _Typed(_Letters):
    def of(self, node: ast.expr) -> Form:
        match node:
            case ast.Name(id=name):
                base, _, layer = name.partition("_")
                return ("name", base, layer, ())
            case ast.Constant(value=value):
                return ("number", str(value))
            case ast.Subscript(value=ast.Name() as name, slice=places):
                items = places.elts if isinstance(places, ast.Tuple) else [places]
                indices = tuple(self.index(item.id) for item in items if isinstance(item, ast.Name))
                return (*self.of(name)[:3], indices)
            case ast.Attribute(value=value, attr="T"):
                return ("transposed", self.of(value))
            case ast.Call(func=ast.Name(id="slope"), args=[argument]):
                return ("slope", self.of(argument))
            case ast.Call(func=ast.Name(id=name), args=[argument]):
                return (name, self.of(argument))
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                return ("matrices", self.of(left), self.of(right))
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return _many("product", (self.of(left), self.of(right)))
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return _many("product", (("inverse", self.of(right)), self.of(left)))
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return _many("sum", (self.of(left), self.of(right)))
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                return _many("sum", (self.of(left), ("minus", self.of(right))))
        raise AssertionError(ast.dump(node))


class _Written(_Letters):
    def of(self, node: m.Math | None) -> Form:
        match node:
            case m.Name(base=base, indices=places, layer=layer):
                return ("name", base, layer, tuple(self.index(p.base) for p in places if isinstance(p, m.Name)))
            case m.Number(text=text):
                return ("number", text)
            case m.Transposed(body=body):
                return ("transposed", self.of(body))
            case m.Slope(argument=argument):
                return ("slope", self.of(argument))
            case m.Nabla(by=by):
                return ("nabla", self.of(by))
            case m.Derivative(of=m.Name(base="C" | "J" | "L"), by=by):
                return ("grad", self.of(by))
            case m.Differential(by=m.Name(base=base, layer=layer)):
                return ("name", f"d{base}", layer, ())
            case m.Over(operator="sum", bound=(m.Name(base="n"),), body=m.Differential() as body):
                return ("total", self.of(body))
            case m.Product(factors=(m.Fraction(above=m.Number(text="1"), below=below), value), kind="matrices"):
                return _many("product", (("inverse", self.of(below)), self.of(value)))
            case m.Product(factors=(first, second), kind="matrices"):
                return ("matrices", self.of(first), self.of(second))
            case m.Product(factors=factors, kind="elementwise" | "numbers"):
                return _many("product", map(self.of, factors))
            case m.Sum(terms=terms):
                return _many("sum", (self.of(t) if sign > 0 else ("minus", self.of(t)) for sign, t in terms))
        raise _OtherError(node)
