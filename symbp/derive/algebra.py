"""Scalar algebra on index expressions: what SymPy may simplify, and how much an expression costs.

SymPy's polynomial tools see a scalar expression whose elements and sums are plain symbols; they never look inside a
sum. Where a tool is applied inside sums, it is applied to each body on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice

import sympy as sp

from symbp.derive.differentiate import outermost, stand_in
from symbp.formula.expression import Element, First, InRange, MaxOver, Padded, SumOver, Winner

HEAVY = 8  # operations that one transcendental function counts for
EXTENT = 16  # of an index whose size is a symbol: how much more an operation costs over one index more

# Nodes of an expression beyond which it stays as it is, since tools take seconds and their results are no tidier; no
# row of the catalog comes near.
TIDIED = 400  # common factors, exponentials multiplied
RATIONAL = 150  # fractions brought together, polynomials factored


def larger(expression: sp.Basic, most: int) -> bool:
    """Whether the expression has more nodes; it is not looked at further."""
    return next(islice(sp.preorder_traversal(expression), most, None), None) is not None


def on_scalars(expression: sp.Expr, tool: Callable[[sp.Expr], sp.Expr]) -> sp.Expr:
    """`tool` applied to the expression with its elements and sums replaced by plain symbols, then put back."""
    atoms = {atom: stand_in(atom) for atom in outermost(expression)}
    back = {dummy: atom for atom, dummy in atoms.items()}
    return tool(expression.xreplace(atoms)).xreplace(back)


def everywhere(expression: sp.Expr, tool: Callable[[sp.Expr], sp.Expr]) -> sp.Expr:
    """`tool` applied on scalars: first to the body of every sum, innermost first, then to the whole."""

    def inside(node: sp.Expr) -> sp.Expr:
        if isinstance(node, SumOver):
            return SumOver(everywhere(node.body, tool), *node.bound)
        return node

    swapped = {atom: inside(atom) for atom in outermost(expression)}
    return on_scalars(expression.xreplace(swapped), tool)


def operations(expression: sp.Basic) -> int:
    """A count of scalar operations; one over k indices counts `EXTENT**k`, and a sum counts its body once.

    Factors and terms over few indices are taken together first, as lowering does: 2*r[n]*h[n,k] is one operation over
    n and one over n and k.
    """
    return _counted(expression)[0]


def _counted(node: sp.Basic) -> tuple[int, frozenset[sp.Basic]]:
    """The count, and the indices that the value depends on."""
    if isinstance(node, Element | Padded | sp.KroneckerDelta | InRange):
        return 0, frozenset(_indices(node))
    if not node.args:
        return 0, frozenset()
    if isinstance(node, First):
        return _counted(node.args[0])
    if isinstance(node, SumOver | MaxOver | Winner):
        inside, indices = _counted(node.body)
        return inside + EXTENT ** len(indices), indices - set(node.bound)
    counted = [_counted(a) for a in node.args if a != -1]  # a sign is taken in by the sum that it stands in
    inside, indices = sum(c for c, _ in counted), frozenset[sp.Basic]().union(*(i for _, i in counted))
    if isinstance(node, sp.Add | sp.Mul):
        first, *rest = sorted((i for _, i in counted), key=len)
        for more in rest:
            first |= more
            inside += EXTENT ** len(first)
        return inside, indices
    if isinstance(node, sp.Pow):
        weight = 1 if node.exp in (-1, 2) else 2 if node.exp.is_Rational else HEAVY
    elif isinstance(node, sp.Function) and not isinstance(node, sp.Abs | sp.sign | sp.Piecewise):
        weight = HEAVY
    else:
        weight = 1
    return inside + weight * EXTENT ** len(indices), indices


def _indices(node: sp.Basic) -> Iterator[sp.Symbol]:
    """The index symbols in an element, a delta or a range; sizes and names of tensors are none."""
    if node.is_Symbol:
        if node.is_nonnegative and not node.is_positive:
            yield node
        return
    for argument in node.args[1:] if isinstance(node, Element) else node.args:
        yield from _indices(argument)


@lru_cache(maxsize=4096)  # variants of a row have most of their derivatives in common
def tidy(expression: sp.Expr) -> sp.Expr:
    """The cheapest of a few equal forms: as it stands, with common factors in front, over one denominator."""
    if larger(expression, TIDIED):
        return expression
    expression = everywhere(expression, _signs)
    candidates = [expression, everywhere(expression, _common_factors)]
    if expression.has(sp.exp):
        candidates.append(everywhere(expression, _multiply_exponentials))
    if expression.has(sp.Pow):
        candidates.append(everywhere(expression, _over_one))
    return everywhere(min(map(_contents, candidates), key=operations), _plus_first)


def _over_one(expression: sp.Expr) -> sp.Expr:
    return _outside(expression, lambda e: _factored(_together(e))) if _rational(expression) else expression


def _common_factors(expression: sp.Expr) -> sp.Expr:
    return _outside(expression, _factored)


def _factored(expression: sp.Expr) -> sp.Expr:
    return sp.factor_terms(expression, clear=False)


def _outside(expression: sp.Expr, tool: Callable[[sp.Expr], sp.Expr]) -> sp.Expr:
    """`tool` applied where it sees neither arguments of functions nor fractions in sums."""
    return _outside_functions(expression, lambda e: _outside_fractions(e, tool))


def _outside_fractions(expression: sp.Expr, tool: Callable[[sp.Expr], sp.Expr]) -> sp.Expr:
    """`tool` applied with the fractions in sums as plain symbols: it brings none over a common denominator."""
    back: dict[sp.Expr, sp.Expr] = {}

    def hold(term: sp.Expr) -> sp.Expr:
        number, rest = term.as_coeff_Mul(rational=True)
        if number.is_Integer:
            return term
        dummy = stand_in(abs(number))
        back[dummy] = abs(number)
        return sp.sign(number) * dummy * rest

    held = expression.replace(lambda n: n.is_Add, lambda n: sp.Add(*map(hold, n.args)))
    return tool(held).xreplace(back)


def _outside_functions(expression: sp.Expr, tool: Callable[[sp.Expr], sp.Expr]) -> sp.Expr:
    """`tool` applied with the arguments of functions as plain symbols, then put back.

    What the forward pass computed a function of stays what it was, so that its value is found again.
    """
    back: dict[sp.Expr, sp.Expr] = {}

    def hold(argument: sp.Expr, function: sp.Expr) -> sp.Expr:
        number, rest = argument.as_coeff_Mul() if isinstance(function, sp.exp) else (sp.Integer(1), argument)
        if rest.is_Atom:
            return argument
        dummy = stand_in(rest)
        back[dummy] = rest
        return number * dummy

    def visit(node: sp.Expr) -> sp.Expr:
        if isinstance(node, sp.Function) and not isinstance(node, sp.Piecewise):
            return node.func(*(hold(a, node) for a in node.args))
        return node.func(*map(visit, node.args)) if node.args else node

    return tool(visit(expression)).xreplace(back)


def _multiply_exponentials(expression: sp.Expr) -> sp.Expr:
    """exp(-a)*(exp(a) - 1) is multiplied out to 1 - exp(-a)."""

    def multiply(product: sp.Mul) -> sp.Expr:
        for power in product.args:
            for factor in product.args:
                if isinstance(power, sp.exp) and factor.is_Add and factor.has(sp.exp):
                    return product / power / factor * sp.Add(*(t * power for t in factor.args))
        return product

    return expression.replace(lambda n: n.is_Mul and n.has(sp.exp), multiply)


def _contents(expression: sp.Expr) -> sp.Expr:
    """Numbers in front of sums where that takes fewer: (x/2 - y/2)*z is (x - y)*z/2, and 1 + 0.04*x stays."""
    return everywhere(
        expression, lambda e: _outside_functions(e, lambda held: held.replace(lambda n: n.is_Mul, _content))
    )


def _content(product: sp.Mul) -> sp.Expr:
    content, _ = product.as_coeff_Mul(rational=True)
    factors: list[sp.Expr] = []
    for factor in product.args:
        if factor.is_Add:
            own = (abs(t.as_coeff_Mul(rational=True)[0]) for t in factor.args)
            choices = [
                (content * number, sp.Add(*(t / number for t in factor.args)))
                for number in dict.fromkeys((sp.Integer(1), factor.primitive()[0], *own))
            ]
            content, factor = min(choices, key=lambda choice: _numbers(*choice))
        if not factor.is_Rational:
            factors.append(factor)
    return sp.Mul(content, *factors)


def _numbers(content: sp.Expr, total: sp.Add) -> tuple[int, int, int]:
    """Of content * total: the numbers that are no decimals, the products with a number, and all numbers."""
    split = [(content, total), *(t.as_coeff_Mul(rational=True) for t in total.args)]
    written = [(number, rest) for number, rest in split if abs(number) != 1]
    endless = sum(10 ** number.q.bit_length() % number.q != 0 for number, _ in written)
    return endless, sum(rest != 1 for _, rest in written), len(written)


def _signs(expression: sp.Expr) -> sp.Expr:
    """x*sign(x) = |x|, |x|*sign(x) = x, -sign(y - x) = sign(x - y)."""
    return expression.replace(lambda n: n.is_Mul and n.has(sp.sign), _sign_product)


def _sign_product(product: sp.Mul) -> sp.Expr:
    for factor in product.args:
        if isinstance(factor, sp.sign):
            x = factor.args[0]
            for other, instead in ((x, sp.Abs(x)), (sp.Abs(x), x)):
                if other in product.args:
                    return product / factor / other * instead
            if x.is_Add and product.args[0].is_negative:
                return -product / factor * sp.sign(sp.Add(*(-t for t in x.args)), evaluate=False)
    return product


def _plus_first(expression: sp.Expr) -> sp.Expr:
    """-(a - 1)*b is written (1 - a)*b: a minus sign goes into the first factor with more minus than plus."""
    return expression.replace(lambda n: n.is_Mul and n.args[0].is_negative, _absorb_minus)


def _absorb_minus(product: sp.Mul) -> sp.Expr:
    for factor in product.args:
        if factor.is_Add and 2 * sum(t.could_extract_minus_sign() for t in factor.args) >= len(factor.args):
            rest = [f for f in product.args if f != factor]
            return sp.Mul(-rest[0], *rest[1:], sp.Add(*(-t for t in factor.args)))
    return product


def _together(expression: sp.Expr) -> sp.Expr:
    """Over one denominator; with exponentials, term by term, since one denominator for all could overflow."""
    if not expression.has(sp.exp):
        return sp.together(expression)
    if expression.is_Add:
        return sp.Add(*map(sp.together, expression.args))
    if expression.is_Mul:
        return sp.Mul(*map(_together, expression.args))
    return sp.together(expression)


def _rational(expression: sp.Expr) -> bool:
    """Whether `together` is cheap and tidy: sums, products and integer powers."""
    if larger(expression, RATIONAL) or expression.has(sp.Piecewise):
        return False
    return all(p.exp.is_Integer for p in expression.atoms(sp.Pow) if p.exp.is_Number)
