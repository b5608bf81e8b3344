"""The formula that is differentiated, and the equations that evaluate it: the side that both modes of derivation share.

Before: weighted inputs and maxima become equations of their own; an output that later positions read is kept apart.
After: every equation in stable form, with the helpers (a shift, a winner) that it or the derivatives need.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import permutations

import sympy as sp

from symbp.derive.arguments import hoist_arguments
from symbp.derive.derivation import Step
from symbp.derive.differentiate import reads
from symbp.derive.simplify import Simplifier, Sizes
from symbp.derive.winners import hoist_maxima
from symbp.formula.equation import Equation, Formula, Tensor
from symbp.formula.expression import Element, MaxOver, SumOver, element, elements
from symbp.formula.indices import Names, bound_indices, letter
from symbp.formula.recurrence import in_order

MOST_SUMMED = 4  # indices of an equation whose orders are tried


@dataclass(frozen=True)
class Primal:
    """A formula ready to be differentiated. `at_winner` maps a maximum's tensor to its body read at the winner."""

    formula: Formula
    winners: tuple[Equation, ...]
    at_winner: Mapping[str, sp.Expr]

    def body(self, equation: Equation) -> sp.Expr:
        """What is differentiated in the place of the equation's right side."""
        return self.at_winner.get(equation.target.tensor, equation.body)

    def between(self, below: Iterable[str]) -> set[str]:
        """These tensors, and what depends on them, as far as an output depends on it."""
        down, up = set(below), {t.name for t in self.formula.with_role("output")}
        while True:
            known = len(down), len(up)
            for equation in self.formula.equations:
                read = equation.varies_with and {e.tensor for e in elements(self.body(equation))}
                if read & down:
                    down.add(equation.target.tensor)
                if equation.target.tensor in up:
                    up |= read
            if known == (len(down), len(up)):
                return down & up

    def place(self, tensor: Tensor, names: Names, sizes: Sizes) -> Element:
        """The element by which to differentiate, at indices spelt as the formula reads or assigns the tensor."""
        shown: tuple[sp.Expr, ...] = ()
        familiar = -1
        for equation in self.formula.equations:
            for read in (equation.target, *elements(equation.body, tensor.name)):
                plain = all(i.is_Symbol for i in read.indices) and len(set(read.indices)) == len(read.indices)
                shared = len(set(read.indices) & set(equation.target.indices))
                if read.tensor == tensor.name and plain and shared > familiar:
                    shown, familiar = read.indices, shared
        by_size = {value: name for name, value in reversed(list(self.formula.letters.items()))}
        indices = []
        for axis, extent in enumerate(tensor.axes):
            name = letter(shown[axis]) if shown else by_size.get(extent, "ijklpqrs"[axis])
            symbol = names.fresh(name)
            sizes[symbol] = extent
            indices.append(symbol)
        integer = tensor.kind == "int"
        return element(tensor.name, *indices, integer=integer)


def prepare(formula: Formula, *, differentiated: bool = True) -> Primal:
    """The formula with weighted inputs and maxima hoisted and recurrent outputs apart.

    Where it is `differentiated`, so is every output that another equation reads.
    """
    hoisted = hoist_maxima(hoist_arguments(formula))
    return Primal(_separate_recurrence(hoisted.formula, differentiated), hoisted.winners, hoisted.at_winner)


def evaluated(
    primal: Primal, simplifier: Simplifier, derivatives: Iterable[Equation]
) -> tuple[Formula, tuple[Equation, ...], tuple[Step, ...]]:
    """The equations in stable form, after the helpers that they and the derivatives need; the formula with those."""
    done: list[Equation] = []
    steps: list[Step] = []
    used = {e.tensor for derivative in derivatives for e in elements(derivative.body)}
    for equation in primal.formula.equations:
        sizes = dict(equation.sizes)
        spelt = simplifier.canonical(equation.body, equation.target, sizes)
        body, applied = simplifier.stable(spelt, sizes)
        if body != spelt:
            stated, body = as_stated(equation, spelt, body, sizes)
            steps.append(Step("stable form", equation.target, stated, body, sizes, "; ".join(applied)))
        done.append(replace(equation, body=body, sizes=sizes))
        if isinstance(equation.body, MaxOver):
            mine = equation.target.tensor + "_"
            done.extend(w for w in primal.winners if w.target.tensor.startswith(mine) and w.target.tensor in used)
    shifts = [_shift_equation(simplifier, maximum, held) for maximum, held in simplifier.shifts.equations.items()]
    equations = in_order([*shifts, *done])
    known = primal.formula.tensors
    held = {
        e.target.tensor: Tensor(e.target.tensor, tuple(e.sizes[i] for i in e.target.indices), "intermediate")
        for e in equations
        if e.target.tensor not in known
    }
    return replace(primal.formula, tensors={**known, **held}), equations, tuple(steps)


def as_stated(equation: Equation, spelt: sp.Expr, stable: sp.Expr, sizes: Sizes) -> tuple[sp.Expr, sp.Expr]:
    """An equation's right side as it was spelt, and its stable form, with the summed indices that the equation has.

    They stay as they are spelt where several are one there.
    """
    own, found = (list(dict.fromkeys(bound_indices(body))) for body in (equation.body, spelt))
    if len(own) == len(found) <= MOST_SUMMED and not set(own) & equation.target.free_symbols:
        for order in permutations(own):
            renaming = dict(zip(found, order, strict=True))
            if _in_order(spelt.xreplace(renaming)) == _in_order(equation.body):
                sizes.update((i, equation.sizes[i]) for i in own)
                return equation.body, stable.xreplace(renaming)
    return spelt, stable


def _in_order(expression: sp.Expr) -> sp.Expr:
    """The expression with the indices of every sum in order."""
    return expression.replace(SumOver, lambda body, *bound: SumOver(body, *sorted(bound, key=str)))


def _shift_equation(simplifier: Simplifier, maximum: sp.Expr, held: Element) -> Equation:
    """The maximum, with the sizes of whole axes that it reads, or those its reader has, as of t in `h[n,t-1,k]`."""
    sizes: Sizes = {}
    for node in elements(maximum):
        for axis, place in enumerate(node.indices):
            if place.is_Symbol:
                sizes.setdefault(place, simplifier.axis_size(node.tensor, axis))
    return Equation(held, maximum, {**simplifier.shift_sizes.get(maximum, {}), **sizes})


def _separate_recurrence(formula: Formula, differentiated: bool) -> Formula:
    """Where the output is read by an equation (a recurrence), an equation `out = h` keeps the two cotangents apart.

    The cotangent of `h` then has a part from the output and a part from later positions.
    """
    for output in formula.with_role("output"):
        readers = [e.target.tensor for e in formula.equations if reads(e.body, output.name)]
        if not readers or not (differentiated or _depends(formula, output.name, set(readers))):
            continue
        state = Names(formula.tensors).distinct(f"{output.name}_state")
        own = next(e for e in formula.equations if e.target.tensor == output.name)

        def to_state(node: sp.Basic, name: str = output.name, state: str = state) -> sp.Basic:
            return node.replace(
                lambda read: isinstance(read, Element) and read.tensor == name,
                lambda read: element(state, *read.indices),
            )

        equations = [replace(e, target=to_state(e.target), body=to_state(e.body)) for e in formula.equations]
        free = {i: extent for i, extent in own.sizes.items() if own.target.has(i)}
        equations.append(Equation(own.target, to_state(own.target), free))
        tensors = {**formula.tensors, state: Tensor(state, output.axes, "intermediate")}
        formula = replace(formula, equations=tuple(equations), tensors=tensors)
    return formula


def _depends(formula: Formula, tensor: str, others: set[str]) -> bool:
    """Whether a tensor is one of the others, or is computed from one."""
    made = {e.target.tensor: e for e in formula.equations}
    waiting, seen = [tensor], set[str]()
    while waiting:
        name = waiting.pop()
        if name in others:
            return True
        if name in made and name not in seen:
            seen.add(name)
            waiting += [e.tensor for e in elements(made[name].body)]
    return False
