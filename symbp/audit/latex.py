r"""A claim in LaTeX as trees. Read is what derivations of back-propagation are written with, and nothing else:

    \delta^{(2)} = (W^{(3)})^T \delta^{(3)} \odot \sigma'(z^{(2)})
    \frac{\partial C}{\partial w_{ij}^l} = a_i^{l-1} \delta_j^l
    \delta = (\hat{y} - y) \cdot \mathbb{1}_{z > 0}
    \nabla_{b^l} C = \sum_n \delta_n^l

A superscript of `W`, `b`, `z`, `a`, `w` and `\delta` is a layer, and elsewhere an exponent; a subscript of letters is
indices, one of digits a layer. `L` is the last layer. What is claimed for layer `l` is claimed for every layer for
which all that it names is there. Side by side, and with `\cdot`, matrices are multiplied, and with indices entries are.

Not read: matrices written out, cases, macros, environments.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from symbp.audit.functions import ANY, ELEMENTWISE
from symbp.audit.syntax import DERIVATIVE, MAX_TEXT, PRIME, Form, Statement, checked
from symbp.audit.tokens import Cursor, tokens
from symbp.explain.identifiers import GREEK
from symbp.formula.grammar import MAX_DEPTH, FormulaError

LETTERS = frozenset(rf"\{name}" for name in GREEK)
FUNCTIONS = {rf"\{name}": name for name in (*ELEMENTWISE, "max", "min")}
LAYERED = ("W", "b", "z", "a", "w", "Z", "A", "delta", "d")
RELATIONS: dict[str, type[ast.cmpop]] = {">": ast.Gt, "<": ast.Lt, r"\geq": ast.GtE, r"\leq": ast.LtE}


class NoSuchLayerError(Exception):
    """A layer below the first or above the last, for this value of `l`."""


@dataclass(frozen=True)
class Layers:
    """What letters of layers stand for: `last` is `L`; `this` is `l`, or None where a claim has no such letter."""

    last: int
    this: int | None = None


def read_latex(text: str, last: int, *, numbers: bool = False) -> list[Statement]:
    """The claims that a text states: one for each layer `l`, and for each right side where there are several.

    `last` is the number of layers; with `numbers`, nothing has axes and every product is one of numbers.
    """
    if len(text) > MAX_TEXT:
        raise FormulaError(f"the claim has {len(text)} characters; at most {MAX_TEXT} are read")
    found = tokens(text)
    by_layer = any(t == "l" for t in found)
    statements: list[Statement] = []
    for this in range(1, last + 1) if by_layer else [None]:
        try:
            statements += _Reader(found, text, Layers(last, this), numbers).statements()
        except NoSuchLayerError:
            continue
    if not statements:
        raise FormulaError("the claim names layers that are not there", text)
    return statements


class _Reader(Cursor):
    """A descent through the tokens, for one value of `l`."""

    def __init__(self, found: list[str], text: str, layers: Layers, numbers: bool) -> None:
        super().__init__(found, text)
        self.layers = layers
        self.numbers = numbers
        self.depth = 0
        self.indexed = "_" in found and self.has_indices()

    def statements(self) -> Iterator[Statement]:
        left = self.sum()
        form: Form = "index" if self.indexed else "matrix"
        self.take("=")
        right = [self.sum()]
        while self.accept("="):
            right.append(self.sum())
        for k, side in enumerate(right, 1):
            part = k if len(right) > 1 else None
            yield checked(Statement(left, side, form, self.text, self.layers.this, part))
        if self.peek() not in ("", ".", ","):
            raise self.error(f"`{self.peek()}` is not expected here")

    def sum(self) -> ast.expr:
        negative = self.accept("-") or (self.accept("+") and False)
        value = self.term()
        value = ast.UnaryOp(ast.USub(), value) if negative else value
        while self.peek() in ("+", "-"):
            op = ast.Add() if self.take() == "+" else ast.Sub()
            value = ast.BinOp(value, op, self.term())
        return value

    def term(self) -> ast.expr:
        """Products bind stronger than those by elements, which stand between them."""
        value = self.product()
        while self.accept(r"\odot"):
            value = ast.BinOp(value, ast.Mult(), self.product())
        return value

    def product(self) -> ast.expr:
        value = self.factor()
        while True:
            if self.accept(r"\cdot"):
                value = self.times(value, self.factor())
            elif self.accept("/"):
                value = ast.BinOp(value, ast.Div(), self.factor())
            elif self.starts_factor():
                value = self.times(value, self.factor())
            else:
                return value

    def times(self, left: ast.expr, right: ast.expr) -> ast.expr:
        elementwise = self.indexed or self.numbers or _is_number(left) or _is_number(right)
        return ast.BinOp(left, ast.Mult() if elementwise else ast.MatMult(), right)

    def starts_factor(self) -> bool:
        token = self.peek()
        if token in ("(", "[", "{") or token.isalnum():
            return True
        return token in (
            *LETTERS,
            *FUNCTIONS,
            r"\frac",
            r"\sum",
            r"\hat",
            r"\mathbb",
            r"\nabla",
            r"\partial",
            r"\sqrt",
            "|",
        )

    def factor(self) -> ast.expr:
        self.depth += 1  # whatever stands within another, stands within a factor
        if self.depth > MAX_DEPTH:
            raise self.error(f"the claim is nested deeper than {MAX_DEPTH}")
        value = self.atom()
        self.depth -= 1
        while self.peek() == "^":
            self.take()
            inside = self.script()
            if inside in (["T"], ["(", "T", ")"]):
                value = value if self.indexed or self.numbers else ast.Attribute(value, "T")
            else:
                value = ast.BinOp(value, ast.Pow(), self.number_of(inside))
        return value

    def number_of(self, inside: list[str]) -> ast.expr:
        negative = inside[:1] == ["-"]
        digits = "".join(inside[1:] if negative else inside)
        if not digits.isdigit() or len(digits) > 2:
            raise self.error(f"`^{{{''.join(inside)[:20]}}}`: an exponent is a whole number, and a transpose `^T`")
        return ast.UnaryOp(ast.USub(), ast.Constant(int(digits))) if negative else ast.Constant(int(digits))

    def bracketed(self, closing: str) -> ast.expr:
        value = self.sum()
        if self.peek() in RELATIONS:
            value = ast.Compare(value, [RELATIONS[self.take()]()], [self.sum()])
        self.take(closing)
        return value

    def atom(self) -> ast.expr:
        token = self.take()
        if token in "([{" and len(token) == 1:
            return self.bracketed({"(": ")", "[": "]", "{": "}"}[token])
        if token == r"\frac":
            return self.fraction()
        if token == r"\sum":
            return self.summation()
        if token == r"\hat":
            inside = self.script()
            return self.decorated("".join(inside) + "hat" if inside == ["y"] else "".join(inside))
        if token == r"\mathbb":
            inside = self.script()
            if inside not in (["1"], ["I"]):
                raise self.error(f"`\\mathbb{{{''.join(inside)[:10]}}}` is no indicator; expected `\\mathbb{{1}}`")
            return self.indicator()
        if token == r"\nabla":
            return self.gradient()
        if token == r"\sqrt":
            return ast.Call(ast.Name("sqrt"), [self.inner(self.script())], [])
        if token in FUNCTIONS:
            return self.called(FUNCTIONS[token])
        if token[0].isdigit():
            if token == "1" and self.peek() in ("_", "["):
                return self.indicator()
            return ast.Constant(float(token) if "." in token else int(token))
        if token in LETTERS or token.isalpha():
            return self.decorated(token.lstrip("\\"))
        raise self.error(f"`{token}` is not part of the LaTeX that is read")

    def fraction(self) -> ast.expr:
        above, below = self.script(), self.script()
        if above[:1] == [r"\partial"] and below[:1] == [r"\partial"]:
            parts = [self.inner(side[1:]) for side in (above, below)]
            return ast.Call(ast.Name(DERIVATIVE), parts, [])
        if above[:1] == ["d"] and below[:1] == ["d"] and len(above) > 1 and len(below) > 1:
            return ast.Call(ast.Name(DERIVATIVE), [self.inner(side[1:]) for side in (above, below)], [])
        return ast.BinOp(self.inner(above), ast.Div(), self.inner(below))

    def inner(self, inside: list[str]) -> ast.expr:
        """What a group holds, all of it."""
        reader = self.within(inside)
        value = reader.sum()
        if reader.peek():
            raise self.error(f"`{reader.peek()}` is not expected here")
        return value

    def within(self, inside: list[str]) -> _Reader:
        """A reader of a group, as deep as it stands."""
        reader = _Reader(inside, self.text, self.layers, self.numbers)
        reader.indexed, reader.depth = self.indexed, self.depth
        return reader

    def summation(self) -> ast.expr:
        letters: list[str] = []
        while self.peek() in ("_", "^"):
            below = self.take() == "_"
            inside = self.script()
            if below:
                inside = inside[: inside.index("=")] if "=" in inside else inside
                letters = [t for t in inside if t.isalpha()]
        if not letters:
            raise self.error("a sum says over which index it is: `\\sum_k`")
        place = ast.Name(letters[0]) if len(letters) == 1 else ast.Tuple([ast.Name(x) for x in letters])
        return ast.Call(ast.Subscript(ast.Name("sum"), place), [self.term()], [])

    def indicator(self) -> ast.expr:
        if self.accept("_"):
            condition = self.within([*self.script(), ")"]).bracketed(")")
        else:
            opening = self.take()
            if opening not in ("(", "[", "{"):
                raise self.error("an indicator has a condition: `\\mathbb{1}_{z > 0}`")
            condition = self.bracketed({"(": ")", "[": "]", "{": "}"}[opening])
        return ast.Subscript(ast.Constant(1), condition)

    def gradient(self) -> ast.expr:
        """`\\nabla_{W^l} C`."""
        self.take("_")
        by = self.inner(self.script())
        of = self.atom()
        return ast.Call(ast.Name(DERIVATIVE), [of, by], [])

    def called(self, name: str) -> ast.expr:
        """A function of what follows; `\\tanh^2(z)` is the square of its value."""
        above = self.script() if self.accept("^") else []
        prime = above == ["'"] or self.accept("'")
        power = self.number_of(above) if above not in ([], ["'"]) else None
        if isinstance(power, ast.UnaryOp):
            raise self.error(f"`{name}^{{-1}}` may be the inverse function; write `1 / {name}(...)` for the reciprocal")
        function = ast.Name(f"{name}{PRIME if prime else ''}")
        argument = self.bracketed(")") if self.accept("(") else self.factor()
        value = ast.Call(function, [argument], [])
        return ast.BinOp(value, ast.Pow(), power) if power else value

    def decorated(self, name: str) -> ast.expr:
        """A name with its layer and its indices, or a function with its argument."""
        if name in ANY and self.peek() in ("'", "(", "^"):
            return self.called(name)
        if len(name) > 1 and name.isalpha() and self.peek() in ("'", "("):
            return self.called(name)
        if name == "e" and self.peek() == "^":
            self.take()
            return ast.Call(ast.Name("exp"), [self.inner(self.script())], [])
        if name == "d" and self.peek() in ("W", "Z", "A", "b", "z", "a"):
            name += self.take()
        layer, indices, flipped = "", list[ast.expr](), False
        while self.peek() in ("_", "^"):
            if self.peek() == "^" and not self.is_layer(name):
                break
            below = self.take() == "_"
            inside = [t for t in self.script() if t not in ("(", ")", "[", "]", ",")]
            if not below and len(inside) > 1 and inside[-1] == "T":  # W^{[2]T}
                inside, flipped = inside[:-1], True
            found = self.layer_of(inside)
            if found is not None and (not below or inside[0].isdigit() or inside[0] in ("l", "L")):
                layer = found
            elif below:
                indices = [ast.Name(t) for t in inside]
            else:
                raise self.error(f"`^{{{''.join(inside)[:20]}}}` is no layer")
        whole = ast.Name(f"{name}{layer}")
        if layer == "0" and name in ("a", "A"):
            whole = ast.Name("x")
        if not indices:
            return ast.Attribute(whole, "T") if flipped else whole
        return ast.Subscript(whole, indices[0] if len(indices) == 1 else ast.Tuple(indices))

    def is_layer(self, name: str) -> bool:
        """Whether the superscript that follows is a layer."""
        inside = self.group_at(self.place + 1)
        if inside[:1] in (["("], ["["]) and inside != ["(", "T", ")"]:
            return True
        return name in LAYERED and self.layer_of(inside) is not None and not self.numbers and self.layers.last > 1

    def layer_of(self, inside: list[str]) -> str | None:
        """The number of a layer: `2`, `l`, `l + 1`, `L`; None where it is no such thing."""
        inside = [t for t in inside if t not in ("(", ")", "[", "]")]
        offset = 0
        if len(inside) == 3 and inside[1] in "+-" and inside[2].isdigit():
            offset = int(inside[2]) * (1 if inside[1] == "+" else -1)
            inside = inside[:1]
        if len(inside) != 1:
            return None
        if inside[0] == "l":
            assert self.layers.this is not None
            number = self.layers.this + offset
        elif inside[0] == "L":
            number = self.layers.last + offset
        elif inside[0].isdigit() and not offset:
            return inside[0]
        else:
            return None
        if not 0 <= number <= self.layers.last:
            raise NoSuchLayerError
        return str(number)


def _is_number(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return _is_number(node.left) and _is_number(node.right)
    return isinstance(node, ast.Constant) or (isinstance(node, ast.Name) and node.id in ("N", "m"))
