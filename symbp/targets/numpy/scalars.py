"""Scalar expressions as Python: learning rates, bias corrections, `1 / n`.

One function per kind of node. Numbers become floats where they are not integers; evaluation is by Python's own
arithmetic and `math`, in double precision. Not supported: elements of arrays; a node of another kind is a `TypeError`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import singledispatch

import sympy as sp

from symbp.formula.expression import expm1, log1p, logistic, softplus

SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4  # how tightly the outermost operation of a text binds

Names = Mapping[str, str]


def python(expression: sp.Expr, names: Names) -> str:
    """The expression in Python; `names` gives the Python name of each symbol.

    Raises `KeyError` for a symbol that has none.
    """
    return _print(expression, names)[0]


def _wrap(expression: sp.Expr, names: Names, binding: int) -> str:
    text, own = _print(expression, names)
    return text if own >= binding else f"({text})"


@singledispatch
def _print(node: sp.Basic, names: Names) -> tuple[str, int]:
    raise TypeError(f"no Python for {type(node).__name__} in a scalar: {node}")


@_print.register
def _(node: sp.Integer, names: Names) -> tuple[str, int]:
    return str(node), ATOM if node >= 0 else PRODUCT


@_print.register
def _(node: sp.Rational, names: Names) -> tuple[str, int]:
    return repr(float(node)), ATOM if node > 0 else PRODUCT


@_print.register
def _(node: sp.Float, names: Names) -> tuple[str, int]:
    return repr(float(node)), ATOM if node > 0 else PRODUCT


@_print.register(type(sp.oo))
@_print.register(type(-sp.oo))
def _(node: sp.Number, names: Names) -> tuple[str, int]:
    return ("math.inf", ATOM) if node.is_extended_positive else ("-math.inf", PRODUCT)


@_print.register
def _(node: sp.NumberSymbol, names: Names) -> tuple[str, int]:
    return {sp.pi: "math.pi", sp.E: "math.e"}.get(node, repr(float(node))), ATOM


@_print.register
def _(node: sp.Symbol, names: Names) -> tuple[str, int]:
    return names[node.name], ATOM


@_print.register
def _(node: sp.Add, names: Names) -> tuple[str, int]:
    # positive terms first: 1 - b, not -b + 1
    terms = sorted(node.as_ordered_terms(), key=lambda term: term.could_extract_minus_sign())
    text = _wrap(terms[0], names, SUM)
    for term in terms[1:]:
        minus = term.could_extract_minus_sign()
        text += f" - {_wrap(-term, names, PRODUCT)}" if minus else f" + {_wrap(term, names, PRODUCT)}"
    return text, SUM


@_print.register
def _(node: sp.Mul, names: Names) -> tuple[str, int]:
    if node.could_extract_minus_sign():
        return f"-{_wrap(-node, names, PRODUCT)}", PRODUCT
    above, below = [], []
    for factor in node.as_ordered_factors():
        if isinstance(factor, sp.Rational):
            above += [sp.Integer(factor.p)] if factor.p != 1 else []
            below += [sp.Integer(factor.q)] if factor.q != 1 else []
        elif isinstance(factor, sp.Pow) and factor.exp.could_extract_minus_sign():
            below.append(factor.base**-factor.exp)
        else:
            above.append(factor)
    text = " * ".join(_wrap(factor, names, PRODUCT) for factor in above) or "1"
    if not below:
        return text, PRODUCT
    under = " * ".join(_wrap(factor, names, PRODUCT if len(below) > 1 else POWER) for factor in below)
    return f"{text} / {under}" if len(below) == 1 else f"{text} / ({under})", PRODUCT


@_print.register
def _(node: sp.Pow, names: Names) -> tuple[str, int]:
    if node.exp == sp.Rational(1, 2):
        return f"math.sqrt({python(node.base, names)})", ATOM
    if node.exp.could_extract_minus_sign():
        return f"1 / {_wrap(node.base**-node.exp, names, POWER)}", PRODUCT
    base, exponent = _wrap(node.base, names, ATOM), _wrap(node.exp, names, POWER)
    hugging = all(re.fullmatch(r"[\w.]+", operand) for operand in (base, exponent))  # as `ruff format` does
    return f"{base}**{exponent}" if hugging else f"{base} ** {exponent}", POWER


@_print.register
def _(node: sp.Piecewise, names: Names) -> tuple[str, int]:
    *cases, (last, _) = node.args
    text = _wrap(last, names, SUM)
    for value, condition in reversed(cases):
        text = f"{_wrap(value, names, SUM)} if {python(condition, names)} else {text}"
    return f"({text})", ATOM


@_print.register
def _(node: sp.Rel, names: Names) -> tuple[str, int]:
    return f"{python(node.lhs, names)} {node.rel_op} {python(node.rhs, names)}", 0


@_print.register
def _(node: sp.And | sp.Or, names: Names) -> tuple[str, int]:
    word = " and " if isinstance(node, sp.And) else " or "
    return word.join(_wrap(a, names, SUM) for a in sorted(node.args, key=sp.default_sort_key)), 0


@_print.register
def _(node: sp.Not, names: Names) -> tuple[str, int]:
    return f"not {_wrap(node.args[0], names, SUM)}", 0


@_print.register
def _(node: sp.sign, names: Names) -> tuple[str, int]:
    argument = python(node.args[0], names)
    return f"(({argument} > 0) - ({argument} < 0))", ATOM


@_print.register
def _(node: logistic, names: Names) -> tuple[str, int]:
    return f"(0.5 + 0.5 * math.tanh(0.5 * {_wrap(node.args[0], names, PRODUCT)}))", ATOM


@_print.register
def _(node: softplus, names: Names) -> tuple[str, int]:
    argument = python(node.args[0], names)
    return f"(max({argument}, 0) + math.log1p(math.exp(-abs({argument}))))", ATOM


_FUNCTIONS: Mapping[type[sp.Basic], str] = {
    **{function: f"math.{name}" for name in ("exp", "log", "floor", "erf") for function in (getattr(sp, name),)},
    **{getattr(sp, f"{a}{name}"): f"math.{a}{name}" for a in ("", "a") for name in ("sin", "cos", "tan")},
    **{getattr(sp, f"{name}h"): f"math.{name}h" for name in ("sin", "cos", "tan")},
    expm1: "math.expm1",
    log1p: "math.log1p",
    sp.Abs: "abs",
    sp.Min: "min",
    sp.Max: "max",
}


def _call(node: sp.Function, names: Names) -> tuple[str, int]:
    arguments = sorted(node.args, key=sp.default_sort_key)
    return f"{_FUNCTIONS[node.func]}({', '.join(python(a, names) for a in arguments)})", ATOM


for _function in _FUNCTIONS:
    _print.register(_function, _call)
