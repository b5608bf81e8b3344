"""One formula, derived: ∂C/∂ of every tensor it reads, step by step, in reverse order of its equations.

For each tensor T:  chain rule  ->  differentiate  ->  contract deltas  ->  collect  ->  saved value  ->  stable form.
The cotangent comes first in every product, so the result has the structure of reverse mode: no intermediate is larger
than what the layer reads or computes. Cost does not depend on sizes, which are symbols throughout.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import sympy as sp

from symbp.derive.algebra import larger, tidy
from symbp.derive.deltas import contract_once, from_terms, terms_in, to_terms
from symbp.derive.derivation import DerivationError, FormulaDerivation, Gradient, Rule, Step
from symbp.derive.differentiate import differentiate, reads
from symbp.derive.saved import eliminate
from symbp.derive.signs import Signs
from symbp.derive.stable import Shifts, stabilize
from symbp.derive.winners import Hoisted, hoist_maxima
from symbp.formula.equation import Equation, Formula, Tensor
from symbp.formula.expression import Element, Flat, MaxOver, Partial, SumOver, element, elements
from symbp.formula.indices import Names, bound_indices, canonical, letter, rename_bound
from symbp.formula.recurrence import in_order

COST = "C"
LARGEST = 4_000  # nodes of a derivative as it is taken; the catalog's have some hundred
MOST_TERMS = 500
COSTS = frozenset({COST, "R"})  # results whose own cotangent is 1: a loss, a penalty


def derive_formula(formula: Formula, *, wanted: Iterable[str] | None = None) -> FormulaDerivation:
    """Derive the cotangents of the formula's inputs and parameters (of `wanted` alone where it is given).

    The same formula, read once, is derived once in a process.

    DerivationError where a derivative grows beyond measure.
    """
    key = (id(formula), None if wanted is None else tuple(wanted))
    if key not in _DERIVED:
        if len(_DERIVED) >= REMEMBERED:
            _DERIVED.pop(next(iter(_DERIVED)))
        _DERIVED[key] = (formula, _Derivation(formula, key[1]).result())
    return _DERIVED[key][1]


REMEMBERED = 512
_DERIVED: dict[tuple[int, tuple[str, ...] | None], tuple[Formula, FormulaDerivation]] = {}  # holds what an id names


class _Derivation:
    """The state of one derivation: the formula with maxima hoisted, the helper tensors, the cotangents found."""

    def __init__(self, formula: Formula, wanted: Iterable[str] | None) -> None:
        self.hoisted: Hoisted = hoist_maxima(formula)
        self.formula = _separate_recurrence(self.hoisted.formula)
        self.signs = Signs(self.formula.equations)
        differentiable = (
            [t.name for t in self.formula.with_role("input", "parameter") if t.kind == "float"]
            if wanted is None
            else list(wanted)
        )
        self.wanted = _needed(self.formula, differentiable, self.hoisted)
        self.on_path = self.wanted | {t.name for t in self.formula.with_role("output")}
        self.shifts = Shifts(Names([*self.formula.tensors, *self.formula.scalars]))
        self.found: list[Gradient] = []

    def result(self) -> FormulaDerivation:
        outputs = {t.name for t in self.formula.with_role("output")}
        order = [*reversed([e.target.tensor for e in self.formula.equations]), *self.formula.tensors]
        for name in dict.fromkeys(order):
            if name in self.wanted and name not in outputs:
                self.found.append(self.gradient(self.formula.tensors[name]))
        forward, steps = self.forward()
        held = {
            e.target.tensor: Tensor(e.target.tensor, tuple(e.sizes[i] for i in e.target.indices), "intermediate")
            for e in forward
            if e.target.tensor not in self.formula.tensors
        }
        formula = replace(self.formula, tensors={**self.formula.tensors, **held})
        found = {g.equation.target.tensor: g for g in self.found}
        backward = tuple(found[e.target.tensor] for e in in_order([g.equation for g in self.found]))
        return FormulaDerivation(formula, forward, steps, backward)

    # the backward pass

    def gradient(self, tensor: Tensor) -> Gradient:
        names = Names()
        sizes: dict[sp.Symbol, sp.Expr] = {}
        by = self.place(tensor, names, sizes)
        target = element(f"d_{tensor.name}", *by.indices)
        steps: list[Step] = []

        def record(rule: Rule, before: sp.Expr, after: sp.Expr, detail: str = "") -> sp.Expr:
            if before != after:
                steps.append(Step(rule, target, before, after, sizes, detail))
            return after

        chained, taken = [], []
        for equation in self.formula.equations:
            body = self.hoisted.at_winner.get(equation.target.tensor, equation.body)
            if equation.target.tensor not in self.on_path or not reads(body, tensor.name):
                continue
            renaming, own = self.rename(equation, names, sizes)
            renamed = rename_bound(body, names, _known(sizes, equation)).xreplace(renaming)
            factor = self.cotangent(own)
            indices = _indices_of(own)
            chained.append(SumOver(factor * Partial(own, by), *indices))
            taken.append(SumOver(factor * differentiate(renamed, by, names, sizes), *indices))
        expression = record("chain rule", Partial(element(COST), by), sp.Add(*chained))
        expression = record("differentiate", expression, sp.Add(*taken))
        if larger(expression, LARGEST) or terms_in(expression) > MOST_TERMS:
            raise DerivationError(
                f"the derivative by `{tensor.name}` has more than {LARGEST} parts, or {MOST_TERMS} terms with deltas; "
                "give parts of the formula names of their own, as in `u = ...; v = ...`",
                self.formula.name,
            )
        terms = to_terms(expression)
        spread = from_terms(terms, sizes)
        while True:
            done = contract_once(terms, tuple(by.indices), self.axis_size, sizes)
            if done is None:
                break
            terms = done.terms
            rule: Rule = "contract delta"
            if done.moved:
                rule = "move to the left"
                target = target.xreplace(done.moved)
                by = by.xreplace(done.moved)
            spread = from_terms(terms, sizes)
            expression = record(rule, expression, spread, done.detail)
        expression = record("factor out", expression, spread)
        respelt = self.canonical(expression, target, sizes)
        if steps:
            steps[-1] = replace(steps[-1], after=respelt) if steps[-1].after == expression else steps[-1]
        expression = record("collect", respelt, self.canonical(tidy(respelt), target, sizes))
        for equation in self.formula.equations:
            better = self.with_saved(equation, expression, target, sizes)
            expression = record("saved value", expression, better, str(equation))
        stable, applied = stabilize(expression, self.shifts)
        expression = record("stable form", expression, stable, "; ".join(applied))
        used = {s: sizes[s] for s in sizes if s in expression.free_symbols or s in target.free_symbols}
        used |= {s: sizes[s] for s in bound_indices(expression)}
        return Gradient(tensor.name, Equation(target, expression, used), tuple(steps))

    def with_saved(
        self, equation: Equation, expression: sp.Expr, target: Element, sizes: dict[sp.Symbol, sp.Expr]
    ) -> sp.Expr:
        """The expression with the equation's value in it where that is cheaper; both are spelt alike meanwhile."""
        free = tuple(dict.fromkeys((*_indices_of(target), *_indices_of(equation.target))))
        body, used = canonical(equation.body, free, equation.sizes, self.formula.letters)
        known = {**sizes, **used}

        def spell(e: sp.Expr) -> sp.Expr:
            spelt, found = canonical(e, free, known, self.formula.letters)
            known.update(found)
            return spelt

        better = eliminate(replace(equation, body=body, sizes=known), expression, spell, self.signs)
        if better == expression:
            return expression
        sizes.update({s: extent for s, extent in known.items() if s not in sizes})
        return self.canonical(better, target, sizes)

    def place(self, tensor: Tensor, names: Names, sizes: dict[sp.Symbol, sp.Expr]) -> Element:
        """The element whose cotangent is sought, at indices spelt as the formula reads or assigns the tensor."""
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

    def rename(
        self, equation: Equation, names: Names, sizes: dict[sp.Symbol, sp.Expr]
    ) -> tuple[dict[sp.Symbol, sp.Expr], Element]:
        """Fresh free indices for an equation, so that none coincides with an index of the element sought."""
        renaming: dict[sp.Symbol, sp.Expr] = {}
        for symbol in _indices_of(equation.target):
            fresh = names.fresh(letter(symbol))
            sizes[fresh] = equation.sizes[symbol]
            renaming[symbol] = fresh
        return renaming, equation.target.xreplace(renaming)

    def cotangent(self, of: Element) -> sp.Expr:
        return sp.Integer(1) if of.tensor in COSTS else element(f"d_{of.tensor}", *of.indices)

    def axis_size(self, tensor: str, axis: int) -> sp.Expr:
        name = tensor.removeprefix("d_") if tensor not in self.formula.tensors else tensor
        return self.formula.tensors[name].axes[axis]

    def canonical(self, expression: sp.Expr, target: Element, sizes: dict[sp.Symbol, sp.Expr]) -> sp.Expr:
        spelt, used = canonical(expression, _indices_of(target), sizes, self.formula.letters)
        sizes.update(used)
        return spelt

    # the forward pass

    def forward(self) -> tuple[tuple[Equation, ...], tuple[Step, ...]]:
        """The equations in stable form, each after the helpers that it needs."""
        done: list[Equation] = []
        steps: list[Step] = []
        helpers = {w.target.tensor: w for w in self.hoisted.winners}
        used = {e.tensor for g in self.found for e in elements(g.equation.body)}
        for equation in self.formula.equations:
            sizes = dict(equation.sizes)
            spelt = self.canonical(equation.body, equation.target, sizes)
            body, applied = stabilize(spelt, self.shifts)
            if body != spelt:
                steps.append(Step("stable form", equation.target, spelt, body, sizes, "; ".join(applied)))
            done.append(replace(equation, body=body, sizes=sizes))
            if isinstance(equation.body, MaxOver):
                done.extend(w for n, w in helpers.items() if n.startswith(equation.target.tensor + "_") and n in used)
        shifts = [self.shift_equation(maximum, held) for maximum, held in self.shifts.equations.items()]
        return in_order([*shifts, *done]), tuple(steps)

    def shift_equation(self, maximum: sp.Expr, held: Element) -> Equation:
        sizes: dict[sp.Symbol, sp.Expr] = {}
        for node in elements(maximum):
            for axis, place in enumerate(node.indices):
                if place.is_Symbol:
                    sizes.setdefault(place, self.axis_size(node.tensor, axis))
        return Equation(held, maximum, sizes)


def _known(sizes: dict[sp.Symbol, sp.Expr], equation: Equation) -> dict[sp.Symbol, sp.Expr]:
    for symbol, extent in equation.sizes.items():
        sizes.setdefault(symbol, extent)
    return sizes


def _indices_of(target: Element) -> tuple[sp.Symbol, ...]:
    return tuple(s for i in target.indices for s in (i.args if isinstance(i, Flat) else (i,)))


def _needed(formula: Formula, differentiable: list[str], hoisted: Hoisted) -> set[str]:
    """The tensors whose cotangent is sought: those asked for, and intermediates between them and the output."""
    below = set(differentiable)
    for equation in formula.equations:
        body = hoisted.at_winner.get(equation.target.tensor, equation.body)
        if any(e.tensor in below for e in elements(body)):
            below.add(equation.target.tensor)
    above = {t.name for t in formula.with_role("output")}
    for equation in reversed(formula.equations):
        if equation.target.tensor in above:
            body = hoisted.at_winner.get(equation.target.tensor, equation.body)
            above |= {e.tensor for e in elements(body)}
    return below & above


def _separate_recurrence(formula: Formula) -> Formula:
    """Where the output is read by an equation (a recurrence), an equation `out = h` keeps the two cotangents apart.

    The cotangent of `h` then has a part from the output and a part from later positions.
    """
    for output in formula.with_role("output"):
        if not any(reads(e.body, output.name) for e in formula.equations):
            continue
        state = Names(formula.tensors).fresh(f"{output.name}_state").name
        own = next(e for e in formula.equations if e.target.tensor == output.name)

        def to_state(node: sp.Basic, name: str = output.name, state: str = state) -> sp.Basic:
            return node.replace(
                lambda read: isinstance(read, Element) and read.tensor == name,
                lambda read: element(state, *read.indices),
            )

        equations = [replace(e, target=to_state(e.target), body=to_state(e.body)) for e in formula.equations]
        equations.append(Equation(own.target, to_state(own.target), own.sizes))
        tensors = {
            **formula.tensors,
            state: Tensor(state, output.axes, "intermediate"),
        }
        formula = replace(formula, equations=tuple(equations), tensors=tensors)
    return formula
