"""The delta algebra: sums over Kronecker deltas are carried out, one delta at a time, until none can be.

An expression is held as terms, each a product of factors under one sum. A delta in a term is solved for an index that
the term sums over, and that index is replaced everywhere:

    sum[i](f(i) * delta(i, e))            ->  f(e)                 e any affine index, or a label
    sum[t](g(t) * delta(t', t - 1))       ->  g(t' + 1)            back-propagation through time
    sum[u](g(u) * delta(h, S*p + u - P))  ->  g(h + P - S*p)       transposed convolution
    delta(flat(a, b), flat(c, d))         ->  delta(a, c) * delta(b, d)
    x[f] = sum[a, b](g(a, b) * delta(f, flat(a, b)))  ->  x[flat(a, b)] = g(a, b)

A solution that may leave the range of the index it replaces is multiplied by `InRange`, unless a factor of the term
reads it on an axis of just that size (reading outside gives 0); a factor that is not a number out there (1/x[t+1])
stands in a case of its own. Each step removes one summed index or one `Flat`, so
the pass ends. A delta that cannot be solved (a label against a free index, a window with stride against a summed
index) stays: it is a scatter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod

import sympy as sp

from symbp.formula.expression import Element, Flat, InRange, SumOver
from symbp.formula.indices import BINDERS, solve_for

AxisSize = Callable[[str, int], sp.Expr]  # the size of one axis of a tensor
Sizes = Mapping[sp.Symbol, sp.Expr]


@dataclass(frozen=True)
class Term:
    """`sum[bound](product of factors)`."""

    bound: tuple[sp.Symbol, ...]
    factors: tuple[sp.Expr, ...]

    def expression(self, sizes: Sizes) -> sp.Expr:
        return sum_of_product(self.factors, self.bound, sizes)


def sum_of_product(factors: tuple[sp.Expr, ...], bound: tuple[sp.Symbol, ...], sizes: Sizes) -> sp.Expr:
    """`sum[bound](product)` with every factor outside the sums that it does not depend on."""
    outside: list[sp.Expr] = []
    groups: list[tuple[set[sp.Symbol], list[sp.Expr]]] = []
    for factor in factors:
        needs = set(bound) & factor.free_symbols
        if not needs:
            outside.append(factor)
            continue
        joined = [g for g in groups if g[0] & needs]
        groups = [g for g in groups if not g[0] & needs]
        groups.append((needs.union(*(g[0] for g in joined)), [f for g in joined for f in g[1]] + [factor]))
    used = {s for needs, _ in groups for s in needs}
    outside.extend(sizes[s] for s in bound if s not in used)
    sums = [SumOver(sp.Mul(*inner), *(s for s in bound if s in needs)) for needs, inner in groups]
    return sp.Mul(*outside, *sums)


def factor_out(expression: sp.Expr, sizes: Sizes) -> sp.Expr:
    """Every sum of the expression with the factors outside that do not depend on its indices."""
    if not expression.args or not expression.has(SumOver):
        return expression
    rebuilt = expression.func(*(factor_out(a, sizes) if isinstance(a, sp.Expr) else a for a in expression.args))
    if not isinstance(rebuilt, SumOver):
        return rebuilt
    return sum_of_product(sp.Mul.make_args(rebuilt.body), rebuilt.bound, sizes)


def to_terms(expression: sp.Expr) -> list[Term]:
    """The expression as terms; products are expanded only where a delta stands inside them."""
    if not expression.has(sp.KroneckerDelta):
        return [Term((), sp.Mul.make_args(expression))]
    if isinstance(expression, sp.Add):
        return [t for a in expression.args for t in to_terms(a)]
    if isinstance(expression, SumOver):
        return [Term((*expression.bound, *t.bound), t.factors) for t in to_terms(expression.body)]
    if isinstance(expression, sp.Mul):
        terms = [Term((), ())]
        for argument in expression.args:
            inner = to_terms(argument)
            terms = [Term((*t.bound, *u.bound), (*t.factors, *u.factors)) for t in terms for u in inner]
        return terms
    return [Term((), (expression,))]


def terms_in(expression: sp.Expr) -> int:
    """How many terms `to_terms` makes of an expression."""
    if not expression.has(sp.KroneckerDelta):
        return 1
    if isinstance(expression, sp.Add):
        return sum(map(terms_in, expression.args))
    if isinstance(expression, SumOver):
        return terms_in(expression.body)
    return prod(map(terms_in, expression.args)) if isinstance(expression, sp.Mul) else 1


def from_terms(terms: list[Term], sizes: Sizes, made: dict[Term, sp.Expr]) -> sp.Expr:
    """The sum of the terms as one expression; `made` learns each term's, since most of them outlast a step."""
    for term in terms:
        if term not in made:
            made[term] = term.expression(sizes)
    return sp.Add(*(made[t] for t in terms))


@dataclass(frozen=True)
class Contraction:
    """What one step of the algebra did: the terms after it, in words, and a new left index if one moved."""

    terms: list[Term]
    detail: str
    moved: dict[sp.Symbol, sp.Expr]


def contract_once(
    terms: list[Term], free: tuple[sp.Symbol, ...], axis_size: AxisSize, sizes: Sizes
) -> Contraction | None:
    """Carry out the first delta that can be, in every term that holds it; None when none can."""
    for term in terms:
        for delta in _deltas(term):
            for attempt in (_split_flat, _solve):
                outcome = attempt(term, delta, axis_size, sizes)
                if outcome is not None:
                    return _apply_everywhere(terms, delta, attempt, axis_size, sizes, outcome[1])
    return _move_left(terms, free, sizes)


def _deltas(term: Term) -> list[sp.KroneckerDelta]:
    return [f for f in term.factors if isinstance(f, sp.KroneckerDelta)]


_Attempt = Callable[[Term, sp.KroneckerDelta, AxisSize, Sizes], "tuple[Term, str] | None"]


def _apply_everywhere(
    terms: list[Term], delta: sp.Expr, attempt: _Attempt, axis_size: AxisSize, sizes: Sizes, detail: str
) -> Contraction:
    after: list[Term] = []
    for term in terms:
        outcome = attempt(term, delta, axis_size, sizes) if delta in term.factors else None
        after.append(outcome[0] if outcome is not None and outcome[1] == detail else term)
    return Contraction(after, detail, {})


def _split_flat(term: Term, delta: sp.KroneckerDelta, axis_size: AxisSize, sizes: Sizes) -> tuple[Term, str] | None:
    one, other = delta.args
    if not (isinstance(one, Flat) and isinstance(other, Flat) and len(one.args) == len(other.args)):
        return None
    parts = tuple(sp.KroneckerDelta(a, b) for a, b in zip(one.args, other.args, strict=True))
    rest = tuple(f for f in term.factors if f != delta)
    return Term(term.bound, (*rest, *parts)), f"{one} = {other}"


def _solve(term: Term, delta: sp.KroneckerDelta, axis_size: AxisSize, sizes: Sizes) -> tuple[Term, str] | None:
    one, other = delta.args
    for summed in term.bound:
        solution = _solution(summed, one, other)
        if solution is None:
            continue
        rest = tuple(f.xreplace({summed: solution}) for f in term.factors if f != delta)
        extent = sizes[summed]
        if not _same_range(solution, extent, sizes):
            rest = tuple(_defined(f, solution, extent) for f in rest)
            if not any(_reads(f, solution, extent, axis_size) for f in rest):
                rest = (*rest, InRange(solution, extent))
        bound = tuple(s for s in term.bound if s != summed)
        return Term(bound, rest), f"{summed} = {solution}"
    return None


def _solution(summed: sp.Symbol, one: sp.Expr, other: sp.Expr) -> sp.Expr | None:
    for side, opposite in ((one, other), (other, one)):
        if side == summed and not opposite.has(summed):
            return opposite
    if any(
        isinstance(n, (Element, Flat, *BINDERS)) and summed in n.free_symbols
        for s in (one, other)
        for n in sp.preorder_traversal(s)
    ):
        return None
    return solve_for(summed, one - other)


def _same_range(solution: sp.Expr, extent: sp.Expr, sizes: Sizes) -> bool:
    if isinstance(solution, Flat):
        return bool(sp.Mul(*(sizes[i] for i in solution.args)) == extent)
    return isinstance(solution, Element) or bool(sizes.get(solution) == extent)


def _defined(factor: sp.Expr, solution: sp.Expr, extent: sp.Expr) -> sp.Expr:
    """The factor, only where the solution is in range if it is not a number where all that is read there is 0."""
    outside = {e: sp.Integer(0) for e in factor.atoms(Element) if solution in e.indices}
    if not outside or not factor.xreplace(outside).has(sp.zoo, sp.nan, sp.oo):
        return factor
    return sp.Piecewise((factor, sp.And(solution >= 0, solution < extent)), (0, True))


def _reads(factor: sp.Basic, place: sp.Expr, extent: sp.Expr, axis_size: AxisSize) -> bool:
    """Whether the factor is 0 where `place` is not in 0 to `extent`: a read there, or a range that says so."""
    if isinstance(factor, InRange):
        return bool(factor.args == (place, extent))
    return isinstance(factor, Element) and any(
        i == place and axis_size(factor.tensor, a) == extent for a, i in enumerate(factor.indices)
    )


def vanishes(expression: sp.Expr, node: sp.Expr, place: sp.Expr, extent: sp.Expr, axis_size: AxisSize) -> bool:
    """Whether `node`, wherever it stands in the expression, stands in a product that is 0 where `place` is outside."""
    if expression == node:
        return False
    if not expression.has(node):
        return True
    if isinstance(expression, sp.Mul) and any(
        f != node and _reads(f, place, extent, axis_size) for f in expression.args
    ):
        return True
    if isinstance(expression, sp.Add | sp.Mul | SumOver):
        return all(vanishes(a, node, place, extent, axis_size) for a in expression.args)
    return False


def _move_left(terms: list[Term], free: tuple[sp.Symbol, ...], sizes: Sizes) -> Contraction | None:
    """`delta(f, flat(a, b))` with f free and a, b summed, in every term: the left side is indexed by `flat(a, b)`."""
    for delta in _deltas(terms[0]) if terms else []:
        for position, place in (delta.args, delta.args[::-1]):
            if not (position in free and isinstance(place, Flat)):
                continue
            if all(delta in t.factors and set(place.args) <= set(t.bound) for t in terms):
                after = [
                    Term(tuple(s for s in t.bound if s not in place.args), tuple(f for f in t.factors if f != delta))
                    for t in terms
                ]
                return Contraction(after, f"{position} = {place}", {position: place})
    return None
