"""Arguments of functions as equations of their own: weighted inputs, and parts of an axis such as one gate of many.

    h[n,t,j] = tanh(sum[i](x[n,t,i]*U[i,j]) + sum[k](h[n,t-1,k]*V[k,j]))

becomes z_h[n,t,j] = sum[i](...) + sum[k](...) and h[n,t,j] = tanh(z_h[n,t,j]). The derivative is then found in the
saved value of h, and the cotangent of z_h is computed once for everything that z_h reads. So does the second half of z
in sigmoid(z[n,j + size(j)]), which has indices of its own only as a tensor of its own.

A sum of exponentials stays where it is: its stable form is found with what stands around it. So does an argument that
has more indices than the left side, since its values would take more memory than the equation's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sympy as sp

from symbp.formula.equation import Equation, Formula, Tensor
from symbp.formula.expression import Element, Flat, SumOver, element, elements
from symbp.formula.indices import Names, bound_indices


def hoist_arguments(formula: Formula) -> Formula:
    """Give the argument of every function that contracts tensors an equation of its own."""
    names = Names([*formula.tensors, *formula.scalars])
    tensors = dict(formula.tensors)
    equations: list[Equation] = []
    for equation in formula.equations:
        body, sizes = equation.body, equation.sizes
        for argument in dict.fromkeys(_arguments(equation)):
            free = tuple(i for i in _free(equation) if i in argument.free_symbols)
            held = element(names.distinct(f"z_{equation.target.tensor}"), *free)
            tensors[held.tensor] = Tensor(held.tensor, tuple(sizes[i] for i in free), "intermediate")
            equations.append(Equation(held, argument, _used(sizes, free, argument)))
            body = body.xreplace({argument: held, sp.expand(-argument): -held})
        if body != equation.body:
            equation = replace(equation, body=body, sizes=_used(sizes, _free(equation), body))
        equations.append(equation)
    return replace(formula, equations=tuple(equations), tensors=tensors)


def _free(equation: Equation) -> tuple[sp.Symbol, ...]:
    return tuple(s for i in equation.target.indices for s in (i.args if isinstance(i, Flat) else (i,)))


def _used(sizes: Mapping[sp.Symbol, sp.Expr], free: tuple[sp.Symbol, ...], body: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
    used = {*free, *bound_indices(body)}
    return {i: extent for i, extent in sizes.items() if i in used}


def _arguments(equation: Equation) -> list[sp.Expr]:
    """The arguments to hoist, outermost first, each with the sign that it has most plus signs with."""
    free = set(_free(equation))
    found = []
    waiting: list[sp.Basic] = [equation.body]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, sp.Function) and not isinstance(node, sp.Piecewise | sp.KroneckerDelta):
            argument = node.args[0]
            wanted = _contracts(argument) or _reads_part(argument, equation)
            if wanted and _indices(argument, equation) <= free:
                found.append(sp.expand(-argument) if argument.could_extract_minus_sign() else argument)
                continue
        waiting.extend(node.args)
    return found


def _contracts(argument: sp.Basic) -> bool:
    """Whether tensors are contracted in it, and not only in the argument of another function: log(1 + exp(w x))."""
    sums = [n for n in sp.preorder_traversal(argument) if isinstance(n, SumOver)]
    return _is_outside(argument) and not any(n.body.has(sp.Function) for n in sums)


def _is_outside(node: sp.Basic) -> bool:
    applied = isinstance(node, sp.Function) and not isinstance(node, sp.Piecewise)
    return isinstance(node, SumOver) or (not applied and any(map(_is_outside, node.args)))


def _reads_part(argument: sp.Expr, equation: Equation) -> bool:
    """Whether an axis is read from a size or an option on, as in `z[n,j + size(j)]`."""
    places = [p for e in elements(argument) for p in e.indices if not isinstance(p, Element | Flat)]
    return any(place.free_symbols - set(equation.sizes) for place in places)


def _indices(argument: sp.Expr, equation: Equation) -> set[sp.Symbol]:
    return {s for s in argument.free_symbols if s in equation.sizes}
