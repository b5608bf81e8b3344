"""A normal form of sums of products: every sum multiplied out, each term one sum over all that it binds.

sum[k](a[k] * sum[l](b[k,l] + c[l]))   ->   sum[k,l](a[k] * b[k,l]) + sum[k,l](a[k] * c[l])
x[i], where i runs over one place      ->   x[0]
delta(i, e) * f(i)                     ->   delta(i, e) * f(e)
(z, where z > 0, else 0) > 0           ->   z > 0
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp
from sympy.core.relational import Relational

from symbp.audit.truth import at_deltas
from symbp.derive.deltas import Term
from symbp.formula.expression import SumOver

MOST_TERMS = 60


class TooManyTermsError(Exception):
    """An expression that is not multiplied out."""


def multiplied_out(expression: sp.Expr, sizes: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    """The expression in normal form; TooManyTermsError where that is too long."""
    terms = _terms(_settled(_at_one_place(expression, sizes)))
    return sp.Add(*(at_deltas(term.expression(sizes)) for term in terms))


def _terms(expression: sp.Expr) -> list[Term]:
    if isinstance(expression, sp.Add):
        found = [t for a in expression.args for t in _terms(a)]
    elif isinstance(expression, SumOver):
        inner = _terms(at_deltas(expression.body))
        found = [Term((*expression.bound, *t.bound), t.factors) for t in inner]
    elif isinstance(expression, sp.Mul):
        found = [Term((), ())]
        for argument in expression.args:
            inner = _terms(argument)
            found = [Term((*t.bound, *u.bound), (*t.factors, *u.factors)) for t in found for u in inner]
    else:
        found = [Term((), (expression,))]
    if len(found) > MOST_TERMS:
        raise TooManyTermsError
    return found


def _at_one_place(expression: sp.Expr, sizes: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    """An index that runs over one place is that place."""
    ones = {s: sp.Integer(0) for s, extent in sizes.items() if extent == 1}
    if not ones:
        return expression

    def unbound(node: SumOver) -> sp.Expr:
        return SumOver(node.body, *(b for b in node.bound if b not in ones))

    freed = expression.replace(lambda n: isinstance(n, SumOver) and any(b in ones for b in n.bound), unbound)
    return freed.xreplace(ones)


def _settled(expression: sp.Expr) -> sp.Expr:
    """Comparisons of cases, case by case."""

    def settled(relation: Relational) -> sp.Basic:
        cases = next(side for side in relation.args if isinstance(side, sp.Piecewise))
        return by_cases(relation, cases, cases)

    plain = expression.replace(
        lambda n: isinstance(n, sp.ITE), lambda n: sp.Or(sp.And(n.args[0], n.args[1]), sp.And(~n.args[0], n.args[2]))
    )
    return plain.replace(
        lambda n: isinstance(n, Relational) and any(isinstance(a, sp.Piecewise) for a in n.args), settled
    )


def by_cases(relation: Relational, part: sp.Expr, cases: sp.Piecewise) -> sp.Basic:
    """The relation with cases in place of a part, and no cases in it."""
    found, before = list[sp.Basic](), list[sp.Basic]()
    for value, condition in cases.args:
        found.append(sp.And(relation.xreplace({part: value}), condition, *before))
        before.append(sp.Not(condition))
    return sp.Or(*found)
