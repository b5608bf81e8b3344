"""Expressions as written mathematics: one function for each kind of expression node, and an error for any other.

The order of terms and factors is the reader's: positive terms before negative ones, numbers before hyperparameters
before elements, cotangents first among those, sums last. Numbers are decimals where they were written as such.

Not here: brackets, fractions that fit a line, LaTeX.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import sympy as sp
from sympy.core.relational import Relational
from sympy.logic.boolalg import And, BooleanFalse, BooleanTrue, Not, Or

from symbp.explain import mathematics as m
from symbp.explain.arithmetic import is_negative, ordered_factors, ordered_terms, split_number
from symbp.explain.bar import above_the_bar
from symbp.explain.conditions import SIGNS, between, extreme
from symbp.explain.levels import is_tall
from symbp.explain.naming import Naming
from symbp.formula.examples import BATCH, EXAMPLES
from symbp.formula.expression import Element, First, Flat, InRange, MaxOver, Padded, Partial, SumOver, Winner, _Unit


class UnknownNodeError(TypeError):
    """An expression node that has no notation."""


def write(expression: sp.Basic, naming: Naming) -> m.Math:
    """The expression as written mathematics; UnknownNodeError for a node kind that has no notation."""
    return _write(naming.layout.seen(expression), naming)


def write_number(value: float) -> m.Math:
    """A hyperparameter's value in digits, with a power of ten where it is very small or large."""
    mantissa, _, power = f"{abs(value):.12g}".partition("e")
    number: m.Math = m.Number(mantissa)
    if power:
        exponent = m.Number(str(abs(int(power))))
        ten = m.Power(m.Number("10"), m.Sum(((-1, exponent),)) if int(power) < 0 else exponent)
        number = ten if mantissa == "1" else m.Product((number, ten))
    return m.Sum(((-1, number),)) if value < 0 else number


def valued(name: m.Math, value: float) -> m.Math:
    """A hyperparameter or a state with its value."""
    return m.Relation((name, write_number(value)), ("=",))


@singledispatch
def _write(node: Any, naming: Naming) -> m.Math:
    raise UnknownNodeError(f"no notation for {type(node).__name__}: {node}")


@_write.register
def _(node: sp.Symbol, naming: Naming) -> m.Math:
    return m.Name(naming.layout.notation.examples if node == EXAMPLES else node.name)


@_write.register
def _(node: sp.Number, naming: Naming) -> m.Math:
    if node.is_infinite:
        return m.Sum(((-1, m.Number("∞")),)) if node.is_extended_negative else m.Number("∞")
    if not node.is_finite:
        raise UnknownNodeError(f"no notation for the number {node}")
    above, below = split_number(abs(node))
    value = m.Number(above) if below == "1" else m.Fraction(m.Number(above), m.Number(below))
    return m.Sum(((-1, value),)) if node.is_negative else value


@_write.register(type(sp.pi))
def _(node: Any, naming: Naming) -> m.Math:
    return m.Number("pi")


@_write.register(type(sp.E))
def _(node: Any, naming: Naming) -> m.Math:
    return m.Number("e")


@_write.register
def _(node: Element, naming: Naming) -> m.Math:
    return naming.tensor(node.tensor, tuple(_write(i, naming) for i in node.indices))


@_write.register
def _(node: sp.Add, naming: Naming) -> m.Math:
    return m.Sum(tuple((sign, _write(term, naming)) for sign, term in ordered_terms(node)))


@_write.register
def _(node: First, naming: Naming) -> m.Math:
    return _write(node.args[0], naming)


@_write.register
def _(node: sp.Mul, naming: Naming) -> m.Math:
    sign, above, below = ordered_factors(node)
    over, beside = above_the_bar(above, below, naming) if below else (above, [])
    factors = [_write(f, naming) for f in over]
    tall: list[m.Math] = []
    if below:
        divisor = _product([_write(f, naming) for f in below])
        if not is_tall(divisor):
            tall = [f for f in factors if is_tall(f) and not isinstance(f, m.Over)]
        numerator = [f for f in factors if f not in tall]
        factors = [m.Fraction(_product(numerator or [m.Number("1")]), divisor)]
    value = _product(factors + tall + [_write(f, naming) for f in beside])
    return m.Sum(((-1, value),)) if sign < 0 else value


def _product(factors: list[m.Math]) -> m.Math:
    return factors[0] if len(factors) == 1 else m.Product(tuple(factors))


@_write.register
def _(node: sp.Pow, naming: Naming) -> m.Math:
    base, exponent = node.args
    if exponent == sp.Rational(1, 2):
        return m.Root(_write(base, naming))
    if exponent.could_extract_minus_sign():
        return m.Fraction(m.Number("1"), _write(base ** (-exponent), naming))
    return m.Power(_write(base, naming), _write(exponent, naming))


@_write.register
def _(node: sp.Abs, naming: Naming) -> m.Math:
    return m.Bars(_write(node.args[0], naming))


@_write.register
def _(node: sp.floor, naming: Naming) -> m.Math:
    return m.Bars(_write(node.args[0], naming), "floor")


@_write.register(sp.exp)
@_write.register(sp.log)
@_write.register(sp.sign)
@_write.register(sp.sin)
@_write.register(sp.cos)
@_write.register(sp.tan)
@_write.register(sp.sinh)
@_write.register(sp.cosh)
@_write.register(sp.tanh)
@_write.register(sp.asin)
@_write.register(sp.acos)
@_write.register(sp.atan)
@_write.register(sp.erf)
@_write.register(_Unit)
def _(node: sp.Function, naming: Naming) -> m.Math:
    return m.Call(type(node).__name__, tuple(_write(a, naming) for a in node.args))


def _bound(node: Any, naming: Naming) -> tuple[m.Math, ...]:
    """The bound indices, the batch first."""
    return tuple(_write(i, naming) for i in sorted(node.bound, key=lambda i: i.name.rstrip("'") != BATCH))


@_write.register
def _(node: SumOver, naming: Naming) -> m.Math:
    if is_negative(node.body):
        return m.Sum(((-1, m.Over("sum", _bound(node, naming), _write(-node.body, naming))),))
    return m.Over("sum", _bound(node, naming), _write(node.body, naming))


@_write.register
def _(node: MaxOver, naming: Naming) -> m.Math:
    return m.Over("max", _bound(node, naming), _write(node.body, naming))


@_write.register
def _(node: Winner, naming: Naming) -> m.Math:
    place = m.Over("argmax", tuple(_write(i, naming) for i in node.bound), _write(node.body, naming))
    return place if len(node.bound) == 1 else m.Component(place, (_write(node.which, naming),))


@_write.register
def _(node: Flat, naming: Naming) -> m.Math:
    return m.Tuple(tuple(_write(i, naming) for i in node.args))


@_write.register
def _(node: Padded, naming: Naming) -> m.Math:
    return m.Call("padded", (_write(node.read, naming), _write(node.value, naming)))


@_write.register
def _(node: InRange, naming: Naming) -> m.Math:
    value, size = (_write(a, naming) for a in node.args)
    return m.Indicator(m.Relation((m.Number("0"), value, size), ("<=", "<")))


@_write.register
def _(node: Partial, naming: Naming) -> m.Math:
    return m.Derivative(_write(node.of, naming), _write(node.by, naming))


@_write.register
def _(node: sp.KroneckerDelta, naming: Naming) -> m.Math:
    index, place = sorted(node.args, key=lambda side: not side.free_symbols)  # 𝟙[q = 0], not 𝟙[0 = q]
    return m.Indicator(m.Relation((_write(index, naming), _write(place, naming)), ("=",)))


@_write.register
def _(node: sp.Piecewise, naming: Naming) -> m.Math:
    pairs = list(node.args)
    if len(pairs) == 2 and pairs[1].cond == sp.true:
        values = (pairs[0].expr, pairs[1].expr)
        function = extreme(pairs[0].cond, *values)
        if function:
            return m.Call(function, (_write(values[1], naming), _write(values[0], naming)))
        if values == (1, 0):
            return m.Indicator(_write(pairs[0].cond, naming))
        if values == (0, 1):
            return m.Indicator(_write(sp.to_nnf(sp.Not(pairs[0].cond), simplify=False), naming))
    return m.Cases(
        tuple((_write(p.expr, naming), None if p.cond == sp.true else _write(p.cond, naming)) for p in pairs)
    )


@_write.register
def _(node: Relational, naming: Naming) -> m.Math:
    relation = node if node.lhs.has(Element) or not node.rhs.has(Element) else node.reversed
    return m.Relation((_write(relation.lhs, naming), _write(relation.rhs, naming)), (SIGNS[relation.rel_op],))


@_write.register
def _(node: And, naming: Naming) -> m.Math:
    chain = between(node)
    if chain is not None:
        low, below, value, above, high = chain
        return m.Relation((_write(low, naming), _write(value, naming), _write(high, naming)), (below, above))
    return m.Logic("and", tuple(_write(a, naming) for a in sp.ordered(node.args)))


@_write.register
def _(node: Or, naming: Naming) -> m.Math:
    return m.Logic("or", tuple(_write(a, naming) for a in sp.ordered(node.args)))


@_write.register
def _(node: Not, naming: Naming) -> m.Math:
    return m.Logic("not", (_write(node.args[0], naming),))


@_write.register
def _(node: BooleanTrue, naming: Naming) -> m.Math:
    return m.Words("always")


@_write.register
def _(node: BooleanFalse, naming: Naming) -> m.Math:
    return m.Words("never")
