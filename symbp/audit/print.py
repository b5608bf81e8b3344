"""Derived equations as a claim would state them: between matrices where that form is found, else with indices."""

from __future__ import annotations

import ast
import re

import sympy as sp
from sympy.printing.str import StrPrinter

from symbp.audit.setting import BATCH, Setting
from symbp.audit.syntax import Statement, places_of
from symbp.formula.defined import Determinant, is_defined
from symbp.formula.equation import Equation
from symbp.formula.expression import SumOver, elements, index
from symbp.formula.indices import Names, rename_bound
from symbp.matrices import tree as t
from symbp.matrices.find import find_matrices

SUM, PRODUCT, ATOM = range(3)


class _Printer(StrPrinter):  # type: ignore[misc]
    """Numbers and cases as claims write them."""

    def _print_Piecewise(self, expr: sp.Piecewise) -> str:  # noqa: N802
        pairs = list(expr.args)
        if len(pairs) == 2 and (pairs[0].expr, pairs[1].expr) == (1, 0):
            return f"1[{self._print(pairs[0].cond)}]"
        if len(pairs) == 2:
            return f"where({self._print(pairs[0].cond)}, {self._print(pairs[0].expr)}, {self._print(pairs[1].expr)})"
        return str(super()._print_Piecewise(expr))

    def _print_KroneckerDelta(self, expr: sp.KroneckerDelta) -> str:  # noqa: N802
        return f"delta({', '.join(self._print(a) for a in expr.args)})"

    def _print_logistic(self, expr: sp.Function) -> str:
        return f"sigmoid({self._print(expr.args[0])})"


def with_indices(equation: Equation, left: str = "") -> str:
    """`delta2[j] = sum[k](...)`, with another text for the left side where it is given."""
    printer = _Printer()
    left = left or printer.doprint(equation.target)
    right = _letters(equation).xreplace(_lengths(equation, left))
    return f"{left} = {_numbers(printer.doprint(right))}"


def _lengths(equation: Equation, left: str) -> dict[sp.Basic, sp.Basic]:
    """Lengths of axes as claims write them, `size(d)`, by the indices on the left side."""
    letters = [s for s in equation.sizes if re.search(rf"\b{s.name}\b", left)]
    return {equation.sizes[s]: sp.Symbol(f"size({s.name})") for s in letters if equation.sizes[s] not in (BATCH, 1)}


def in_letters(equation: Equation, statement: Statement) -> Equation:
    """The equation at the indices that a claim has on its left side."""
    places = places_of(statement.left)
    if len(places) != len(equation.target.indices) or not all(isinstance(p, ast.Name) for p in places):
        return equation
    letters = [index(p.id) for p in places if isinstance(p, ast.Name)]
    sizes = dict(equation.sizes)
    body = rename_bound(equation.body, Names({s.name for s in (*letters, *equation.target.indices)}), sizes)
    swap = dict(zip(equation.target.indices, letters, strict=True))
    sizes |= {new: sizes[old] for old, new in swap.items()}
    return Equation(equation.target, body.xreplace(swap), sizes)


def _letters(equation: Equation) -> sp.Expr:
    """The right side with letters in place of primed ones, which claims do not have."""
    symbols = {s for n in sp.preorder_traversal(equation.body) if isinstance(n, SumOver) for s in n.bound}
    taken = {s.name for s in equation.body.atoms(sp.Symbol)} | {s.name for s in equation.sizes}
    pool = iter([c for c in "klmqrsuvpij" if c not in taken])
    swap = {s: sp.Symbol(next(pool), integer=True, nonnegative=True) for s in sorted(symbols, key=str) if "'" in s.name}
    return equation.body.xreplace(swap)


def _numbers(text: str) -> str:
    return re.sub(r"\bInfinity\b", "inf", text)


def between_matrices(equation: Equation, setting: Setting) -> str | None:
    """`delta2 = (W3 @ delta3) * ...`, or None where it has no such form.

    A tensor of one axis is a column in it; where examples are rows that is not so, and only what has two axes is shown.
    A length other than the number of examples has a name with indices alone.
    """
    lengths = (set(setting.sizes) | {e for e in equation.sizes.values() if e.is_Symbol}) - {BATCH}
    if (setting.batched and len(equation.target.indices) < 2) or equation.body.free_symbols & lengths:
        return None
    right = _right_side(equation, setting)
    return None if right is None else f"{equation.target.tensor} = {right}"


def _right_side(equation: Equation, setting: Setting) -> str | None:
    node = find_matrices(equation)
    if node is None:
        return None
    try:
        text = _write(node)[0]
    except _UnwritableError:
        return None
    said = {e.target.tensor: e for e in setting.formula.equations if is_defined(e.body)}
    return re.sub(r"\b\w+\b", lambda m: _defined(said[m[0]], setting) if m[0] in said else m[0], text)


def _defined(equation: Equation, setting: Setting) -> str:
    """An inverse or a determinant as a claim writes it, `inv(A)`, of what it is of."""
    of = next(e.tensor for e in elements(equation.body))
    made = next((e for e in setting.formula.equations if e.target.tensor == of), None)
    inner = _right_side(made, setting) if made else None
    return f"{'det' if isinstance(equation.body, Determinant) else 'inv'}({inner or of})"


class _UnwritableError(Exception):
    """A node that claims have no words for."""


def _write(node: t.Node) -> tuple[str, int]:
    match node:
        case t.Leaf(name=name):
            return name, ATOM
        case t.Scalar(value=value):
            text = _Printer().doprint(value)
            return text, ATOM if value.is_Symbol or (value.is_Integer and value >= 0) else SUM
        case t.Transposed(body=body):
            return f"{_within(body, ATOM)}.T", ATOM
        case t.Product(factors=factors):
            return " @ ".join(_within(f, ATOM) for f in factors), PRODUCT
        case t.Elementwise(above=above, below=below):
            text = " * ".join(_within(f, ATOM) for f in above) or "1"
            for part in below:
                text += f" / {_within(part, ATOM)}"
            return text, PRODUCT
        case t.Total(terms=terms):
            return _total(terms), SUM
        case t.Raised(base=base, exponent=exponent):
            return f"{_within(base, ATOM)}**{_Printer().doprint(exponent)}", PRODUCT
        case t.Applied(function=function, arguments=arguments):
            name = "sigmoid" if function == "logistic" else function
            return f"{name}({', '.join(_write(a)[0] for a in arguments)})", ATOM
    raise _UnwritableError(type(node).__name__)


def _total(terms: tuple[tuple[int, t.Node], ...]) -> str:
    text = ""
    for sign, term in terms:
        part = _within(term, PRODUCT)
        text += (f"-{part}" if sign < 0 else part) if not text else f" {'-' if sign < 0 else '+'} {part}"
    return text


def _within(node: t.Node, least: int) -> str:
    text, level = _write(node)
    return text if level >= least else f"({text})"
