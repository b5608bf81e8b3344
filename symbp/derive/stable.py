"""Stable evaluation: the same value, computed without overflow and without avoidable cancellation.

Each rule is an identity with a name; tests prove every one of them by evaluation at high precision. `x` is any
expression, `f[k]` any expression of a summation index, `m` the maximum of f over k.

Rules apply after differentiation, to forward and backward equations alike. The maximum is a helper equation of the
forward pass (a `Shift`); it is not differentiated, because the value does not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import sympy as sp

from symbp.formula.expression import (
    Element,
    First,
    MaxOver,
    SumOver,
    element,
    elements,
    expm1,
    log1p,
    logistic,
    positive_part,
    softplus,
)
from symbp.formula.indices import Names
from symbp.formula.roots import square_and_number


@dataclass(frozen=True)
class Rule:
    """`before` equals `after` for every real x; `apply` rewrites one node, or gives it back."""

    name: str
    before: Callable[[sp.Expr], sp.Expr]
    after: Callable[[sp.Expr], sp.Expr]
    apply: Callable[[sp.Expr], sp.Expr]


def without(product: sp.Expr, *factors: sp.Expr) -> sp.Expr:
    """The product without these factors of it. SymPy's division leaves exp(a + b)*exp(-a - b) standing."""
    rest = list(sp.Mul.make_args(product))
    for factor in factors:
        rest.remove(factor)
    return sp.Mul(*rest)


def _exponential_of(term: sp.Expr) -> sp.Expr | None:
    """w where term is exp(w), else None."""
    return term.args[0] if isinstance(term, sp.exp) else None


def _one_plus_exp(node: sp.Expr) -> sp.Expr | None:
    """w where node is 1 + exp(w), else None."""
    if isinstance(node, sp.Add) and len(node.args) == 2 and node.args[0] == 1:
        return _exponential_of(node.args[1])
    return None


def _expm1(node: sp.Expr) -> sp.Expr:
    if not isinstance(node, sp.Add):
        return node
    for term in node.args:
        for factor in sp.Mul.make_args(term):
            w = _exponential_of(factor)
            if w is not None and -without(term, factor) in node.args:
                rest = [t for t in node.args if t not in (term, -without(term, factor))]
                return sp.Add(*rest, without(term, factor) * expm1(w))
    return node


def _softplus(node: sp.Expr) -> sp.Expr:
    if isinstance(node, sp.log):
        w = _one_plus_exp(node.args[0])
        if w is not None:
            return softplus(w)
    return node


def _log1p(node: sp.Expr) -> sp.Expr:
    if isinstance(node, sp.log) and isinstance(node.args[0], sp.Add) and node.args[0].args[0] == 1:
        return log1p(node.args[0] - 1)
    return node


def _log_cosh(node: sp.Expr) -> sp.Expr:
    if isinstance(node, sp.log) and isinstance(node.args[0], sp.cosh):
        x = node.args[0].args[0]
        return sp.Abs(x) + log1p(expm1(-2 * sp.Abs(x)) / 2)
    return node


def _logistic(node: sp.Expr) -> sp.Expr:
    powers = [p for p in sp.Mul.make_args(node) if isinstance(p, sp.Pow) and p.exp.is_Integer and p.exp < 0]
    for power in powers:
        w = _one_plus_exp(power.base)
        if w is None:
            continue
        return without(node, power) * logistic(-w) ** -power.exp
    return node


def _logistic_pair(node: sp.Expr) -> sp.Expr:
    if isinstance(node, sp.Mul):
        for factor in node.args:
            base, count = factor.as_base_exp()
            if isinstance(base, logistic) and count.is_Integer and count > 0 and sp.exp(-base.args[0]) in node.args:
                x = -base.args[0]
                return without(node, sp.exp(x), factor) * base ** (count - 1) * logistic(x)
    return node


def _logistic_over_sum(node: sp.Expr) -> sp.Expr:
    """A factor logistic(-x) goes into a sum that holds exp(x), which would overflow where the product does not."""
    if not isinstance(node, sp.Mul):
        return node
    for factor in node.args:
        base, count = factor.as_base_exp()
        if not (isinstance(base, logistic) and count.is_Integer and count > 0):
            continue
        grows = sp.exp(-base.args[0])
        for total in node.args:
            if isinstance(total, sp.Add) and any(grows in sp.Mul.make_args(term) for term in total.args):
                terms = (
                    (t / grows, logistic(-base.args[0])) if grows in sp.Mul.make_args(t) else (t, base)
                    for t in total.args
                )
                return node / base / total * sp.Add(*(t * factor for t, factor in terms))
    return node


def _log_logistic(node: sp.Expr) -> sp.Expr:
    if isinstance(node, sp.log) and isinstance(node.args[0], logistic):
        return -softplus(-node.args[0].args[0])
    return node


def _tanh(node: sp.Expr) -> sp.Expr:
    if isinstance(node, sp.Mul):
        for factor in node.args:
            if isinstance(factor, sp.sinh) and 1 / sp.cosh(factor.args[0]) in node.args:
                x = factor.args[0]
                return without(node, factor, 1 / sp.cosh(x)) * sp.tanh(x)
    return node


def _square_times_exponential(node: sp.Expr) -> sp.Expr:
    if isinstance(node, sp.Mul):
        for square in node.args:
            grows = next((f for f in node.args if isinstance(f, sp.exp)), None)
            if grows is not None and square.is_Pow and square.exp == 2:
                return without(node, square, grows) * First(square.base * sp.exp(grows.args[0] / 2)) ** 2
    return node


def _roots_in(node: sp.Expr, exponent: sp.Rational) -> Iterator[tuple[sp.Expr, sp.Expr, sp.Expr, sp.Expr]]:
    """Each term of a sum with a factor sqrt(x**2 + c), or 1 over it: the term, the root, x and c."""
    for term in node.args:
        for factor in sp.Mul.make_args(term):
            found = square_and_number(factor.base) if factor.is_Pow and factor.exp == exponent else None
            if found is not None:
                yield (term, sp.sqrt(factor.base), *found)


def _conjugate(node: sp.Expr) -> sp.Expr:
    if isinstance(node, sp.Add):
        for term, root, x, c in _roots_in(node, sp.Rational(1, 2)):
            factor = term / root
            for y in (x, -x):
                if factor * y in node.args:
                    rest = [t for t in node.args if t not in (term, factor * y)]
                    return sp.Add(*rest, 2 * factor * positive_part(y), factor * c / (sp.Abs(x) + root))
    return node


def _conjugate_over_root(node: sp.Expr) -> sp.Expr:
    if isinstance(node, sp.Add):
        for term, root, x, _ in _roots_in(node, -sp.Rational(1, 2)):
            factor = term * root / x
            for f, y in ((factor, x), (-factor, -x)):
                if f in node.args:
                    rest = [t for t in node.args if t not in (term, f)]
                    return sp.Add(*rest, sp.Mul(2 * f, _conjugate(y / 2 + root / 2), 1 / root))
    return node


RULES: tuple[Rule, ...] = (
    Rule(
        "x + sqrt(x**2 + c) = 2*max(x, 0) + c/(|x| + sqrt(x**2 + c))",
        lambda x: x + sp.sqrt(x**2 + 3),
        lambda x: 2 * positive_part(x) + 3 / (sp.Abs(x) + sp.sqrt(x**2 + 3)),
        _conjugate,
    ),
    Rule(
        "1 + x/sqrt(x**2 + c) = 2*(max(x, 0) + c/(2*(|x| + sqrt(x**2 + c))))/sqrt(x**2 + c)",
        lambda x: 1 + x / sp.sqrt(x**2 + 3),
        lambda x: sp.Mul(
            2,
            positive_part(x) + sp.Rational(3, 2) / (sp.Abs(x) + sp.sqrt(x**2 + 3)),
            1 / sp.sqrt(x**2 + 3),
        ),
        _conjugate_over_root,
    ),
    Rule("sinh(x)/cosh(x) = tanh(x)", lambda x: sp.sinh(x) / sp.cosh(x), lambda x: sp.tanh(x), _tanh),
    Rule(
        "log(cosh(x)) = |x| + log1p(expm1(-2|x|)/2)",
        lambda x: sp.log(sp.cosh(x)),
        lambda x: sp.Abs(x) + log1p(expm1(-2 * sp.Abs(x)) / 2),
        _log_cosh,
    ),
    Rule("1/(1 + exp(x)) = logistic(-x)", lambda x: 1 / (1 + sp.exp(x)), lambda x: logistic(-x), _logistic),
    Rule(
        "exp(x)*logistic(-x) = logistic(x)",
        lambda x: sp.exp(x) * logistic(-x),
        lambda x: logistic(x),
        _logistic_pair,
    ),
    Rule(
        "(1 + c*exp(x))*logistic(-x) = logistic(-x) + c*logistic(x)",
        lambda x: (1 + 3 * sp.exp(x)) * logistic(-x),
        lambda x: logistic(-x) + 3 * logistic(x),
        _logistic_over_sum,
    ),
    Rule("log(logistic(x)) = -softplus(-x)", lambda x: sp.log(logistic(x)), lambda x: -softplus(-x), _log_logistic),
    Rule("log(1 + exp(x)) = softplus(x)", lambda x: sp.log(1 + sp.exp(x)), lambda x: softplus(x), _softplus),
    Rule(
        "y**2*exp(x) = (y*exp(x/2))**2",
        lambda x: (x + 1) ** 2 * sp.exp(-x),
        lambda x: First((x + 1) * sp.exp(-x / 2)) ** 2,
        _square_times_exponential,
    ),
    Rule("exp(x) - 1 = expm1(x)", lambda x: sp.exp(x) - 1, lambda x: expm1(x), _expm1),
    Rule("c - c*exp(x) = -c*expm1(x)", lambda x: 3 - 3 * sp.exp(x), lambda x: -3 * expm1(x), _expm1),
    Rule("log(1 + x) = log1p(x)", lambda x: sp.log(1 + x**2), lambda x: log1p(x**2), _log1p),
)


@dataclass
class Shifts:
    """The maxima that shifted exponentials use: one helper tensor for each distinct sum of exponentials."""

    names: Names
    equations: dict[sp.Expr, Element] = field(default_factory=dict)  # MaxOver -> the element that holds it

    def of(self, total: SumOver) -> Element:
        """The element that holds the largest exponent of `sum[k](exp(f))`, at the free indices of the sum."""
        maximum = MaxOver(total.body.args[0], *total.bound)
        if maximum not in self.equations:
            free = [s for s in _indices(maximum) if s in maximum.free_symbols]
            self.equations[maximum] = element(self.names.fresh("shift").name, *free)
        return self.equations[maximum]


def _indices(expression: sp.Expr) -> list[sp.Symbol]:
    """The indices of an expression in the order in which its widest elements are read, whatever their names."""
    widest_first = sorted(elements(expression), key=lambda e: (-len(e.indices), str(e)))
    places = (place for read in widest_first for place in read.indices)
    symbols = (s for place in places for s in sorted(place.free_symbols, key=str))
    return list(dict.fromkeys(s for s in symbols if s.is_nonnegative and not s.is_positive))  # no names, no sizes


def _is_exponential_sum(node: sp.Basic) -> bool:
    return isinstance(node, SumOver) and isinstance(node.body, sp.exp)


def _differences(node: sp.Add) -> tuple[list[tuple[sp.Expr, sp.Expr, SumOver]], list[sp.Expr]]:
    """Each c*(g - log(sum[k](exp(f[k])))) among the terms, g being f elsewhere, as (c, g, sum); and what is left."""
    terms = list(node.args)
    found: list[tuple[sp.Expr, sp.Expr, SumOver]] = []
    for term in node.args:
        logarithm = next((f for f in sp.Mul.make_args(term) if isinstance(f, sp.log)), None)
        if logarithm is None or not _is_exponential_sum(logarithm.args[0]):
            continue
        total, factor = logarithm.args[0], -without(term, logarithm)
        for other in terms:
            g = other / factor
            if other is not term and _read_anywhere(g) == _read_anywhere(total.body.args[0]):
                found.append((factor, g, total))
                terms = [t for t in terms if t not in (term, other)]
                break
    return found, terms


def _read_anywhere(expression: sp.Expr) -> sp.Expr:
    """The expression without the indices of its elements."""
    return expression.replace(lambda n: isinstance(n, Element), lambda n: element(n.tensor))


def shift_exponentials(expression: sp.Expr, shifts: Shifts) -> tuple[sp.Expr, list[str]]:
    """`exp(g)/sum[k](exp(f))` and `log(sum[k](exp(f)))` with the largest f taken out of every exponential."""
    applied: list[str] = []

    def shifted(total: SumOver) -> sp.Expr:
        return SumOver(sp.exp(total.body.args[0] - shifts.of(total)), *total.bound)

    def visit(node: sp.Basic) -> sp.Basic:
        if isinstance(node, sp.Add) and (split := _differences(node))[0]:
            applied.append("g - log(sum[k](exp(f[k]))) = (g - m) - log(sum[k](exp(f[k] - m)))")
            parts = [c * First(g - shifts.of(total)) - c * sp.log(shifted(total)) for c, g, total in split[0]]
            return sp.Add(*parts, *map(visit, split[1]))
        if isinstance(node, sp.log) and _is_exponential_sum(node.args[0]):
            applied.append("log(sum[k](exp(f[k]))) = m + log(sum[k](exp(f[k] - m)))")
            return shifts.of(node.args[0]) + sp.log(shifted(node.args[0]))
        if isinstance(node, sp.Mul):
            for factor in node.args:
                base, exponent = factor.as_base_exp()
                numerators = [f for f in node.args if isinstance(f, sp.exp)]
                if _is_exponential_sum(base) and exponent.is_negative and numerators:
                    applied.append("exp(g)/sum[k](exp(f[k])) = exp(g - m)/sum[k](exp(f[k] - m))")
                    m, rest, times = shifts.of(base), without(node, factor, *numerators), -exponent
                    while times.is_Integer and times > len(numerators) and (lower := _lowered(rest, m)) is not None:
                        rest, times = lower, times - 1
                    rest = sp.Mul(*map(visit, sp.Mul.make_args(rest)))
                    return rest * _each_shifted(numerators, times, m) * shifted(base) ** exponent
                if _is_exponential_sum(base) and exponent.is_Integer and exponent < 0:
                    terms = _terms_above(node, factor)
                    if all(_often_lowered(t, _probe(base), -exponent) is not None for t in terms):
                        above = [_often_lowered(t, shifts.of(base), -exponent) for t in terms]
                        applied.append(
                            "sum[i](c[i]*exp(f[i]))/sum[k](exp(f[k])) = "
                            "sum[i](c[i]*exp(f[i] - m))/sum[k](exp(f[k] - m))"
                        )
                        return sp.Add(*map(visit, above)) * shifted(base) ** exponent
        if not node.args or isinstance(node, Element):
            return node
        return node.func(*(visit(a) for a in node.args))

    return visit(expression), applied


def _terms_above(product: sp.Mul, divisor: sp.Expr) -> tuple[sp.Expr, ...]:
    """The terms of what a product divides by, the one sum among its factors multiplied out."""
    rest = without(product, divisor)
    total = next((f for f in sp.Mul.make_args(rest) if isinstance(f, sp.Add)), None)
    return (rest,) if total is None else tuple(t * without(rest, total) for t in total.args)


def _each_shifted(exponentials: list[sp.Expr], times: sp.Expr, m: Element) -> sp.Expr:
    """The product of exponentials with m taken out of it so many times, of each once as far as there are enough."""
    first, *others = exponentials
    apart = others[: int(times) - 1] if times.is_Integer else []
    rest = others[len(apart) :]
    return sp.Mul(sp.exp(first.args[0] - (times - len(apart)) * m), *(sp.exp(e.args[0] - m) for e in apart), *rest)


def _probe(total: SumOver) -> Element:
    """An element with the indices of the shift of such a sum."""
    return element("", *(i for i in _indices(total) if i in total.free_symbols))


def _often_lowered(term: sp.Expr, m: Element, times: sp.Integer) -> sp.Expr | None:
    """The term with exp(m) taken out of so many exponentials under its sums, or None."""
    for _ in range(int(times)):
        lower = _lowered(term, m)
        if lower is None:
            return None
        term = lower
    return term


def _lowered(expression: sp.Expr, m: Element) -> sp.Expr | None:
    """The expression over exp(m), which is taken out of one exponential in every term of it, or None.

    That may stand under sums, of sums too. Where a term is divided by sums of exponentials, as many are left to those.
    """
    if isinstance(expression, sp.Add):
        terms = [_lowered(t, m) for t in expression.args]
        return None if None in terms else sp.Add(*terms)
    factors = sp.Mul.make_args(expression)
    divisors = [f for f in factors if f.is_Pow and f.exp.is_negative and _is_exponential_sum(f.base)]
    if divisors:
        rest, times = without(expression, *divisors), 1 - sum(f.exp for f in divisors)
        enough = times.is_Integer and _often_lowered(rest, m, times) is not None
        lower = _lowered(rest, m) if enough else None
        return None if lower is None else lower * sp.Mul(*divisors)
    for factor in factors:
        lower = None
        if isinstance(factor, sp.exp) and not factor.has(m):
            lower = sp.exp(factor.args[0] - m)
        elif isinstance(factor, SumOver) and not m.free_symbols.intersection(factor.bound):
            inside = _lowered(factor.body, m)
            lower = None if inside is None else SumOver(inside, *factor.bound)
        if lower is not None:
            return without(expression, factor) * lower
    return None


def stabilize(expression: sp.Expr, shifts: Shifts) -> tuple[sp.Expr, tuple[str, ...]]:
    """The stable form, and the names of the rules that were applied, in order."""
    expression, applied = shift_exponentials(expression, shifts)

    def visit(node: sp.Basic) -> sp.Basic:
        if isinstance(node, Element) or not node.args:
            return node
        node = node.func(*(visit(a) for a in node.args))
        for rule in RULES:
            changed = rule.apply(node) if isinstance(node, sp.Expr) else node
            if changed != node:
                applied.append(rule.name)
                node = changed
        return node

    return visit(expression), tuple(dict.fromkeys(applied))
