"""Small random values for everything that a formula is given, so that its equations can be evaluated.

Sizes are 1 to 3, more where whole numbers index an axis (gates in one tensor); numbers as the formula's scalars allow;
entries normal where every equation is then a finite real number, else between 0 and 1; labels lie in the axis that they
index.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np
import sympy as sp

from symbp.formula.backends import Array, Backend
from symbp.formula.equation import Formula, Tensor
from symbp.formula.evaluate import evaluate_formula
from symbp.formula.expression import Element, elements

ATTEMPTS = 64  # at values where every equation is finite: a mask may hide everything
MOST = 300  # entries of an array over all indices at once
GIVEN = ("input", "parameter", "target", "constant", "random", "state")


@dataclass(frozen=True)
class Sample:
    """Numbers for a formula's sizes and scalars, and an array for every tensor that it is given or computes."""

    sizes: Mapping[sp.Symbol, int]
    scalars: Mapping[sp.Symbol, float]
    tensors: Mapping[str, Array]
    backend: Backend


class SampleError(ValueError):
    """A formula that is not a finite real number at any of the values tried."""


def draw_sample(
    formula: Formula,
    backend: Backend,
    seed: int = 0,
    *,
    scalars: Mapping[str, float] | None = None,
    sizes: Mapping[str, int] | None = None,
) -> Sample:
    """Random values; `scalars` and `sizes` fix some of them by name."""
    draw = np.random.default_rng(seed)
    extents = _sizes(size_symbols(formula), {**_numbered(formula), **(sizes or {})}, draw)
    numbers = {s: (scalars or {}).get(n, _number(s, draw)) for n, s in sorted(formula.scalars.items())}
    for attempt in range(ATTEMPTS):
        positive = attempt % 2 == 1
        given = {
            t.name: _entries(t, formula, extents, positive, draw) for t in formula.tensors.values() if t.role in GIVEN
        }
        held = {n: a if a.dtype.kind in "iu" else backend.array(a) for n, a in given.items()}
        try:
            with np.errstate(all="ignore"):
                known = evaluate_formula(formula.equations, held, extents, numbers, backend)
        except (TypeError, ValueError):  # of mpmath: an order between complex numbers, a logarithm of 0
            continue
        outputs = [known[t.name] for t in formula.with_role("output")]
        if all(map(_real, known.values())) and all(map(_finite, outputs)):
            return Sample(extents, numbers, known, backend)
    raise SampleError(f"`{formula.name}` is not a finite real number at random values")


def _sizes(symbols: list[sp.Symbol], given: Mapping[str, int], draw: np.random.Generator) -> dict[sp.Symbol, int]:
    """Sizes of 1 to 3, reduced where an array over all of them would be large."""
    found = {s: given.get(s.name, int(draw.integers(1, 4))) for s in symbols}
    ours = [s for s in symbols if s.name not in given]
    while prod(found.values()) > MOST and any(found[s] > 1 for s in ours):
        found[max(ours, key=lambda s: found[s])] -= 1
    return found


def _numbered(formula: Formula) -> dict[str, int]:
    """The sizes of axes that are read at whole numbers: one more than the largest."""
    found: dict[str, int] = {}
    for equation in formula.equations:
        for read in (equation.target, *elements(equation.body)):
            for place, axis in zip(read.indices, formula.tensors[read.tensor].axes, strict=True):
                if place.is_Integer and axis.is_Symbol:
                    found[axis.name] = max(found.get(axis.name, 1), int(place) + 1)
    return found


def size_symbols(formula: Formula) -> list[sp.Symbol]:
    """Every symbolic size of the formula, by name."""
    extents = [a for t in formula.tensors.values() for a in t.axes]
    extents += [a for e in formula.equations for a in e.sizes.values()]
    return sorted({s for extent in extents for s in extent.free_symbols}, key=str)


def shape_of(tensor: Tensor, sizes: Mapping[sp.Symbol, int]) -> tuple[int, ...]:
    """The tensor's shape in numbers."""
    numbers = {s: sp.Integer(n) for s, n in sizes.items()}
    return tuple(int(axis.xreplace(numbers)) for axis in tensor.axes)


def _number(scalar: sp.Symbol, draw: np.random.Generator) -> float:
    if scalar.is_integer:
        return int(draw.integers(1 if scalar.is_positive else 0, 3))
    return float(draw.uniform(0.3, 0.9))


def _entries(
    tensor: Tensor, formula: Formula, sizes: Mapping[sp.Symbol, int], positive: bool, draw: np.random.Generator
) -> np.ndarray:
    shape = shape_of(tensor, sizes)
    if tensor.kind == "int":
        return draw.integers(0, _labels(tensor.name, formula, sizes), shape)
    if tensor.distribution == "uniform":
        return draw.random(shape)
    return draw.uniform(0.1, 0.9, shape) if positive else draw.standard_normal(shape)


def _labels(name: str, formula: Formula, sizes: Mapping[sp.Symbol, int]) -> int:
    """The number of values that an integer tensor may have: the least of the axes and indices that it is put for."""
    found: list[sp.Expr] = []
    for equation in formula.equations:
        for node in sp.preorder_traversal(equation.body):
            if isinstance(node, Element):
                axes = formula.tensors[node.tensor].axes
                found += [axes[a] for a, place in enumerate(node.indices) if _is(place, name)]
            elif isinstance(node, sp.KroneckerDelta) and any(_is(place, name) for place in node.args):
                found += [equation.sizes[place] for place in node.args if place in equation.sizes]
    numbers = {s: sp.Integer(n) for s, n in sizes.items()}
    return min((int(extent.xreplace(numbers)) for extent in found), default=2)


def _is(place: sp.Basic, name: str) -> bool:
    return isinstance(place, Element) and place.tensor == name


def _real(values: Array) -> bool:
    return all(not hasattr(v, "_mpc_") and v == v for v in np.asarray(values).ravel())


def _finite(values: Array) -> bool:
    return all(abs(v) < float("inf") for v in np.asarray(values).ravel())
