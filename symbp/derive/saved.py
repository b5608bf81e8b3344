"""Saved values: a derivative rewritten in what the forward pass computed anyway, found by elimination.

For an equation `a = F(z)` and a derivative that reads z, choose a generator u of F (an exponential of z, or z itself),
solve `a = F(u)` for u, and put the solution where u stands in the derivative:

    sigmoid   a = 1/(1 + 1/u), u = exp(z)     u = a/(1 - a)     u/(1 + u)**2      ->  a*(1 - a)
    softplus  a = log(1 + u)                  u = exp(a) - 1    u/(1 + u)         ->  1 - exp(-a)
    softmax   p[j] = u[j]/S                   u[j] = p[j]*S     ...               ->  p[j]*(g[j] - sum[k](g[k]*p[k]))

Sums in F are held fixed (the S above). A piecewise F is eliminated branch by branch. Where F itself or a power of it
stands in the derivative, at any indices, it is the saved value (tanh, and a recurrence one step later). A sum that F
is linear in is what the saved value says it is:

    mean      m = sum[k](x[k])/K              sum[k](x[k]) = K*m                  sum[k](x[k] - m)  ->  0

The result is taken where it costs fewer operations, or as many with fewer reads of z, and divides by nothing that
might be 0 and was no divisor before; where no solution exists (SiLU, GELU) nothing is.

A saved value reads 0 outside its tensor, where F is something else. So an index that may leave it (`t + 1`) is let pass
only in products with a factor that is 0 there too, such as the cotangent at `t + 1`, and not in a denominator. Nor is a
solution taken that subtracts one tensor's values from another's (exp(x[t]) = s[t] - s[t-1]): it loses their digits. Nor
is one that needs the logarithm or a root of a saved value, which may have been rounded to 0 or to 1: with
a = exp(-exp(z)) that exp(z) = -log(a) is infinite at z = 5, where a is 0 in single precision. Nor is an exponential
written as the saved value and a number (exp(z) = a + 1, for an ELU), which cancel where it is small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import sympy as sp

from symbp.derive.algebra import RATIONAL, TIDIED, larger, operations, tidy
from symbp.derive.deltas import AxisSize, factor_out, vanishes
from symbp.derive.differentiate import outermost, reads, slope_by, stand_in
from symbp.derive.signs import Signs
from symbp.derive.totals import by_total, same_at, spread
from symbp.formula.defined import is_defined
from symbp.formula.equation import Equation
from symbp.formula.expression import Element, Flat, SumOver, elements, stop
from symbp.formula.indices import bound_indices

Canonical = Callable[[sp.Expr], sp.Expr]
INVERTED = 60  # nodes of what may be linear fractional in one symbol
Places = Mapping[sp.Expr, sp.Expr]  # the indices of an equation -> those of one use of it


@dataclass(frozen=True)
class Spelling:
    """How the expressions of one derivation are spelt and what is known of them; `canonical` may extend it."""

    canonical: Canonical
    sizes: Mapping[sp.Symbol, sp.Expr]
    axis_size: AxisSize
    signs: Signs


def eliminate(equation: Equation, derivative: sp.Expr, spelling: Spelling) -> sp.Expr:
    """The cheapest form of `derivative` found with the value of `equation` in it; `derivative` if none is."""
    if not _is_looked_at(equation, derivative):
        return derivative
    best = _by_value(equation, derivative, spelling)
    for candidate in by_total(equation, best, spelling.canonical):
        if operations(candidate) < operations(best):
            best = candidate
    for anchor in _anchors(equation):
        if not reads(best, anchor.tensor):
            continue
        cost = _cost(best, anchor)
        for candidate in _candidates(equation, anchor, best, spelling):
            if _cost(candidate, anchor) < cost and not spelling.signs.divides_more(candidate, derivative):
                best, cost = candidate, _cost(candidate, anchor)
    return best


def apart(equation: Equation, derivative: sp.Expr, spelling: Spelling) -> sp.Expr:
    """The derivative with sums of what the equation adds up taken apart, where that is cheaper."""
    if not _is_looked_at(equation, derivative):
        return derivative
    candidate = spread(equation, derivative, spelling.canonical)
    return candidate if operations(candidate) < operations(derivative) else derivative


def _is_looked_at(equation: Equation, derivative: sp.Expr) -> bool:
    """Whether the equation computes anything from a tensor, and neither is too large."""
    computes = not isinstance(equation.body, Element | stop) and not is_defined(equation.body)
    computes = computes and any(elements(equation.body))
    return computes and not larger(equation.body, RATIONAL) and not larger(derivative, TIDIED)


def _cost(expression: sp.Expr, anchor: Element) -> tuple[int, int]:
    return operations(expression), sum(1 for _ in elements(expression, anchor.tensor))


def _anchors(equation: Equation) -> list[Element]:
    """Elements that F reads at exactly the indices of the left side, and at numbers, outside its sums."""
    free = {s for i in equation.target.indices for s in (i.args if isinstance(i, Flat) else (i,))}
    return [
        e
        for e in outermost(equation.body)
        if isinstance(e, Element)
        and free == {i for i in e.indices if not i.is_Integer}
        and all(i.is_Symbol or i.is_Integer for i in e.indices)
    ]


def _uses(anchor: Element, expression: sp.Expr) -> list[tuple[Element, Places]]:
    """The reads of the anchor's tensor at the anchor's numbers, and where each has the anchor's indices."""
    return [
        (read, {mine: theirs for mine, theirs in zip(anchor.indices, read.indices, strict=True) if mine.is_Symbol})
        for read in elements(expression, anchor.tensor)
        if all(i == j for i, j in zip(anchor.indices, read.indices, strict=True) if i.is_Integer)
    ]


def _candidates(equation: Equation, anchor: Element, derivative: sp.Expr, spelling: Spelling) -> Iterator[sp.Expr]:
    canonical = spelling.canonical
    body = canonical(equation.body)
    if isinstance(body, sp.Piecewise):
        yield from _branchwise(equation, anchor, derivative, spelling)
        return
    sums = {s: stand_in(s) for s in outermost(body) if isinstance(s, SumOver)}
    spelt = canonical(derivative)
    masked = spelt.xreplace(sums)
    reads = _uses(anchor, masked)
    if not reads or not _sums_stay(sums, [places for _, places in reads], derivative):
        return
    if not all(_inside(equation, places, spelt, read, spelling) for read, places in reads):
        return
    for generator in _generators(body.xreplace(sums), anchor):
        solution = _invert(generator.body, generator.u, generator.value)
        if solution is None:
            continue
        if generator.exponent is not None and _cancels(solution, generator.value):
            return
        replaced = masked
        for read, places in reads:
            value = equation.target.xreplace(places)
            solved = solution.xreplace(places).xreplace({generator.value: value})
            replaced = generator.put(replaced, read, places, solved)
        if not _roots(equation, replaced) <= _roots(equation, masked):
            continue
        mixed = _mixes(solution, generator.value)
        if mixed and not _keeps_digits(equation, masked, replaced):
            continue
        back = replaced.xreplace({dummy: s for s, dummy in sums.items()})
        if not _singular_outside(equation, [places for _, places in reads], back, spelling):
            found = factor_out(tidy(canonical(factor_out(back, equation.sizes))), equation.sizes)
            if _multiplied(found) <= _multiplied(spelt) and not (mixed and not _keeps_digits(equation, spelt, found)):
                yield found


def _sums_stay(sums: Mapping[sp.Expr, sp.Dummy], uses: list[Places], derivative: sp.Expr) -> bool:
    """Whether every sum of F has the same value at every use, so that it may be held fixed."""
    bound = set(bound_indices(derivative))
    free = {s for total in sums for s in total.free_symbols}
    return all(
        k == v or (k not in free and (v in bound or v.is_Symbol)) or k not in free for u in uses for k, v in u.items()
    )


class _Generator:
    """F as a function of one symbol u, and how a solution for u is put into a derivative."""

    def __init__(self, body: sp.Expr, anchor: Element, exponent: sp.Expr | None) -> None:
        self.anchor = anchor
        self.exponent = exponent  # u = exp(exponent), or u = anchor
        self.u = sp.Dummy("u", real=True) if exponent is None else sp.Dummy("u", positive=True)
        self.value = sp.Dummy("a", real=True)
        if exponent is None:
            self.body = body.xreplace({anchor: self.u})
        else:
            slope = slope_by(exponent, anchor)
            offset = sp.expand(exponent - slope * anchor)
            self.body = sp.powsimp(body.xreplace({anchor: (sp.log(self.u) - offset) / slope}))

    def put(self, expression: sp.Expr, read: Element, places: Places, solved: sp.Expr) -> sp.Expr:
        """The expression with the solution in the place of u at one read of the anchor."""
        if self.exponent is None:
            expression = expression.replace(
                lambda n: isinstance(n, sp.exp) and n.has(read),
                lambda n: sp.powsimp(sp.exp(sp.expand(n.args[0].xreplace({read: solved})))),
            )
            return expression.xreplace({read: solved})
        exponent = self.exponent.xreplace(dict(places))

        def power(node: sp.Expr) -> sp.Expr:
            ratio = sp.cancel(node.args[0] / exponent)
            return solved**ratio if ratio.is_Integer else node

        return expression.replace(lambda n: isinstance(n, sp.exp) and n.has(read), power)


def _generators(body: sp.Expr, anchor: Element) -> Iterator[_Generator]:
    """Exponentials in F that are affine in the anchor and leave no logarithm of themselves; then the anchor itself."""
    for node in sorted({e for e in body.atoms(sp.exp) if e.has(anchor)}, key=str):
        slope = slope_by(node.args[0], anchor)
        if slope.has(anchor) or slope == 0:
            continue
        generator = _Generator(body, anchor, node.args[0])
        if not any(log.args[0] == generator.u for log in generator.body.atoms(sp.log)):
            yield generator
    yield _Generator(body, anchor, None)


def _invert(body: sp.Expr, u: sp.Dummy, value: sp.Expr) -> sp.Expr | None:
    """The u at which body(u) = value, where body is linear fractional in u, or a logarithm or exponential of such."""
    if not body.has(u):
        return None
    for outer, inverse in ((sp.log, sp.exp), (sp.exp, sp.log)):
        calls = [c for c in body.atoms(outer) if c.has(u)]
        if len(calls) == 1:
            held = sp.Dummy(real=True)
            linear = body.xreplace({calls[0]: held})
            solution = None if linear.has(u) else _linear(linear, held, value)
            if solution is not None:
                return _invert(calls[0].args[0], u, sp.expand_log(inverse(solution)))
    return _linear(body, u, value)


def _linear(body: sp.Expr, u: sp.Expr, value: sp.Expr) -> sp.Expr | None:
    if larger(body, INVERTED) or not body.is_rational_function(u):
        return None
    numerator, _ = sp.fraction(sp.together(body - value))
    polynomial = sp.Poly(sp.expand(numerator), u)
    if polynomial.degree() != 1:
        return None
    slope, constant = polynomial.all_coeffs()
    return sp.Add(*(sp.factor_terms(-term / slope) for term in sp.Add.make_args(constant)))


def _by_value(equation: Equation, derivative: sp.Expr, spelling: Spelling) -> sp.Expr:
    """The derivative with F, wherever it stands in it and at whatever indices, replaced by the saved value.

    Where F is a power, so are its own powers: with r = 1/sqrt(v), v**(-3/2) is r**3.
    """
    body = equation.body
    if body.is_Add or body.is_Mul or isinstance(body, sp.Piecewise | SumOver):
        return derivative
    swapped: dict[sp.Expr, sp.Expr] = {}
    base, exponent = body.as_base_exp() if body.is_Pow else (body, sp.Integer(1))
    for node in derivative.atoms(body.func):
        other, ratio = (node.base, node.exp / exponent) if body.is_Pow else (node, sp.Integer(1))
        if not ratio.is_Integer:
            continue
        places = same_at(base, other, equation, spelling.canonical)
        if places is not None and _inside(equation, places, derivative, node, spelling):
            saved = equation.target.xreplace(places) ** ratio
            if not _singular_outside(equation, [places], derivative.xreplace({node: saved}), spelling):
                swapped[node] = saved
    return derivative.xreplace(swapped)


def _branchwise(equation: Equation, anchor: Element, derivative: sp.Expr, spelling: Spelling) -> Iterator[sp.Expr]:
    """Where the derivative is piecewise on F's own conditions: each branch by F's branch, then the condition by a."""
    pieces = equation.body.args
    swapped: dict[sp.Expr, sp.Expr] = {}
    places_seen: list[Places] = []
    for node in derivative.atoms(sp.Piecewise):
        for _, places in _uses(anchor, node):
            if tuple(c for _, c in node.args) != tuple(c.xreplace(places) for _, c in pieces):
                continue
            if not _inside(equation, places, derivative, node, spelling):
                continue
            branches = []
            for (value, condition), (piece, _) in zip(node.args, pieces, strict=True):
                branch = Equation(equation.target.xreplace(places), piece.xreplace(places), equation.sizes)
                branches.append((eliminate(branch, value, spelling), condition))
            swapped[node] = sp.Piecewise(*branches)
            places_seen.append(places)
            break
    if not swapped:
        return
    changed = derivative.xreplace(swapped)
    if _sign_is_kept(equation, anchor):
        conditions = {sp.Gt(anchor, 0).xreplace(p): sp.Gt(equation.target, 0).xreplace(p) for p in places_seen}
        yield changed.xreplace(conditions)
    yield changed


def _leaving(equation: Equation, places: Places, spelling: Spelling) -> dict[sp.Expr, sp.Expr]:
    """The places that may lie outside the saved tensor, and the size of its axis."""
    return {
        place: equation.sizes[mine]
        for mine, place in places.items()
        if spelling.sizes.get(place) != equation.sizes[mine] and mine in equation.target.free_symbols
    }


def _inside(equation: Equation, places: Places, derivative: sp.Expr, node: sp.Expr, spelling: Spelling) -> bool:
    """Whether the node that a saved value is to replace counts only where the value's indices are in its tensor."""
    leaving = _leaving(equation, places, spelling)
    return all(vanishes(derivative, node, place, extent, spelling.axis_size) for place, extent in leaving.items())


def _singular_outside(equation: Equation, uses: list[Places], candidate: sp.Expr, spelling: Spelling) -> bool:
    """Whether the candidate is not a number where a saved value is read outside its tensor, as 0."""
    outside = [equation.target.xreplace(u) for u in uses if _leaving(equation, u, spelling)]
    return bool(outside) and candidate.xreplace(dict.fromkeys(outside, sp.Integer(0))).has(sp.zoo, sp.nan, sp.oo)


def _roots(equation: Equation, expression: sp.Expr) -> set[sp.Expr]:
    """The logarithms and the roots of what the equation saves."""
    found = expression.atoms(sp.log) | {p for p in expression.atoms(sp.Pow) if not p.exp.is_Integer}
    return {node for node in found if reads(node, equation.target.tensor)}


def _cancels(solution: sp.Expr, value: sp.Expr) -> bool:
    """Whether an exponential is a multiple of the saved value plus a number: where it is small, they cancel."""
    slope = solution.diff(value)
    rest = solution.xreplace({value: sp.Integer(0)})
    return not slope.has(value) and rest != 0 and not rest.atoms(Element, sp.Dummy)


def _multiplied(expression: sp.Expr) -> set[sp.Expr]:
    """The sums of exponentials that stand in no denominator: they overflow, and no exponential is divided by them."""
    above = expression.replace(lambda n: n.is_Pow and n.exp.is_negative, lambda _: sp.Integer(1))
    return {total for total in above.atoms(SumOver) if total.has(sp.exp)}


def _mixes(solution: sp.Expr, value: sp.Expr) -> bool:
    """Whether the solution adds other tensors' values to the saved one."""
    totals = (t for t in sp.preorder_traversal(solution) if isinstance(t, sp.Add) and value in t.free_symbols)
    return any(t.has(Element) or t.atoms(sp.Dummy) - {value} for t in totals)


def _keeps_digits(equation: Equation, before: sp.Expr, after: sp.Expr) -> bool:
    """Whether no saved value is added to other tensors' values where it was not before."""
    saved = equation.target.tensor

    def added(expression: sp.Expr) -> set[sp.Basic]:
        found = set()
        for total in (t for t in sp.preorder_traversal(expression) if isinstance(t, sp.Add)):
            bare = [t.as_coeff_Mul()[1] for t in total.args]
            own = [t for t in bare if isinstance(t, Element) and t.tensor == saved]
            if own and any(t not in own[:1] and next(elements(t), None) for t in bare):
                found.add(total)
        return found

    return added(after) <= added(before)


def _sign_is_kept(equation: Equation, anchor: Element) -> bool:
    """Whether the branches prove that F(z) > 0 exactly where z > 0."""
    pieces = equation.body.args
    if len(pieces) != 2 or pieces[0][1] != (anchor > 0):
        return False
    up, down = sp.Dummy(positive=True), sp.Dummy(nonpositive=True)
    above, below = pieces[0][0].xreplace({anchor: up}), pieces[1][0].xreplace({anchor: down})
    return bool(above.is_positive and below.is_nonpositive)
