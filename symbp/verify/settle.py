"""A disagreement settled in fifty digits: who is right where what is differentiated in double precision cancels.

A library differentiates `log(1 - sigmoid(z))` as it is stated and loses all digits of `1 - sigmoid(40)`; the module
computes a stable form of it. Central differences of the cost in fifty digits know which of the two is off.
"""

from __future__ import annotations

from collections.abc import Mapping

import mpmath
import numpy as np

from symbp.formula.backends import Array, mpmath_backend
from symbp.formula.expression import stop
from symbp.forward.network import Network
from symbp.verify.oracles import evaluate_network

DIGITS = 50
STEP = mpmath.mpf(10) ** -12  # far from the nearest kink of what is drawn, and exact to 24 digits
FEW = 8  # entries
SMALL = 20_000  # numbers in all tensors: fifty digits are slow


def settled(
    network: Network,
    arrays: Mapping[str, np.ndarray],
    name: str,
    value: np.ndarray,
    reference: np.ndarray,
    allowed: float,
) -> np.ndarray | None:
    """The reference for a gradient, or the cost `C`, exact in the entries further than `allowed` from the value.

    None where that would be too much work: more than a few entries, or a large network.
    """
    known = evaluate_network(network, arrays)
    places = np.flatnonzero(~(np.abs(value - reference) <= allowed))
    if len(places) > FEW or sum(np.size(values) for values in known.values()) > SMALL:
        return None
    equations = [(b.binding[e.target.tensor], e) for b in network.blocks for e in b.formula.equations]
    kept = {n: np.asarray(known[n]) for n, e in equations if isinstance(e.body, stop)}
    exact = np.array(reference, np.float64, order="C")
    backend = mpmath_backend(DIGITS)
    with mpmath.workdps(DIGITS), np.errstate(all="ignore"):
        held = {n: a if a.dtype.kind in "iu" else backend.array(a) for n, a in {**arrays, **kept}.items()}

        def cost(moved: Mapping[str, Array]) -> Array:
            return np.asarray(evaluate_network(network, {**held, **moved}, backend)["C"], object).item()

        for place in places:
            ends = []
            for sign in (1, -1) if name != "C" else ():
                moved = np.array(held[name], order="C")
                moved.reshape(-1)[place] += sign * STEP
                ends.append(cost({name: moved}))
            exact.reshape(-1)[place] = float((ends[0] - ends[1]) / (2 * STEP) if ends else cost({}))
    return exact
