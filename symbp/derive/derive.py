"""One formula, derived: ∂C/∂ of every tensor it reads, step by step, in reverse order of its equations.

For each tensor T:  chain rule  ->  differentiate  ->  contract deltas  ->  collect  ->  saved value  ->  stable form.
The cotangent comes first in every product, so the result has the structure of reverse mode: no intermediate is larger
than what the layer reads or computes. Cost does not depend on sizes, which are symbols throughout.
"""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from symbp.derive.derivation import COST, FormulaDerivation, Gradient, Rule
from symbp.derive.differentiate import differentiate, reads
from symbp.derive.primal import evaluated, prepare
from symbp.derive.simplify import Record, Simplifier, Sizes, indices_of
from symbp.derive.solutions import defining, derivative_of_defined
from symbp.derive.stable import Shifts
from symbp.formula.defined import Determinant, is_defined
from symbp.formula.equation import Equation, Formula, Tensor
from symbp.formula.expression import Element, Partial, SumOver, element
from symbp.formula.indices import Names, letter, rename_bound
from symbp.formula.recurrence import in_order
from symbp.means import NONE, Without

COSTS = frozenset({COST, "R"})  # results whose own cotangent is 1: a loss, a penalty


def derive_formula(
    formula: Formula, *, wanted: Iterable[str] | None = None, cost: str = COST, without: Without = NONE
) -> FormulaDerivation:
    """Derive the cotangents of the formula's inputs and parameters (of `wanted` alone where it is given).

    `cost` is an output whose own cotangent is 1. The same formula, read once, is derived once in a process, and
    once more `without` saved values.
    """
    saved = "saved values" not in without
    key = (id(formula), None if wanted is None else tuple(wanted), cost, saved)
    if key not in _DERIVED:
        if len(_DERIVED) >= REMEMBERED:
            _DERIVED.pop(next(iter(_DERIVED)))
        _DERIVED[key] = (formula, _Derivation(formula, key[1], cost, saved).result())
    return _DERIVED[key][1]


REMEMBERED = 512  # and the formulas with them, since the keys are their ids
_DERIVED: dict[
    tuple[int, tuple[str, ...] | None, str, bool], tuple[Formula, FormulaDerivation]
] = {}  # holds what an id names


class _Derivation:
    """The state of one derivation: the formula as it is differentiated, and the cotangents found."""

    def __init__(self, formula: Formula, wanted: Iterable[str] | None, cost: str, saved: bool) -> None:
        self.cost = cost
        self.primal = prepare(formula, differentiated=wanted is None or bool(tuple(wanted)))
        self.formula = self.primal.formula
        given = self.formula.with_role("input", "parameter")
        self.wanted = self.primal.between([t.name for t in given if t.kind == "float"] if wanted is None else wanted)
        self.on_path = self.wanted | {t.name for t in self.formula.with_role("output")}
        names = Names([*self.formula.tensors, *self.formula.scalars])
        self.simplifier = Simplifier(self.formula, Shifts(names), "d_", saved)

    def result(self) -> FormulaDerivation:
        outputs = {t.name for t in self.formula.with_role("output")}
        order = [*reversed([e.target.tensor for e in self.formula.equations]), *self.formula.tensors]
        found: list[Gradient] = []
        for name in dict.fromkeys(order):
            if name not in self.wanted or name in outputs:
                continue
            gradient = self.gradient(self.formula.tensors[name])
            read = any(reads(g.equation.body, f"d_{name}") for g in found)
            if gradient.equation.body == 0 and self.formula.tensors[name].role == "intermediate" and not read:
                self.on_path.discard(name)  # read in conditions alone: nothing passes through
            else:
                found.append(gradient)
        formula, forward, steps = evaluated(self.primal, self.simplifier, (g.equation for g in found))
        place = {e.target.tensor: k for k, e in enumerate(in_order([g.equation for g in found]))}
        backward = sorted(found, key=lambda g: place[g.equation.target.tensor])
        return FormulaDerivation(formula, forward, steps, tuple(backward), self.cost)

    def gradient(self, tensor: Tensor) -> Gradient:
        names = Names()
        sizes: Sizes = {}
        by = self.primal.place(tensor, names, sizes)
        record = Record(element(f"d_{tensor.name}", *by.indices), sizes)
        chained, defined, taken = [], [], []
        rules: dict[Rule, list[str]] = {}
        for equation in self.formula.equations:
            body = self.primal.body(equation)
            if equation.target.tensor not in self.on_path or not reads(body, tensor.name):
                continue
            renaming, own = self.rename(equation, names, sizes)
            renamed = rename_bound(body, names, _known(sizes, equation)).xreplace(renaming)
            factor = self.cotangent(own)
            indices = indices_of(own)
            chained.append(SumOver(factor * Partial(own, by), *indices))
            if is_defined(body):
                rules.setdefault("expand" if isinstance(body, Determinant) else "implicit", []).append(
                    defining(equation)
                )
                derivative = derivative_of_defined(own, renamed, by, self.formula.equations, names, sizes)
                defined.append(SumOver(factor * derivative, *indices))
            else:
                derivative = differentiate(renamed, by, names, sizes)
                defined.append(chained[-1])
            taken.append(SumOver(factor * derivative, *indices) if derivative != 0 else derivative)
        expression = record.step("chain rule", Partial(element(self.cost), by), sp.Add(*chained))
        for rule, details in rules.items():
            expression = record.step(rule, expression, sp.Add(*defined), "; ".join(details))
        expression = record.step("differentiate", expression, sp.Add(*taken))
        result = self.simplifier.equation(expression, record)
        return Gradient(tensor.name, result, tuple(record.steps))

    def rename(self, equation: Equation, names: Names, sizes: Sizes) -> tuple[Sizes, Element]:
        """Fresh free indices for an equation, so that none coincides with an index of the element sought."""
        renaming: Sizes = {}
        for symbol in indices_of(equation.target):
            fresh = names.fresh(letter(symbol))
            sizes[fresh] = equation.sizes[symbol]
            renaming[symbol] = fresh
        return renaming, equation.target.xreplace(renaming)

    def cotangent(self, of: Element) -> sp.Expr:
        return sp.Integer(1) if of.tensor in {*COSTS, self.cost} else element(f"d_{of.tensor}", *of.indices)


def _known(sizes: Sizes, equation: Equation) -> Sizes:
    for symbol, extent in equation.sizes.items():
        sizes.setdefault(symbol, extent)
    return sizes
