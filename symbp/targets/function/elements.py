"""Index notation as NumPy code: an axis for each index, sums by `np.einsum`.

Not supported: equations that read their own tensor, and indices whose size no argument has.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from functools import singledispatchmethod
from typing import Any

import sympy as sp
from sympy.core.relational import Relational
from sympy.logic.boolalg import And, BooleanTrue, Not, Or

from symbp.formula.expression import Element, First, InRange, MaxOver, Padded, SumOver, Winner, _Unit
from symbp.targets.function.code import (
    ATOM,
    FUNCTIONS,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    Code,
    CodeError,
    aligned,
    number,
    product,
    raised,
    total,
)

_RELATIONS = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "==": "==", "!=": "!="}


class Elements:
    """Writes expressions whose indices have these sizes; `names` says how tensors are called in the code."""

    def __init__(self, sizes: Mapping[sp.Symbol, sp.Expr], axes: Mapping[str, tuple[sp.Expr, ...]]) -> None:
        self.sizes = sizes
        self.axes = axes

    def whole(self, expression: sp.Expr, wanted: tuple[sp.Symbol, ...]) -> Code:
        """The expression with just these axes, repeated along those it does not depend on."""
        code = self.ordered(expression, wanted)
        if set(code.axes) == set(wanted):
            return aligned(code, wanted)
        counts = ", ".join(self.extent(a) for a in wanted)
        spread = aligned(code, wanted).text if code.axes else code.text
        return Code(f"np.broadcast_to({spread}, ({counts}{',' * (len(wanted) == 1)}))", ATOM, wanted)

    def ordered(self, expression: sp.Expr, wanted: tuple[sp.Symbol, ...]) -> Code:
        """The expression, its terms with their axes in this order, products of more than two axes by `np.einsum`."""
        if isinstance(expression, sp.Add):
            terms = [(-1 if t.could_extract_minus_sign() else 1, t) for t in expression.args]
            terms.sort(key=lambda pair: (-pair[0], sp.default_sort_key(pair[1])))
            codes = [aligned(self.ordered(sign * t, wanted), wanted) for sign, t in terms]
            axes = tuple(a for a in wanted if any(a in c.axes for c in codes))
            return total([(sign, code) for (sign, _), code in zip(terms, codes, strict=True)], axes)
        if isinstance(expression, sp.Mul | SumOver):
            if expression.could_extract_minus_sign():
                inner = self.ordered(-expression, wanted)
                return total([(-1, inner)], inner.axes)
            if isinstance(expression, SumOver) or len(self.axes_of(expression)) > 2:
                return self.contracted(expression, wanted)
        return self.code(expression)

    def axes_of(self, expression: sp.Expr) -> set[sp.Symbol]:
        return {s for s in expression.free_symbols if s in self.sizes}

    def contracted(self, expression: sp.Expr, wanted: tuple[sp.Symbol, ...]) -> Code:
        """A product, or a sum of one, as one contraction."""
        bound: tuple[sp.Symbol, ...] = ()
        if isinstance(expression, SumOver):
            bound, expression = expression.bound, expression.body
        if expression.is_Mul and expression.args[0].is_negative:
            inner = self.contracted(SumOver(-expression, *bound), wanted)
            return total([(-1, inner)], inner.axes)
        above: list[sp.Expr] = []
        below: list[sp.Expr] = []
        for factor in sp.Mul.make_args(expression):
            divides = isinstance(factor, sp.Pow) and factor.exp.could_extract_minus_sign()
            (below if divides and not self.axes_of(factor) else above).append(1 / factor if divides else factor)
            if divides and self.axes_of(factor):
                above[-1] = factor
        codes = [self.code(f) for f in above]
        arrays = [c for c in codes if c.axes]
        numbers = [c for c in codes if not c.axes]
        numbers += [Code(self.extent(b)) for b in bound if all(b not in c.axes for c in arrays)]
        every = tuple(dict.fromkeys(a for c in arrays for a in c.axes))
        axes = tuple(a for a in (*wanted, *every) if a in every and a not in bound)
        axes = tuple(dict.fromkeys(axes))
        return product([*numbers, _einsum(arrays, every, axes)], [self.code(b) for b in below], axes)

    def extent(self, index: sp.Symbol) -> str:
        return self.code(self.sizes[index]).text

    def together(self, *codes: Code) -> tuple[list[Code], tuple[sp.Symbol, ...]]:
        """The codes with their axes in one order, and that."""
        longest = max(codes, key=lambda c: len(c.axes)).axes
        axes = tuple(dict.fromkeys((*longest, *(a for c in codes for a in c.axes))))
        return [aligned(c, axes) for c in codes], axes

    @singledispatchmethod
    def code(self, node: Any) -> Code:
        raise CodeError(f"no code for {type(node).__name__}: {node}")

    @code.register
    def _(self, node: sp.Symbol) -> Code:
        if node in self.sizes:
            return Code(f"np.arange({self.extent(node)})", ATOM, (node,))
        return Code(node.name)

    @code.register
    def _(self, node: sp.Number) -> Code:
        return number(node)

    @code.register(type(sp.pi))
    @code.register(type(sp.E))
    def _(self, node: Any) -> Code:
        return number(node)

    @code.register
    def _(self, node: Element) -> Code:
        own = self.axes[node.tensor]
        plain = all(i.is_Symbol and self.sizes.get(i) == extent for i, extent in zip(node.indices, own, strict=True))
        if plain and len(set(node.indices)) == len(node.indices):
            return Code(node.tensor, ATOM, node.indices)
        if plain and len(node.indices) == 2:
            return Code(f"np.diagonal({node.tensor})", ATOM, node.indices[:1])
        return self.read(node, "")

    def read(self, node: Element, outside: str) -> Code:
        places, axes = self.together(*(self.code(i) for i in node.indices))
        return Code(f"_read({node.tensor}, {outside}{', '.join(p.text for p in places)})", ATOM, axes)

    @code.register
    def _(self, node: Padded) -> Code:
        places, axes = self.together(*(self.code(i) for i in node.read.indices))
        listed = ", ".join(p.text for p in places)
        return Code(f"_read({node.read.tensor}, {listed}, outside={self.code(node.value).text})", ATOM, axes)

    @code.register
    def _(self, node: sp.KroneckerDelta) -> Code:
        (one, other), axes = self.together(*map(self.code, node.args))
        first, second = node.args
        if first in self.sizes and second in self.sizes and self.sizes[first] == self.sizes[second]:
            return Code(f"np.eye({self.extent(first)})", ATOM, (first, second))
        return Code(f"({one.within(SUM)} == {other.within(SUM)}) * 1.0", PRODUCT, axes)

    @code.register
    def _(self, node: InRange) -> Code:
        (value, size), axes = self.together(*map(self.code, node.args))
        return Code(f"(({value.text} >= 0) & ({value.text} < {size.text})) * 1.0", PRODUCT, axes)

    @code.register
    def _(self, node: First) -> Code:
        return self.code(node.args[0])

    @code.register
    def _(self, node: sp.Add) -> Code:
        terms = sorted(node.args, key=lambda t: (t.could_extract_minus_sign(), t.is_Number, sp.default_sort_key(t)))
        signs = [-1 if t.could_extract_minus_sign() else 1 for t in terms]
        codes, axes = self.together(*(self.code(s * t) for s, t in zip(signs, terms, strict=True)))
        return total(list(zip(signs, codes, strict=True)), axes)

    @code.register
    def _(self, node: sp.Mul) -> Code:
        if node.could_extract_minus_sign():
            inner = self.code(-node)
            return total([(-1, inner)], inner.axes)
        above, below = [], []
        for factor in node.args:
            if isinstance(factor, sp.Pow) and factor.exp.could_extract_minus_sign():
                below.append(1 / factor)
            elif isinstance(factor, sp.Rational) and factor.p == 1 and factor.q != 1:
                below.append(sp.Integer(factor.q))
            else:
                above.append(factor)
        codes, axes = self.together(*map(self.code, (*above, *below)))
        return product(codes[: len(above)], codes[len(above) :], axes)

    @code.register
    def _(self, node: sp.Pow) -> Code:
        base, exponent = node.args
        if exponent.could_extract_minus_sign():
            below = self.code(base ** (-exponent))
            return product([], [below], below.axes)
        if exponent == sp.Rational(1, 2):
            inner = self.code(base)
            return Code(f"np.sqrt({inner.text})", ATOM, inner.axes)
        (left, right), axes = self.together(self.code(base), self.code(exponent))
        return raised(left, right, axes)

    @code.register(sp.Function)
    @code.register(_Unit)
    def _(self, node: sp.Function) -> Code:
        name = type(node).__name__.lower()
        if name == "stop":
            return self.code(node.args[0])
        if name not in FUNCTIONS or len(node.args) != 1:
            raise CodeError(f"no code for the function {name}")
        inner = self.code(node.args[0])
        return Code(f"{FUNCTIONS[name]}({inner.text})", ATOM, inner.axes)

    @code.register
    def _(self, node: SumOver) -> Code:
        return self.ordered(node, ())

    @code.register
    def _(self, node: MaxOver) -> Code:
        inner = self.code(node.body)
        places = tuple(inner.axes.index(b) for b in node.bound)
        rest = tuple(a for a in inner.axes if a not in node.bound)
        return Code(f"np.max({inner.text}, axis={places if len(places) > 1 else places[0]})", ATOM, rest)

    @code.register
    def _(self, node: Winner) -> Code:
        if len(node.bound) != 1:
            raise CodeError("no code for the place of a maximum over several indices")
        inner = self.code(node.body)
        rest = tuple(a for a in inner.axes if a not in node.bound)
        return Code(f"np.argmax({inner.text}, axis={inner.axes.index(node.which)})", ATOM, rest)

    @code.register
    def _(self, node: sp.Piecewise) -> Code:
        pairs = list(node.args)
        value = self.code(pairs[-1].expr)
        if pairs[-1].cond != sp.true:
            value = Code("np.nan")
        for pair in reversed(pairs[:-1] if pairs[-1].cond == sp.true else pairs):
            (condition, yes, no), axes = self.together(self.condition(pair.cond), self.code(pair.expr), value)
            value = Code(f"np.where({condition.text}, {yes.text}, {no.text})", ATOM, axes)
        return value

    def condition(self, node: sp.Basic) -> Code:
        if isinstance(node, BooleanTrue):
            return Code("True")
        if isinstance(node, And | Or):
            codes, axes = self.together(*(self.condition(a) for a in sp.ordered(node.args)))
            sign = " & " if isinstance(node, And) else " | "
            return Code(sign.join(f"({c.text})" for c in codes), SUM, axes)
        if isinstance(node, Not):
            inner = self.condition(node.args[0])
            return Code(f"~({inner.text})", POWER, inner.axes)
        if isinstance(node, Relational) and node.rel_op in _RELATIONS:
            (left, right), axes = self.together(self.code(node.lhs), self.code(node.rhs))
            return Code(f"{left.within(SIGN)} {_RELATIONS[node.rel_op]} {right.within(SIGN)}", SUM, axes)
        raise CodeError(f"no code for the condition {node}")


def _einsum(arrays: list[Code], every: tuple[sp.Symbol, ...], axes: tuple[sp.Symbol, ...]) -> Code:
    """The product of arrays, summed over the indices that are not among the axes."""
    if not axes and len(arrays) == 1:
        return Code(f"np.sum({arrays[0].text})")
    if arrays == [arrays[0]] and arrays[0].axes == axes:
        return arrays[0]
    spelt = [a.name for a in every]
    alike = all(len(n) == 1 for n in spelt) and len(set(spelt)) == len(spelt)
    letters = dict(zip(every, spelt if alike else string.ascii_letters, strict=False))
    inputs = ",".join("".join(letters[a] for a in c.axes) for c in arrays)
    path = ", optimize=True" if len(arrays) > 2 else ""
    output = "".join(letters[a] for a in axes)
    return Code(f'np.einsum("{inputs}->{output}", {", ".join(c.text for c in arrays)}{path})', ATOM, axes)
