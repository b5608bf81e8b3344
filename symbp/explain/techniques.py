"""What calculus does to an equation when it is differentiated by a tensor: which of its rules take part.

Read off the equation, to be told; the derivative itself is taken by `symbp.derive.differentiate`.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from symbp.formula.equation import Equation
from symbp.formula.expression import Element, MaxOver, Padded, elements

_U = sp.Symbol("u", positive=True)  # where it is positive, √u² is u


@dataclass(frozen=True)
class Techniques:
    """`functions` are functions of one value that the tensor stands in, each with its derivative, of a variable `u`."""

    product: bool
    quotient: bool
    branches: bool
    maximum: bool
    functions: tuple[tuple[sp.Expr, sp.Expr], ...]

    @property
    def none(self) -> bool:
        """True for an equation that is linear in the tensor."""
        return not (self.product or self.quotient or self.branches or self.maximum or self.functions)


def techniques(equation: Equation, tensor: str) -> Techniques:
    """The rules that the derivative of an equation by a tensor needs."""
    varying = [node for node in sp.preorder_traversal(equation.body) if _varies(node, tensor)]
    products = [[f for f in node.args if _varies(f, tensor)] for node in varying if isinstance(node, sp.Mul)]
    several = [factors for factors in products if len(factors) > 1]
    quotients = [factors for factors in several if any(map(_is_below, factors))]
    calls = [_of_u(node) for node in varying if _is_call(node)]
    calls += [_of_u(node) for node in varying if isinstance(node, sp.Pow) and not any(node in q for q in quotients)]
    known = {call: call.diff(_U) for call in sorted(set(calls), key=str)}
    return Techniques(
        len(several) > len(quotients),
        bool(quotients),
        any(isinstance(node, sp.Piecewise) for node in varying),
        any(isinstance(node, MaxOver) for node in varying),
        tuple((f, slope) for f, slope in known.items() if not slope.has(sp.Derivative, sp.Subs, sp.DiracDelta)),
    )


def _varies(node: sp.Basic, tensor: str) -> bool:
    return isinstance(node, sp.Expr) and next(elements(node, tensor), None) is not None


def _is_below(node: sp.Expr) -> bool:
    return isinstance(node, sp.Pow) and bool(node.exp.could_extract_minus_sign())


def _is_call(node: sp.Basic) -> bool:
    """True for a function of one value that calculus knows by name."""
    return isinstance(node, sp.Function) and len(node.args) == 1 and not isinstance(node, Element | Padded)


def _of_u(node: sp.Expr) -> sp.Expr:
    return sp.Pow(_U, node.exp) if isinstance(node, sp.Pow) else node.func(_U)
