"""What the equations of a formula prove of the signs of the tensors they compute, and so what is never 0.

    v[n] = sum[k](c[n,k]**2)      v >= 0
    r[n] = 1/sqrt(v[n] + eps)     r > 0       where eps > 0; with eps >= 0, still not 0

A reciprocal is not 0 wherever it is finite; where it is not, the forward pass is not either. An exponential may be 0,
since floating-point numbers end. Not here: bounds.
"""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from symbp.formula.equation import Equation
from symbp.formula.expression import Element


class Signs:
    """Facts about tensors by name, found equation by equation."""

    def __init__(self, equations: Iterable[Equation]) -> None:
        self.facts: dict[str, sp.Dummy] = {}
        for equation in equations:
            body = self._known(equation.body)
            fact = next((f for f in ("positive", "nonnegative") if getattr(body, f"is_{f}")), "")
            if fact or self.nonzero(equation.body):
                self.facts[equation.target.tensor] = sp.Dummy(real=True, **{fact or "nonzero": True})

    def nonzero(self, expression: sp.Expr) -> bool:
        """Whether the value is proved to be no 0."""
        if isinstance(expression, sp.Mul):
            return all(map(self.nonzero, expression.args))
        if isinstance(expression, sp.Pow):
            return bool(expression.exp.is_negative) or self.nonzero(expression.base)
        return bool(self._known(expression).is_nonzero)

    def divides_more(self, candidate: sp.Expr, expression: sp.Expr) -> bool:
        """Whether the candidate divides by something that may be 0 and that the expression does not divide by."""
        return not all(map(self.nonzero, _divisors(candidate) - _divisors(expression)))

    def _known(self, expression: sp.Expr) -> sp.Expr:
        known = expression.replace(
            lambda n: isinstance(n, Element) and n.tensor in self.facts, lambda n: self.facts[n.tensor]
        )
        return known.replace(lambda n: isinstance(n, sp.exp), lambda n: sp.Dummy(nonnegative=True))


def _divisors(expression: sp.Expr) -> set[sp.Expr]:
    return {power.base for power in expression.atoms(sp.Pow) if power.exp.could_extract_minus_sign()}
