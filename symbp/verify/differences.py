"""Derivatives along a direction from the definitions alone: the complex step, and central differences with their order.

    complex step          Im f(x + i h t) / h          exact to rounding for any small h, where f is analytic
    central differences   (f(x + h t) - f(x - h t)) / 2h

Central differences are taken with fifty digits at two steps, ten times apart: where the derivative compared with them
is right, the error falls by a hundred (the order is 2), or there is none, as for cases that are straight lines. What
`stop(...)` makes stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import mpmath
import numpy as np
import sympy as sp

from symbp.derive.derivation import FormulaDerivation
from symbp.formula.backends import Array, Backend, mpmath_backend, numpy_backend
from symbp.formula.equation import Formula
from symbp.formula.evaluate import evaluate_formula
from symbp.formula.expression import MaxOver, Winner, stop
from symbp.verify.samples import Sample, draw_sample

DIGITS = 50
COMPLEX_STEP = 1e-30
STEPS = (mpmath.mpf(10) ** -6, mpmath.mpf(10) ** -7)
NONE = mpmath.mpf(10) ** -38  # an error of rounding alone, at fifty digits and a step of 1e-7
PIECES = (sp.Abs, sp.sign, sp.floor, sp.Piecewise, MaxOver, Winner)


@dataclass(frozen=True)
class Slope:
    """A derivative along a direction, as derived and as found from the definitions.

    `order` is the order of convergence of central differences, infinite where they have no error, and None for the
    complex step.
    """

    derived: float
    found: float
    scale: float
    order: float | None = None

    @property
    def error(self) -> float:
        """How far apart they are, relative to what was added up."""
        return abs(self.derived - self.found) / max(self.scale, 1.0)


def is_analytic(formula: Formula) -> bool:
    """Whether the formula's own equations are free of cases, absolute values, maxima and roundings."""
    return not any(e.body.has(*PIECES) for e in formula.equations)


def complex_step(
    formula: Formula,
    derivation: FormulaDerivation,
    *,
    scalars: Mapping[str, float] | None = None,
    sizes: Mapping[str, int] | None = None,
    seed: int = 0,
) -> Slope:
    """The derivation of a formula against the complex step on its own equations, in double precision."""
    sample = draw_sample(formula, numpy_backend(), seed, scalars=scalars, sizes=sizes)
    direction, weights = _directions(formula, sample, seed)
    moved = {n: sample.tensors[n] + 1j * COMPLEX_STEP * t for n, t in direction.items()}
    value = _weighted(formula, sample, moved, weights, numpy_backend(np.complex128))
    slopes = _derived(derivation, sample, direction, weights)
    return Slope(float(sum(slopes)), float(np.imag(value)) / COMPLEX_STEP, float(sum(map(abs, slopes))))


def central_differences(
    formula: Formula,
    derivation: FormulaDerivation,
    *,
    scalars: Mapping[str, float] | None = None,
    sizes: Mapping[str, int] | None = None,
    seed: int = 0,
) -> Slope:
    """The derivation of a formula against central differences on its own equations, with fifty digits."""
    with mpmath.workdps(DIGITS), np.errstate(all="ignore"):
        backend = mpmath_backend(DIGITS)
        sample = draw_sample(formula, backend, seed, scalars=scalars, sizes=sizes)
        direction, weights = _directions(formula, sample, seed)
        slopes = _derived(derivation, sample, direction, weights)
        exact = sum(slopes, mpmath.mpf(0))
        found = []
        for h in STEPS:
            ends = [
                _weighted(
                    formula, sample, {n: sample.tensors[n] + s * h * t for n, t in direction.items()}, weights, backend
                )
                for s in (1, -1)
            ]
            found.append((ends[0] - ends[1]) / (2 * h))
        coarse, fine = (abs(f - exact) for f in found)
        none = max(coarse, fine) <= NONE * max(1, *map(abs, slopes))
        order = float("inf") if none else float(mpmath.log10(coarse / fine)) if fine else float("nan")
        return Slope(float(exact), float(found[1]), float(sum(map(abs, slopes))), order)


def _directions(formula: Formula, sample: Sample, seed: int) -> tuple[dict[str, Array], dict[str, Array]]:
    """A direction for everything that may move, and a cotangent of every output; 1 where the output is a cost."""
    draw = np.random.default_rng(seed + 1)

    def normal(name: str) -> Array:
        return sample.backend.array(draw.standard_normal(np.shape(sample.tensors[name])))

    moving = [t.name for t in formula.with_role("input", "parameter") if t.kind == "float"]
    outputs = [t.name for t in formula.with_role("output")]
    weights = {n: sample.backend.array(1) if n in ("C", "R") else normal(n) for n in outputs}
    return {n: normal(n) for n in moving}, weights


def _weighted(
    formula: Formula, sample: Sample, moved: Mapping[str, Array], weights: Mapping[str, Array], backend: Backend
) -> Array:
    """The outputs, added up with their weights, at moved inputs."""
    moving = [e for e in formula.equations if not isinstance(e.body, stop)]
    computed = {e.target.tensor for e in moving}
    given = {n: v for n, v in sample.tensors.items() if n not in computed}
    known = evaluate_formula(moving, {**given, **moved}, sample.sizes, sample.scalars, backend)
    return sum(np.sum(known[n] * w) for n, w in weights.items())


def _derived(
    derivation: FormulaDerivation, sample: Sample, direction: Mapping[str, Array], weights: Mapping[str, Array]
) -> list[Array]:
    """The derivative along the direction by the derived cotangents, one addend for every entry."""
    given = {t.name: sample.tensors[t.name] for t in derivation.formula.tensors.values() if t.name in sample.tensors}
    computed = {e.target.tensor for e in derivation.forward}
    start = {n: v for n, v in given.items() if n not in computed} | {f"d_{n}": w for n, w in weights.items()}
    equations = (*derivation.forward, *(g.equation for g in derivation.backward))
    with np.errstate(all="ignore"):
        known = evaluate_formula(equations, start, sample.sizes, sample.scalars, sample.backend)
    return [v for n, t in direction.items() if f"d_{n}" in known for v in np.asarray(known[f"d_{n}"] * t).ravel()]
