"""Sums over windows in the variables in which they are cheapest: another index may run in place of one.

    sum[p](d_y[p] * w[h - S*p + P])                    a number of w for each pair (h, p)
    sum[p,u](delta(h, S*p + u - P) * d_y[p] * w[u])    with u = h - S*p + P, where h is free: an overlap
    sum[u](d_y[h - u + P] * w[u])                      with u = h - p + P, where p is summed (S = 1): columns of d_y

All ways to change the variables are compared by what they copy, multiply and add, in numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING

import sympy as sp

from symbp.formula.expression import Element, InRange, SumOver, elements
from symbp.formula.indices import solve_for
from symbp.program import windows
from symbp.program.affine import affine

if TYPE_CHECKING:
    from symbp.program.lower import Lowering

MULTIPLIED = 12  # numbers that are multiplied and added in a product of matrices in the time that one is copied
OVERLAPPED = 3.0  # numbers copied in the time that one is added to an overlap
WHOLE = 4.0  # numbers copied by blocks in the time of one of whole columns, which a product of two windows needs
NEVER = 1e15  # a mask of zeros and ones in place of a window


@dataclass(frozen=True)
class Term:
    """`sum[bound](product of factors)`."""

    bound: tuple[sp.Symbol, ...]
    factors: tuple[sp.Expr, ...]


@dataclass(frozen=True)
class Window:
    """A place with several letters, along an axis of a tensor or of what is 1 in a range; `index` may run along it."""

    place: sp.Expr
    size: sp.Expr


def changed(lowering: Lowering, node: SumOver) -> sp.Expr:
    """The sum in its cheapest variables."""
    term = Term(node.bound, sp.Mul.make_args(node.body))
    found = _windows(lowering, term)
    if not found:
        return node
    choices = [[None, *_letters(lowering, window, term)] for window in found]
    best, cost = term, _cost(lowering, term)
    for chosen in product(*choices):
        other: Term | None = term
        for window, letter in zip(found, chosen, strict=True):
            if other is not None and letter is not None:
                other = _substituted(lowering, other, window, letter)
        if other is not None and _cost(lowering, other) < cost:
            best, cost = other, _cost(lowering, other)
    return node if best is term else SumOver(sp.Mul(*best.factors), *best.bound)


def _windows(lowering: Lowering, term: Term) -> list[Window]:
    found: dict[Window, None] = {}
    for factor in term.factors:
        for place, size in _places(lowering, factor):
            if _slides(lowering, place):
                found.setdefault(Window(place, size))
    return list(found)


def _slides(lowering: Lowering, place: sp.Expr) -> bool:
    """Whether it takes columns to read at the place: several of its letters take several values, or it strides."""
    builder = lowering.builder
    value = affine(place, builder.order, builder.numbers)
    if value is None or len(value.steps) < 2:
        return False
    extents = builder.extents(value.letters)
    return value.start != 0 or [step for a, step in value.steps if extents[a] > 1] not in ([], [1])


def _places(lowering: Lowering, factor: sp.Expr) -> Iterator[tuple[sp.Expr, sp.Expr]]:
    """Every place in a factor, with the size of the axis that it is a place on."""
    if isinstance(factor, InRange):
        yield factor.args
        return
    for read in elements(factor):
        yield from zip(read.indices, lowering.tensors[read.tensor].axes, strict=True)


def _letters(lowering: Lowering, window: Window, term: Term) -> list[sp.Symbol]:
    """Letters of the place that have step 1 or -1 and run at least as far as the axis is long."""
    builder = lowering.builder
    value = affine(window.place, builder.order, builder.numbers)
    assert value is not None
    extents = builder.extents(value.letters)
    size = builder.count(window.size)
    return [a for a, step in value.steps if abs(step) == 1 and size <= extents[a] and not builder.is_batch(a)]


def _substituted(lowering: Lowering, term: Term, window: Window, letter: sp.Symbol) -> Term | None:
    """The term with a new index for the place, and the letter solved for; None where that is not the same sum."""
    builder = lowering.builder
    value = affine(window.place, builder.order, builder.numbers)
    if value is None or letter not in value.letters or letter not in _free(term):
        return None
    index = builder.new_index("u", window.size)
    whole = sp.Add(value.start, *(step * a for a, step in value.steps))
    solution = solve_for(letter, whole - index)
    assert solution is not None
    factors = [_placed(f, window.place, index) for f in term.factors if f != InRange(window.place, window.size)]
    if letter not in term.bound:
        if solution.free_symbols - {index, *term.bound}:
            return None
        there = (_moved(f, letter, solution) for f in factors)
        return Term((*term.bound, index), (*there, sp.KroneckerDelta(letter, solution)))
    if not any(
        place == letter and size == builder.equation.sizes[letter]
        for f in factors
        for place, size in _places(lowering, f)
    ):
        return None
    bound = (*(b for b in term.bound if b != letter), index)
    return Term(bound, tuple(_moved(f, letter, solution) for f in factors))


def _free(term: Term) -> set[sp.Basic]:
    return {s for f in term.factors for s in f.free_symbols}


def _placed(factor: sp.Expr, place: sp.Expr, index: sp.Symbol) -> sp.Expr:
    """The factor with the index wherever it reads along the place."""
    return factor.replace(
        lambda n: isinstance(n, Element) and place in n.indices,
        lambda n: Element(n.args[0], *(index if i == place else i for i in n.indices)),
    )


def _moved(factor: sp.Expr, letter: sp.Symbol, solution: sp.Expr) -> sp.Expr:
    """The factor with the solution for the letter, its places expanded."""
    return factor.xreplace({letter: solution}).replace(
        lambda n: isinstance(n, Element), lambda n: Element(n.args[0], *(sp.expand(i) for i in n.indices))
    )


def _cost(lowering: Lowering, term: Term) -> float:
    """Numbers copied into columns, multiplied, and added to overlaps, in numbers copied."""
    builder = lowering.builder
    letters = [s for s in {*term.bound, *_free(term)} if s in builder.equation.sizes]
    extents = builder.extents(letters)
    copied, cost, seen = 0.0, 0.0, 0
    multiplied = set(letters)
    for factor in term.factors:
        if isinstance(factor, sp.KroneckerDelta):
            multiplied -= factor.free_symbols - set(term.bound)
            continue
        for place, _ in _places(lowering, factor):
            if _slides(lowering, place):
                known = isinstance(factor, Element) and windows.has_columns(lowering, factor)
                copied += 0 if known else prod(extents[a] for a in letters if a in factor.free_symbols)
                seen += 1
                cost += NEVER if isinstance(factor, InRange) else 0
                break
    deltas = [f for f in term.factors if isinstance(f, sp.KroneckerDelta)]
    if deltas:
        summed = {b for b in term.bound if not any(b in d.free_symbols for d in deltas)}
        cost += OVERLAPPED * prod(extents[a] for a in multiplied - summed)
    return cost + copied * (WHOLE if seen > 1 else 1) + prod(extents[a] for a in multiplied) / MULTIPLIED
