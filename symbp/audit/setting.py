"""One setting: a formula, its derivation by the engine, and values of everything in it at a point.

Nothing here knows a derivative: cotangents come from `derive_formula`, Jacobians from `derive_jacobian`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from symbp.audit.layout import Layout
from symbp.audit.vocabulary import COUNT, Vocabulary
from symbp.derive.derivation import FormulaDerivation
from symbp.derive.derive import derive_formula
from symbp.derive.jacobian import Jacobian, derive_jacobian
from symbp.errors import UserError
from symbp.formula.backends import Array, numpy_backend
from symbp.formula.equation import Equation, Formula, Role, Tensor
from symbp.formula.evaluate import evaluate_formula
from symbp.formula.expression import elements, size

BATCH = size("N")
LARGEST_VALUE = 1e8


@dataclass(frozen=True)
class Point:
    """Values of every tensor and cotangent of a setting, and its sizes as numbers."""

    values: Mapping[str, np.ndarray]
    sizes: Mapping[sp.Symbol, int]

    def number(self, value: sp.Expr) -> np.ndarray:
        """An expression in sizes as a number."""
        return np.asarray(float(value.xreplace({s: sp.Integer(n) for s, n in self.sizes.items()})))


@dataclass(frozen=True)
class Setting:
    """A formula whose last result is differentiated, and the convention that it is laid out in, where it is a network.

    `per_example`: deltas are derivatives of the sum over examples.
    """

    formula: Formula
    layout: Layout | None = None
    per_example: bool = False
    wanted: tuple[str, ...] | None = None  # the tensors whose cotangents are read, where those are not all
    memory: dict[object, Any] = field(default_factory=dict, compare=False)  # what was found once

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.formula)

    @cached_property
    def derivation(self) -> FormulaDerivation:
        """Every cotangent, derived."""
        return derive_formula(self.formula, wanted=self.wanted, cost=self.formula.output.name)

    @cached_property
    def batched(self) -> bool:
        return any(BATCH in t.axes for t in self.formula.tensors.values())

    @cached_property
    def examples_last(self) -> bool:
        """Whether examples are columns."""
        return any(len(t.axes) == 2 and t.axes[1] == BATCH for t in self.formula.tensors.values())

    @cached_property
    def one_hot(self) -> Mapping[str, Equation]:
        """The equations of tensors with a single 1 in each row, `y[n,k] = delta(k, labels_y[n])`, by their labels."""
        hot = (e for e in self.formula.equations if isinstance(e.body, sp.KroneckerDelta))
        return {label.tensor: e for e in hot for label in elements(e.body)}

    def choices(self, integers: str) -> sp.Expr:
        """How many values a tensor of integers takes: as many as there are classes, or rows that it chooses from."""
        if integers in self.one_hot:
            equation = self.one_hot[integers]
            return equation.sizes[next(i for i in equation.target.indices if i in equation.body.args)]
        reads = (read for e in self.formula.equations for read in elements(e.body))
        pairs = ((i, a) for read in reads for i, a in zip(read.indices, self.tensor(read.tensor).axes, strict=True))
        return next(axis for place, axis in pairs if any(elements(place, integers)))

    def number(self, name: str) -> sp.Expr | None:
        """A number by its name: of the examples, or pi; None where a quantity is called so, or nothing."""
        if self.vocabulary.known(name) is not None:
            return None
        if name in COUNT and self.batched:
            return BATCH
        return sp.pi if name == "pi" else None

    def tensor(self, name: str) -> Tensor:
        return self.formula.tensors[name]

    def stands(self, name: str) -> bool:
        """Whether a tensor of one axis is a column between matrices; else it is a row."""
        (axis,) = self.tensor(name).axes
        return not self.batched or (axis == BATCH) != self.examples_last

    def scaled(self, name: str) -> bool:
        """Whether the cotangent of a tensor is that of the sum over examples."""
        return self.per_example and BATCH in self.tensor(name).axes

    @cached_property
    def sizes(self) -> tuple[sp.Symbol, ...]:
        """The symbolic sizes, in order of appearance."""
        extents = [a for t in self.formula.tensors.values() for a in t.axes]
        extents += [a for e in self.formula.equations for a in e.sizes.values()]
        return tuple(dict.fromkeys(s for e in extents for s in sorted(e.free_symbols, key=str)))

    def point(self, sizes: Mapping[sp.Symbol, int], given: Mapping[str, np.ndarray]) -> Point | None:
        """All values where these tensors are given; None where one is no number, or has no digits to be compared.

        So has the inverse of a singular matrix, which rounding makes a large one.
        """
        derived = self.derivation
        equations = [*derived.forward, *(g.equation for g in derived.backward)]
        try:
            with np.errstate(all="ignore"):
                known = dict(evaluate_formula(equations, given, sizes, None, numpy_backend()))
        except np.linalg.LinAlgError:
            return None
        values = {n: np.asarray(v) for n, v in known.items()}
        if not all(np.all(np.abs(v) < LARGEST_VALUE) for v in values.values()):
            return None
        for name in self.formula.tensors:
            key = f"d_{name}"
            if name == self.formula.output.name:
                values[key] = np.ones(())
            elif key not in values:
                values[key] = np.zeros(self.shape(name, sizes))
            if self.scaled(name):
                values[key] = values[key] * sizes[BATCH]
        return Point(values, sizes)

    def forward(self, sizes: Mapping[sp.Symbol, int], given: Mapping[str, np.ndarray]) -> Mapping[str, Array]:
        """The values of the formula alone, where it is a number and where it is none."""
        with np.errstate(all="ignore"):
            return evaluate_formula(self.formula.equations, given, sizes, None, numpy_backend())

    def shape(self, name: str, sizes: Mapping[sp.Symbol, int]) -> tuple[int, ...]:
        numbers = {s: sp.Integer(n) for s, n in sizes.items()}
        return tuple(int(a.xreplace(numbers)) for a in self.tensor(name).axes)

    def jacobian(self, of: str, by: str) -> Jacobian:
        """The derivative of every element of a tensor by every element of another, both of the formula."""
        if (of, by) not in self.memory:
            self.memory[of, by] = derive_jacobian(self.between(of, by), by)
        found: Jacobian = self.memory[of, by]
        return found

    def between(self, of: str, by: str) -> Formula:
        """The formula that computes one tensor from another, which is given."""
        made: dict[str, Equation] = {e.target.tensor: e for e in self.formula.equations}
        if of not in made:
            raise UserError(f"`{of}` is given; only what is computed has a derivative by `{by}`")
        if of == by:
            raise UserError(f"the derivative of `{of}` by itself is not claimed")
        needed, waiting = [], [of]
        while waiting:
            name = waiting.pop()
            if name in made and name != by and name not in needed:
                needed.append(name)
                waiting += [e.tensor for e in elements(made[name].body)]
        equations = tuple(e for e in self.formula.equations if e.target.tensor in needed)
        read = {e.tensor for q in equations for e in (q.target, *elements(q.body))} | {by}
        tensors = {}
        for name, tensor in self.formula.tensors.items():
            if name in read:
                role: Role = "output" if name == of else "intermediate" if name in needed else "input"
                tensors[name] = replace(tensor, role=role)
        return replace(self.formula, name=f"{of} by {by}", equations=equations, tensors=tensors)

    def by_elements(self, of: str, by: str) -> bool:
        """Whether each element of a tensor depends on that of another in its place alone, whatever the values are."""
        own = self.tensor(of).axes
        if own != self.tensor(by).axes:
            return False
        equation = self.jacobian(of, by).derivatives[-1].equation
        places = equation.target.indices
        deltas = {sp.KroneckerDelta(*pair) for pair in zip(places[: len(own)], places[len(own) :], strict=True)}
        return all(deltas <= set(sp.Mul.make_args(t)) for t in sp.Add.make_args(sp.expand_mul(equation.body)))

    def jacobian_at(self, of: str, by: str, point: Point) -> Array:
        """Values of a Jacobian: the axes of the one, then those of the other."""
        derived = self.jacobian(of, by)
        given = {t.name: point.values[t.name] for t in derived.formula.with_role("input") if t.name in point.values}
        equations = [*derived.forward, *(d.equation for d in derived.derivatives)]
        with np.errstate(all="ignore"):
            known = evaluate_formula(equations, given, point.sizes, None, numpy_backend())
        return np.asarray(known[derived.prefix + of])
