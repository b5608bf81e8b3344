"""A row of the catalog, read, derived and evaluated on arrays: what its tests compare with references."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

from symbp.catalog import lookup
from symbp.catalog.entry import Entry, EntryKind, Value
from symbp.derive.derivation import FormulaDerivation
from symbp.derive.derive import derive_formula
from symbp.derive.seam import derive_joint
from symbp.formula.backends import numpy_backend
from symbp.formula.equation import Equation, Formula
from symbp.formula.evaluate import evaluate_equation, evaluate_formula
from symbp.formula.expression import element
from symbp.forward.rows import formula_of
from symbp.forward.sizes import numbers_of as numbers_of_row
from symbp.forward.sizes import row_size

Arrays = dict[str, Any]


def row(kind: EntryKind, name: str) -> Entry:
    """The row of this canonical name."""
    entry = lookup(kind, name)
    assert entry is not None, name
    return entry


def complete(entry: Entry, given: Mapping[str, Value]) -> dict[str, Value]:
    """The given options, constants among them, with the row's defaults for the rest."""
    defaults = {o.name: o.default for o in entry.options if o.default is not None}
    assert set(given) <= set(entry.accepts()), (entry.name, given)
    return {**defaults, **given}


@dataclass(frozen=True)
class Derived:
    """A derivation with numbers for its scalars, and for the sizes that no array shows."""

    derivation: FormulaDerivation
    scalars: Mapping[str, float]
    sizes: Mapping[sp.Symbol, int]

    def with_output(self, shape: tuple[int, ...]) -> Derived:
        """The same where only the output's shape, given by an option, shows its sizes."""
        return replace(self, sizes={**self.sizes, **dict(zip(self.derivation.formula.output.axes, shape, strict=True))})

    def stated(self, arrays: Mapping[str, Any]) -> Arrays:
        """Every tensor of the formula, from its equations as they were written."""
        return self._run(self.derivation.formula.equations, arrays)

    def forward(self, arrays: Mapping[str, Any]) -> Arrays:
        """Every tensor of the formula, from the equations that are evaluated."""
        return self._run(self.derivation.forward, arrays)

    def backward(self, values: Mapping[str, Any]) -> Arrays:
        """Every cotangent `d_...`, from what `forward` gave and the cotangent of the output."""
        return self._run([gradient.equation for gradient in self.derivation.backward], values)

    def _run(self, equations: Iterable[Equation], arrays: Mapping[str, Any]) -> Arrays:
        """Evaluates in the precision of the arrays. What overflows on the way counts only where it shows in a value."""
        sizes = dict(self.sizes)
        for name, tensor in self.derivation.formula.tensors.items():
            if name in arrays:
                sizes.update(zip(tensor.axes, np.shape(arrays[name]), strict=True))
        real = [a.dtype for a in map(np.asarray, arrays.values()) if a.dtype.kind == "f"]
        dtype = np.result_type(*real or [np.float64])
        scalars = {self.derivation.formula.scalars[name]: value for name, value in self.scalars.items()}
        with np.errstate(all="ignore"):
            return evaluate_formula(equations, arrays, sizes, scalars, numpy_backend(dtype))


def derive_row(
    entry: Entry,
    options: Mapping[str, Value],
    shapes: tuple[int, ...] | Mapping[str, tuple[int, ...]],
    output_rank: int | None = None,
) -> Derived:
    """Derive the row for an input of this shape, or for inputs of these; a loss with a link from the logits."""
    options = complete(entry, options)
    shapes = shapes if isinstance(shapes, Mapping) else {entry.input_names(1)[0]: shapes}
    formula = formula_of(entry, options, {name: len(shape) for name, shape in shapes.items()}, output_rank).formula
    if formula.name not in _DERIVATIONS:
        _DERIVATIONS[formula.name] = _derive(entry, formula, len(next(iter(shapes.values()))))
    numbers = numbers_of_row(entry, options, shapes)
    scalars = {n: float(v) for n, v in numbers.items() if n in formula.scalars and isinstance(v, int | float)}
    sizes = {
        formula.letters[letter]: row_size(entry, text, options, shapes)
        for letter, text in entry.sizes
        if letter in formula.letters
    }
    return Derived(_DERIVATIONS[formula.name], scalars, sizes)


_DERIVATIONS: dict[str, FormulaDerivation] = {}  # by the formula's name, which is distinct for distinct formulas


def _derive(entry: Entry, formula: Formula, rank: int) -> FormulaDerivation:
    if not entry.link:
        return derive_formula(formula)
    link = formula_of(row("activation", entry.link), {}, rank).formula
    found = derive_joint(link, formula, entry.argument)
    assert found is not None, f"{entry.name} does not join with {entry.link}"
    return found[0]


def run(formula: Formula, values: dict[str, Any], numbers: Mapping[str, float]) -> dict[str, Any]:
    """One run of the equations in order, each over the values that the ones before it left."""
    sizes = {
        axis: count
        for name, tensor in formula.tensors.items()
        if name in values
        for axis, count in zip(tensor.axes, np.shape(values[name]), strict=True)
    }
    scalars = {symbol: numbers[name] for name, symbol in formula.scalars.items()}
    for equation in formula.equations:
        renamed = replace(equation, target=element("result", *equation.target.indices))
        values[equation.target.tensor] = evaluate_equation(renamed, values, sizes, scalars)
    return values


def numbers_of(entry: Entry, options: Mapping[str, Any]) -> dict[str, float]:
    """The options that are numbers, with the row's defaults."""
    return {k: float(v) for k, v in complete(entry, options).items() if isinstance(v, int | float)}


def close(actual: Any, expected: Any, rtol: float, atol: float = 0.0) -> None:
    """Assert equality within tolerances, shapes included; NaN is never equal."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol, equal_nan=False)
