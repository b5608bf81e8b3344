"""Rung 5 of the ladder: double precision against fifty digits, from 0 out to 1e4 and where exponentials end.

What is evaluated, in stable form and saved values, against the definitions and the derivatives as calculus gives them,
before any of that: both on the same doubles. Generated modules of activations, in either precision, against 900 digits,
over all that the precision holds: what they lose stands in `LOST` and in docs/design.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from activations import by_module, derive, split
from references import ACTIVATIONS as REFERENCES
from references_losses import LOSSES
from variants import Variation, joint, reverse, variations

from symbp.derive.derivation import FormulaDerivation
from symbp.derive.derive import derive_formula
from symbp.formula.backends import ENDLESS, mpmath_backend, numpy_backend
from symbp.formula.equation import Equation, Formula
from symbp.formula.evaluate import evaluate_formula
from symbp.formula.parse import read_formula
from symbp.formula.scope import Declared, Scope

EPS = float(np.finfo(np.float64).eps)
ROUNDING = 100 * EPS  # relative, of what is added up
LARGEST = 1e300
POINTS = (0.0, 1e-9, 0.5, 17.0, 36.7, 88.7, 354.9, 709.0, 745.2, 1e4)
ROWS = np.array([row for p in POINTS for row in ([p, -p, 0.25, p], [p, 0.0, -p, 1e4 if p % 2 else -1e4])])
PARTS = [ROWS[start : start + 4] for start in range(0, len(ROWS), 4)]
ACTIVATIONS = [v for v in variations() if v.entry.kind == "activation"]
SATURATING = {  # what a value that was rounded to 0 or to 1 says nothing about, and where
    "a = 1 - exp(-exp(z))": (-20, -3, 0, 2.8, 3, 5),
    "a = exp(-exp(-z))": (-6.7, -4.7, 0, 3, 20),
    "a = 2 * exp(-3 * exp(-z))": (-4, -3, 0, 5, 20),
    "a = exp(exp(z))": (-50, -20, 0, 2, 4),
    "a = 1 - exp(-z)": (0.1, 10, 17, 40),
    "a = where(z > 0, z, 2 * (exp(z) - 1))": (-80, -17, -10, -1e-3, 2),
    "a = where(z > 0, z, 2 * (exp(z / 2) - 1))": (-150, -17, -1e-3, 2),
    "a = exp(z); y = a + exp(z / 2)": (-200, -90, 0, 5),
}
AVERAGED = (  # by a softmax, each with its sums of exponentials under other sums in the derivative
    "y[n,j] = sum[k](exp(x[n,k]) * c[k,j]) / sum[k](exp(x[n,k]))",
    "y[n,j] = c[j,j] * sum[k](exp(x[n,k]) * x[n,k]) / sum[k](exp(x[n,k]))",
    "s[t,u] = sum[i](x[t,i] * x[u,i]); y[t,j] = sum[u](exp(s[t,u]) * c[u,j]) / sum[u](exp(s[t,u]))",
    "y[t,j] = sum[u](exp(x[t,u]) * c[u,j]) * sum[u](exp(x[t,u]) * c[j,u]) / sum[u](exp(x[t,u])) ** 2",
)
FAR = {  # what modules are tried at, and at what is opposite to it
    np.float32: (0, 1e-45, 1e-30, 1e-8, 1e-3, 1, 3, 10, 17, 80, 88, 89, 100, 1e4, 1e10, 1e18, 1e30, 3e38),
    np.float64: (0, 5e-324, 1e-200, 1e-8, 1e-3, 1, 3, 10, 36, 700, 710, 745, 1e4, 1e38, 1e150, 1e300),
}
LOST = {  # relative digits, which are those of the number in the sum: docs/design.md
    "a": {"normal_cdf", "gelu", "gelu_tanh", "tanhshrink", "log_softmax"},
    "d_z": {"gelu", "gelu_tanh", "sigmoid", "tanh", "glu", "softmax", "log_softmax"},
    "d_beta": {"swish_beta"},
}
ENDING = {"gelu_tanh"}  # whose slope is no number where z**2 overflows
LOGITS = [v for v in variations() if v.entry.kind == "loss" and v.entry.link]
VALUES = [
    v
    for v in variations()
    if v.entry.kind == "loss" and not v.entry.link and v.entry.name in LOSSES and LOSSES[v.entry.name].extremes
]


def _exact(
    derivation: FormulaDerivation, given: Mapping[str, Any], sizes: Any, scalars: Any, digits: int = 50
) -> dict[str, Any]:
    """Definitions, then each derivative right after it was taken: no delta contracted, nothing saved or stabilized."""
    backend = mpmath_backend(digits, ENDLESS if digits == 50 else 10**digits)
    with mpmath.workdps(digits), np.errstate(all="ignore"):
        known = {n: a if a.dtype.kind in "iu" else backend.array(a) for n, a in given.items()}
        known = evaluate_formula(derivation.formula.equations, known, sizes, scalars, backend)
        winners = [e for e in derivation.forward if e.target.tensor not in known]
        known = evaluate_formula(winners, known, sizes, scalars, backend)
        for gradient in derivation.backward:
            taken = next((s for s in gradient.steps if s.rule == "differentiate"), None)
            equation = gradient.equation
            if taken is not None:
                equation = Equation(taken.target, taken.after, taken.sizes)
            known |= evaluate_formula([equation], known, sizes, scalars, backend)
        return known


def _compare(derivation: FormulaDerivation, given: dict[str, Any], scalars: Mapping[str, float], wanted: str) -> int:
    """Assert that double precision is right to rounding wherever the value can be represented; how many there are."""
    formula = derivation.formula
    sizes = {}
    for name, array in given.items():
        if name in formula.tensors:
            sizes |= {a: n for a, n in zip(formula.tensors[name].axes, array.shape, strict=True) if a.is_Symbol}
    sizes |= _halves(formula, sizes)
    numbers = {s: scalars[n] for n, s in formula.scalars.items()}
    exact = _exact(derivation, given, sizes, numbers)
    with np.errstate(all="ignore"):
        values = evaluate_formula(derivation.forward, given, sizes, numbers, numpy_backend())
        equations = [g.equation for g in derivation.backward]
        found = evaluate_formula(equations, values, sizes, numbers, numpy_backend())
    compared = 0
    for name in (formula.output.name, f"d_{wanted}"):
        one, other = np.asarray(found[name], float), exact[name]
        for double, true in zip(one.ravel(), other.ravel(), strict=True):
            if abs(true) > LARGEST:
                continue
            compared += 1
            bound = ROUNDING * max(float(abs(true)), 1.0)
            assert abs(mpmath.mpf(float(double)) - true) <= bound, (name, double, true)
    return compared


def _halves(formula: Formula, sizes: Mapping[sp.Symbol, int]) -> dict[sp.Symbol, int]:
    """Sizes that no given array shows: half of the last axis."""
    symbols = {s for t in formula.tensors.values() for a in t.axes for s in a.free_symbols} - set(sizes)
    return dict.fromkeys(symbols, 2)


@pytest.mark.parametrize("variation", ACTIVATIONS, ids=str)
def test_activations(variation: Variation) -> None:
    derivation = reverse(variation.formula.name)
    given: dict[str, Any] = {
        p.name: np.full((4,) * len(p.axes), 0.75) for p in derivation.formula.with_role("parameter")
    }
    width = 2 if variation.entry.name == "glu" else 4
    compared = []
    for z in PARTS:
        arrays = {"z": z, "d_a": np.ones((4, width)), **given}
        compared.append(_compare(derivation, arrays, variation.scalars, "z"))
    assert sum(compared) > 4 * len(ROWS) or variation.entry.name == "exp"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", REFERENCES)
def test_modules(name: str, dtype: Any) -> None:
    """Value and slopes are right to rounding, or as `LOST` says, wherever the precision holds them.

    Of a number that is about to underflow no digits are asked.
    """
    case, limits = {**REFERENCES[name].cases[0], **({"alpha": 0.25} if name == "prelu" else {})}, np.finfo(dtype)
    far = np.array([s * p for p in FAR[dtype] for s in (1, -1)], dtype)
    rows = np.stack([far, -far if name == "glu" else np.full_like(far, 0.5)], 1) if REFERENCES[name].axis else far
    rows = rows.reshape(len(far), -1)
    given = {n: np.asarray(v, float) for n, v in split(name, case)[1].items()}
    for row in rows.reshape(len(far), 1, -1):
        derived, size = derive(name, case, row.shape), float(np.abs(row).max())
        ones = np.ones((1, row.shape[1] // 2 if name == "glu" else row.shape[1]))
        axes = derived.derivation.formula.tensors["z"].axes
        numbers = {derived.derivation.formula.scalars[n]: v for n, v in derived.scalars.items()}
        sizes = {**derived.sizes, **dict(zip(axes, row.shape, strict=True))}
        exact = _exact(derived.derivation, {"z": row, "d_a": ones, **given}, sizes, numbers, 900)
        with np.errstate(over="ignore", under="ignore", invalid="ignore" if name in ENDING else "warn"):
            value, slopes = by_module(name, case, row, np.ones, dtype)
        for what, found in {"a": value, **slopes}.items():
            for one, true in zip(np.ravel(found), exact[what].ravel(), strict=True):
                if not mpmath.isfinite(true) or abs(true) > float(limits.max):
                    continue
                if name in ENDING and what != "a" and size > float(limits.max) ** 0.5:
                    continue
                scale = max(size, 1.0) if name in LOST.get(what, ()) else 0.0
                bound = 1e3 * float(limits.eps) * max(float(abs(true)), scale) + 4 * float(limits.tiny)
                assert abs(mpmath.mpf(float(one)) - true) <= bound, (what, row, one, float(true))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1, 100, 1e4])
@pytest.mark.parametrize("text", AVERAGED)
def test_averages_by_a_softmax(text: str, size: float, dtype: Any) -> None:
    """Forward and backward, in either precision, with logits of any size and either sign."""
    scope = Scope({"x": Declared(2, "input"), "c": Declared(2, "parameter")}, {}, ("y",))
    derivation = derive_formula(read_formula("own", text, scope))
    draw = np.random.default_rng(0)
    rows = np.array([[1, 1, 1], [1, 0.5, 0], [1, 0.9999, 0.999]])
    x = np.sqrt(size) * rows if text.startswith("s[") else size * rows * draw.choice([-1, 1], (3, 3))
    given = {"x": x.astype(dtype), "c": draw.standard_normal((3, 3)).astype(dtype), "d_y": np.ones((3, 3), dtype)}
    sizes = {a: 3 for t in derivation.formula.tensors.values() for a in t.axes if a.is_Symbol}
    exact, backend = _exact(derivation, given, sizes, {}), numpy_backend(dtype)
    values = evaluate_formula(derivation.forward, given, sizes, {}, backend)
    found = evaluate_formula([g.equation for g in derivation.backward], values, sizes, {}, backend)
    for name in ("y", "d_x", "d_c"):
        true = exact[name].astype(float)
        scale = np.abs(true).max() + size * np.abs(given["c"]).max()
        assert np.abs(found[name] - true).max() <= 50 * np.finfo(dtype).eps * scale, name


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("text", SATURATING)
def test_saturated_values_are_not_inverted(text: str, dtype: Any) -> None:
    """In either precision the slope is right to rounding where the value is 0, or 1, and the slope is not."""
    output = text.split("; ")[-1][0]
    derivation = derive_formula(read_formula("own", text, Scope({"z": Declared(1, "input")}, {}, (output,))))
    z = np.array(SATURATING[text], dtype)
    (axis,) = derivation.formula.tensors["z"].axes
    given, sizes = {"z": z, f"d_{output}": np.ones_like(z)}, {axis: len(z)}
    exact, backend = _exact(derivation, given, sizes, {})["d_z"], numpy_backend(dtype)
    with np.errstate(all="ignore"):
        values = evaluate_formula(derivation.forward, given, sizes, {}, backend)
        found = evaluate_formula([g.equation for g in derivation.backward], values, sizes, {}, backend)["d_z"]
    eps, tiny = float(np.finfo(dtype).eps), float(np.finfo(dtype).tiny)
    for one, true in zip(found, exact, strict=True):
        assert abs(mpmath.mpf(float(one)) - true) <= 200 * eps * abs(true) + tiny, (one, true)


def test_a_sum_of_exponentials_stays_below() -> None:
    """Over another sum of exponentials than its own, a saved value would be multiplied by one that overflows."""
    scope = Scope({"x": Declared(2, "input")}, {}, ("y",))
    formula = read_formula("own", "y[n,j] = exp(x[n,j]) / sum[k](exp(2*x[n,k]))", scope)
    (gradient,) = derive_formula(formula).backward
    assert not any(step.rule == "saved value" for step in gradient.steps)


def test_what_may_underflow_is_no_divisor() -> None:
    """Of y = (x - m)*exp(v), the derivative by v in y would be 0/0 where exp(v) has become 0."""
    scope = Scope({"x": Declared(2, "input"), "v": Declared(1, "parameter")}, {}, ("y",))
    text = "s[k] = exp(v[k]); m[k] = mean[n](x[n,k]); y[n,k] = (x[n,k] - m[k]) * s[k]"
    by_s = next(g.equation for g in derive_formula(read_formula("own", text, scope)).backward if g.tensor == "s")
    assert not by_s.body.atoms(sp.Pow)


@pytest.mark.parametrize("variation", [*LOGITS, *VALUES], ids=str)
def test_losses(variation: Variation) -> None:
    logits = bool(variation.entry.link)
    derivation = joint(variation)[0] if logits else reverse(variation.formula.name)
    draw = np.random.default_rng(0)
    y = derivation.formula.tensors["y"]
    compared = 0
    for rows in map(np.abs, PARTS) if "without log_input" in variation.formula.name else PARTS:
        targets = draw.integers(0, 4, (4,) * len(y.axes)) if y.kind == "int" else draw.uniform(0, 1, (4, 4))
        targets = targets[:, :2] if variation.entry.name == "gaussian_nll" else targets
        constants = {c.name: draw.uniform(0.5, 2, 4) for c in derivation.formula.with_role("constant")}
        read = "z" if logits else "a"
        compared += _compare(derivation, {read: rows, "y": targets, **constants}, variation.scalars, read)
    assert compared == 17 * len(PARTS) or variation.entry.name in ("gaussian_nll", "poisson_nll")
