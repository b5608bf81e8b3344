"""The code of a derivative against differences of the expression itself, with fifty digits; nothing wrong is printed.

first    <D, v u>      (F(x + h u) - F(x - h u)) / 2h                       F: the result, weighted with v
second   u' D v        (F(x + h(u+v)) - F(x + h(u-v)) - F(x - h(u-v)) + F(x - h(u+v))) / 4h**2
"""

from __future__ import annotations

from collections.abc import Callable

import mpmath
import numpy as np

from symbp.errors import DefectError, UserError
from symbp.expression.result import Result
from symbp.formula.backends import Array, mpmath_backend
from symbp.formula.evaluate import evaluate_formula
from symbp.formula.expression import stop
from symbp.targets.load import load_source
from symbp.verify.samples import Sample, SampleError, draw_sample, size_symbols

DIGITS = 50
POINTS = 3
STEP = mpmath.mpf(10) ** -12
LARGE = 1e6
TOLERANCE = 1e-8  # of what double precision computes, relative to what is added up


class WrongDerivativeError(DefectError):
    """A derivative whose code disagrees with differences of the expression."""


def check(result: Result, code: str, name: str, *, seed: int = 0) -> float:
    """The largest relative error; WrongDerivativeError where there is a wrong one, UserError where none is found."""
    function = getattr(load_source(code, name), name)
    errors: list[float] = []
    with mpmath.workdps(DIGITS), np.errstate(all="ignore"):
        for attempt in range(8 * POINTS):
            try:
                sample = _sample(result, seed + attempt)
            except SampleError:
                continue
            if any(np.max(np.abs(v), initial=0) > LARGE for v in sample.tensors.values()):
                continue  # an inverse of what has next to none
            error = _error(result, function, sample, np.random.default_rng(seed + attempt))
            if np.isfinite(error):
                errors.append(error)
            if len(errors) == POINTS:
                break
    if not errors:
        raise UserError("the derivative cannot be checked: the expression is not finite at random values")
    if max(errors) > TOLERANCE:
        raise WrongDerivativeError(
            f"the {result.kind} by `{result.wrt}` disagrees with differences of the expression by {max(errors):.1e}"
        )
    return max(errors)


def _sample(result: Result, seed: int) -> Sample:
    """Values of the expression's tensors; every size is another one, so that axes cannot be mistaken for each other."""
    symbols = size_symbols(result.formula)
    sizes = {s.name: 2 + (k if seed % 2 else len(symbols) - 1 - k) % 3 for k, s in enumerate(symbols)}
    return draw_sample(result.formula, mpmath_backend(DIGITS), seed, sizes=sizes)


def _error(result: Result, function: Callable[..., Array], sample: Sample, draw: np.random.Generator) -> float:
    given = result.formula.with_role("input")
    values = [np.asarray(sample.tensors[t.name], int if t.kind == "int" else float) for t in given]
    found = np.asarray(function(*values), float)
    shape = np.shape(sample.tensors[result.wrt])
    output = np.shape(sample.tensors[result.output])
    if found.shape != ((*shape, *shape) if result.kind == "Hessian" else (*output, *shape)):
        return float("nan") if not found.shape else float("inf")
    along, beside = draw.standard_normal(shape), draw.standard_normal(shape)
    if result.kind == "Hessian":
        products = np.multiply.outer(along, beside) * found
        up, down = (_moved(result, sample, along + s * beside, None) for s in (1, -1))
        expected = (up[0] - down[0] - down[1] + up[1]) / (4 * STEP**2)
    else:
        weights = draw.standard_normal(output)
        products = np.multiply.outer(weights, along) * found
        ends = _moved(result, sample, along, weights)
        expected = (ends[0] - ends[1]) / (2 * STEP)
    scale = max(1.0, float(np.sum(np.abs(products))))
    return float(abs(mpmath.mpf(float(np.sum(products))) - expected)) / scale


def _moved(result: Result, sample: Sample, direction: np.ndarray, weights: np.ndarray | None) -> tuple[Array, Array]:
    """The weighted result a step along the direction, and a step back. What `stop` makes stays as it is."""
    moving = [e for e in result.formula.equations if not isinstance(e.body, stop)]
    made = {e.target.tensor for e in moving}
    given = {n: v for n, v in sample.tensors.items() if n not in made}
    ends = []
    for sign in (1, -1):
        step = sample.backend.array(direction) * (sign * STEP)
        known = evaluate_formula(
            moving, {**given, result.wrt: given[result.wrt] + step}, sample.sizes, sample.scalars, sample.backend
        )
        value = known[result.output]
        ends.append(np.sum(value if weights is None else value * sample.backend.array(weights)))
    return ends[0], ends[1]
