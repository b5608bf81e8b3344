"""Forward against reverse: <J t, v> = <t, transpose(J) v>, from two derivations that share no result.

No step size, so double precision decides to about 1e-12.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from symbp.derive.derivation import FormulaDerivation, TangentDerivation
from symbp.formula.backends import numpy_backend
from symbp.formula.evaluate import evaluate_formula
from symbp.verify.samples import draw_sample, shape_of

COSTS = ("C", "R")


@dataclass(frozen=True)
class ModesReading:
    """The two products, and the sum of the magnitudes of what was added up in them."""

    forward: float
    reverse: float
    scale: float

    @property
    def error(self) -> float:
        """How far apart they are, relative to what was added up, or to the entries that went in, of about 1."""
        return abs(self.forward - self.reverse) / max(self.scale, 1.0)


def compare_modes(
    reverse: FormulaDerivation,
    forward: TangentDerivation,
    *,
    scalars: Mapping[str, float] | None = None,
    sizes: Mapping[str, int] | None = None,
    seed: int = 0,
) -> ModesReading:
    """Both derivations of one formula on one random sample in double precision."""
    formula = forward.formula
    sample = draw_sample(formula, numpy_backend(), seed, scalars=scalars, sizes=sizes)
    draw = np.random.default_rng(seed + 1)
    t = {name: draw.standard_normal(shape_of(formula.tensors[name], sample.sizes)) for name in forward.moving}
    outputs = [o for o in formula.with_role("output") if any(f.tensor == o.name for f in forward.tangents)]
    v = {o.name: np.ones(()) if o.name in COSTS else draw.standard_normal(shape_of(o, sample.sizes)) for o in outputs}
    given = {name: value for name, value in sample.tensors.items() if name not in _computed(reverse)}
    tangents = (*forward.forward, *(f.equation for f in forward.tangents))
    cotangents = (*reverse.forward, *(g.equation for g in reverse.backward))
    moved = {forward.prefix + name: value for name, value in t.items()}
    pulled = {f"d_{name}": value for name, value in v.items()}
    with np.errstate(all="ignore"):
        jt = evaluate_formula(tangents, {**given, **moved}, sample.sizes, sample.scalars)
        jv = evaluate_formula(cotangents, {**given, **pulled}, sample.sizes, sample.scalars)
    left = [jt[forward.prefix + name] * value for name, value in v.items()]
    right = [jv[f"d_{name}"] * value for name, value in t.items()]
    forward_product, reverse_product = (sum(float(part.sum()) for part in side) for side in (left, right))
    scale = max(sum(float(np.abs(part).sum()) for part in side) for side in (left, right))
    return ModesReading(forward_product, reverse_product, scale)


def _computed(derivation: FormulaDerivation) -> set[str]:
    return {e.target.tensor for e in derivation.forward}
