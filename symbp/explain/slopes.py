"""The slope of an activation under a name of its own, f′(z), where a notation writes it so.

    d_z[n,j] = d_a[n,j] * (1 - a[n,j]**2)   ->   δ = ∂C/∂a ⊙ tanh′(z),   tanh′(z) = 1 - a ⊙ a

It is found where the gradient by z is the cotangent at the same place times something without cotangents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import sympy as sp

from symbp.derive.derivation import FormulaDerivation, Gradient
from symbp.explain import mathematics as m
from symbp.explain.layout import COTANGENT
from symbp.explain.matrix import matrix_form
from symbp.explain.naming import Naming
from symbp.formula.equation import Equation
from symbp.formula.expression import SumOver, element, elements

SLOPE = "slope"  # no tensor of a formula: these have letters of their own, or a prefix


@dataclass(frozen=True)
class Slope:
    """A gradient as its cotangent times the slope, and the slope as an equation; both of a pseudo-tensor `slope`."""

    function: str
    gradient: Equation
    value: Equation


def slope_of(derived: FormulaDerivation, gradient: Gradient) -> Slope | None:
    """The slope that a gradient consists of; None where it is none, or a constant."""
    equation, output = gradient.equation, derived.formula.output.name
    target, body = equation.target, equation.body
    reads = [e for e in elements(body) if e.tensor.startswith(COTANGENT)]
    if len(reads) != 1 or reads[0].tensor != f"{COTANGENT}{output}" or reads[0].indices != target.indices:
        return None
    value = body / reads[0]
    if value.has(reads[0], SumOver) or not set(target.indices) <= value.free_symbols or not _is_of(derived, gradient):
        return None
    slope = element(SLOPE, *target.indices)
    return Slope(_function(derived), replace(equation, body=reads[0] * slope), Equation(slope, value, equation.sizes))


def _is_of(derived: FormulaDerivation, gradient: Gradient) -> bool:
    """True for the gradient by the one tensor that a function has as its argument, beside numbers that it may learn."""
    roles = {t.name: (t.role, len(t.axes)) for t in derived.formula.tensors.values()}
    argument = [name for name, (role, _) in roles.items() if role == "input"] == [gradient.tensor]
    beside = [(role, rank) for role, rank in roles.values() if role not in ("input", "output")]
    return argument and bool(gradient.equation.target.indices) and all(b == ("parameter", 0) for b in beside)


def _function(derived: FormulaDerivation) -> str:
    """The name of the function: that of mathematics where it is one, else the formula's."""
    output = derived.formula.output.name
    made = next((e.body for e in derived.forward if e.target.tensor == output), None)
    single = isinstance(made, sp.Function) and len(made.args) == 1 and not made.args[0].has(sp.Function, sp.Add, sp.Mul)
    return type(made).__name__ if single else derived.formula.name.split()[0]


def named_slope(slope: Slope, tensor: str, naming: Naming, given: Mapping[str, m.Math]) -> tuple[m.Line, m.Line] | None:
    """Between matrices: the gradient by `tensor` with the slope under its name, and the slope's value."""
    layout = naming.layout
    if tensor in layout.batched:
        naming = replace(naming, layout=replace(layout, batched=layout.batched | {SLOPE}))
    whole = matrix_form(replace(slope.value, target=element(tensor, *slope.value.target.indices)), naming)
    if whole is None or whole.left is None:
        return None
    name = m.Slope(slope.function, whole.left)
    line = matrix_form(slope.gradient, naming, {**given, SLOPE: name})
    return None if line is None else (line, m.Line(name, whole.right))
