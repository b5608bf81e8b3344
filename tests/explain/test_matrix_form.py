"""Matrix forms are found from index structure alone, and say nothing where there is none."""

from __future__ import annotations

import json

import numpy as np
import pytest
import sympy as sp

from symbp.explain import mathematics as m
from symbp.explain.layout import Layout
from symbp.explain.matrix import matrix_form
from symbp.explain.naming import Naming
from symbp.formula.equation import Equation
from symbp.formula.evaluate import evaluate_equation
from symbp.formula.expression import Element, Flat, SumOver, element, elements, index, size
from symbp.pipeline import derive, explain
from symbp.spec import parse_spec
from symbp.targets.text.mathematics import write

n, t, i, j, k, u = map(index, "ntijku")


def e(name: str, *indices: sp.Symbol) -> Element:
    return element(name, *indices)


def equation(target: Element, body: sp.Expr) -> Equation:
    return Equation(target, body, {s: size(f"N_{s}") for s in (n, t, i, j, k, u)})


FORMS = [
    (e("d_x", n, i), SumOver(e("d_z", n, j) * e("W", i, j), j), "∂C/∂X = δ·Wᵀ"),
    (e("d_q", n, i), SumOver(e("d_r", n, j) * e("M", i, j), j), "∂C/∂Q = ∂C/∂R·Mᵀ"),
    (e("d_q", n, i), SumOver(e("d_r", n, j) * e("M", j, i), j), "∂C/∂Q = ∂C/∂R·M"),
    (e("d_W", i, j), SumOver(e("d_z", n, j) * e("x", n, i), n), "∂C/∂W = Xᵀ·δ"),
    (e("d_W", j, i), SumOver(e("d_z", n, j) * e("x", n, i), n), "∂C/∂W = δᵀ·X"),
    (e("d_b", j), SumOver(e("d_z", n, j), n), "∂C/∂b = 𝟏ᵀ·δ"),
    (e("s", n), SumOver(e("x", n, i), i), "s = X·𝟏"),
    (e("z", n, j), SumOver(e("x", n, i) * e("W", i, j), i) + e("b", j), "Z = X·W + 𝟏·b"),
    (e("d_x", n, t, i), SumOver(e("d_z", n, t, j) * e("W", i, j), j), "∂C/∂X = δ·Wᵀ"),
    (e("d_W", i, j), SumOver(e("d_z", n, t, j) * e("x", n, t, i), n, t), "∂C/∂W = Xᵀ·δ"),
    (e("d_z", n, j), e("d_a", n, j) * e("a", n, j) * (1 - e("a", n, j)), "δ = ∂C/∂A ⊙ A ⊙ (1 − A)"),
    (e("d_z", n, j), e("d_a", n, j) * (1 - e("a", n, j) ** 2), "δ = ∂C/∂A ⊙ (1 − A ⊙ A)"),
    (
        e("d_z", n, j),
        e("p", n, j) * (e("d_p", n, j) - SumOver(e("p", n, k) * e("d_p", n, k), k)),
        "δ = P ⊙ (∂C/∂P − (∂C/∂P ⊙ P)·𝟏·𝟏ᵀ)",
    ),
    (e("d_z", n, j), (e("p", n, j) - e("y", n, j)) / size("N"), "δ = 1/N·(P − Y)"),
    (e("d_x", n, j), e("d_y", n, j) * e("gamma", j), "∂C/∂X = ∂C/∂Y ⊙ (𝟏·γ)"),
    (e("d_x", n, j), e("d_y", n, j) * e("s", n), "∂C/∂X = ∂C/∂Y ⊙ (s·𝟏ᵀ)"),
    (e("m", n, j), e("u", n) * e("v", j), "M = u·v"),
    (e("d_u", n), SumOver(e("d_m", n, j) * e("v", j), j), "∂C/∂u = ∂C/∂M·vᵀ"),
    (
        e("d_W", i, j),
        SumOver(e("d_a", n, j) * sp.Piecewise((1, e("a", n, j) > 0), (0, True)) * e("x", n, i), n),
        "∂C/∂W = Xᵀ·(∂C/∂A ⊙ 𝟙[A > 0])",
    ),
]


@pytest.mark.parametrize(("target", "body", "expected"), FORMS, ids=[row[2] for row in FORMS])
def test_forms(target: Element, body: sp.Expr, expected: str) -> None:
    line = matrix_form(equation(target, body), Naming())
    assert line is not None
    assert line.left is not None
    assert f"{write(line.left)} = {write(line.right)}" == expected


NONE = {
    "label as index": (e("d_z", n, j), e("p", n, j) - sp.KroneckerDelta(j, element("y", n, integer=True))),
    "gathered": (e("c", n), sp.log(e("p", n, element("y", n, integer=True)))),
    "moved to the left": (e("d_x", Flat(n, i)), e("d_y", n, i)),
    "a scalar": (e("d_alpha"), SumOver(e("d_a", n, j) * e("z", n, j), n, j)),
    "three axes that never join": (e("d_q", n, t, i), SumOver(e("k", t, n, j) * e("W", i, j), j)),
    "the diagonal": (e("d", i), e("M", i, i)),
    "a division": (e("q", n, j), e("p", n, j) / e("r", n, j)),
    "a condition on places": (e("m", n, t, u), sp.Piecewise((e("s", n, t, u), t >= u), (-sp.oo, True))),
    "factors that share both axes": (e("q", n, j), SumOver(e("x", n, i) * e("m", n, j) * e("W", i, j), i)),
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(NONE))
def test_none(what: str) -> None:
    assert matrix_form(equation(*NONE[what]), Naming()) is None


Arrays = dict[str, np.ndarray]
SIZES = {"N_n": 2, "N_t": 3, "N_i": 4, "N_j": 5, "N_k": 5, "N_u": 3}


def value(node: m.Math, tensors: Arrays, ones: Arrays) -> np.ndarray:
    """What written matrices mean, literally; a column of ones is as long as its neighbour asks for."""
    match node:
        case m.Number(text=text):
            return np.array(float(text))
        case m.Name(base="N"):
            return np.array(3.0)
        case m.Name(base="delta"):
            return tensors["d_z"]
        case m.Name(base=base):
            return tensors[base] if base in tensors else tensors[base.lower()]
        case m.Derivative(by=m.Name(base=base)):
            return tensors[f"d_{base}"] if f"d_{base}" in tensors else tensors[f"d_{base.lower()}"]
        case m.Transposed(body=m.Ones()) | m.Ones():
            return np.array(np.nan)  # made by its product
        case m.Transposed(body=body):
            return value(body, tensors, ones).T
        case m.Sum(terms=terms):
            return sum(sign * value(term, tensors, ones) for sign, term in terms)
        case m.Fraction(above=above, below=below):
            return value(above, tensors, ones) / value(below, tensors, ones)
        case m.Indicator(condition=m.Relation(operands=(left, right), signs=(">",))):
            return (value(left, tensors, ones) > value(right, tensors, ones)).astype(float)
        case m.Product(factors=factors, kind="elementwise"):
            values = [value(f, tensors, ones) for f in factors]
            assert len({v.shape for v in values}) == 1, "elementwise factors have one shape"
            return np.prod(values, axis=0)
        case m.Product(factors=factors):
            return matrix_product(factors, tensors, ones)
    raise AssertionError(node)


def matrix_product(factors: tuple[m.Math, ...], tensors: Arrays, ones: Arrays) -> np.ndarray:
    first, second = factors
    if isinstance(first, m.Ones):
        return ones["left"] @ value(second, tensors, ones)
    if isinstance(first, m.Transposed) and isinstance(first.body, m.Ones):
        right = value(second, tensors, ones)
        return np.ones((1, len(right))) @ right
    left = value(first, tensors, ones)
    if isinstance(second, m.Ones):
        return left @ np.ones((left.shape[1], 1))
    if isinstance(second, m.Transposed) and isinstance(second.body, m.Ones):
        return left @ ones["right"].T
    right = value(second, tensors, ones)
    return left * right if left.ndim == 0 else left @ right


@pytest.mark.parametrize(("target", "body", "expected"), FORMS, ids=[row[2] for row in FORMS])
def test_a_matrix_form_has_the_values_of_the_index_form(target: Element, body: sp.Expr, expected: str) -> None:
    random = np.random.default_rng(7)
    stated = equation(target, body)
    sizes = {size(name): number for name, number in SIZES.items()} | {size("N"): 3}
    arrays: dict[str, np.ndarray] = {}
    for read in elements(body):
        arrays.setdefault(read.tensor, random.normal(size=[SIZES[f"N_{s}"] for s in read.indices]))
    by_indices = as_matrix(evaluate_equation(stated, arrays, sizes), target)
    line = matrix_form(stated, Naming())
    assert line is not None
    ones = {"left": np.ones((by_indices.shape[0], 1)), "right": np.ones((by_indices.shape[1], 1))}
    matrices = {read.tensor: as_matrix(arrays[read.tensor], read) for read in elements(body)}
    np.testing.assert_allclose(value(line.right, matrices, ones), by_indices, rtol=1e-12)


def as_matrix(array: np.ndarray, read: Element) -> np.ndarray:
    """The tensor as the matrix it is written as: batch and time are rows, vectors over neurons are one row."""
    if array.ndim == 1:
        return array[:, None] if read.indices == (n,) else array[None, :]
    return array.reshape(-1, array.shape[-1])


def test_a_recurrence_is_shown_at_its_steps_and_c_is_no_cost() -> None:
    layers = [{"lstm": {"units": 2, "returns": "last"}}, {"dense": 1}]
    spec = parse_spec(json.dumps({"name": "steps", "input": [3, 2], "layers": layers, "loss": "mse"}))
    text = explain(spec, derive(spec), "text")
    assert "∂C/∂c⁽¹⁾ₙₜⱼ = ∂C/∂e⁽¹⁾ₙₜⱼ · (1 − e⁽¹⁾ₙₜⱼ²) + ∂C/∂c⁽¹⁾[n,t + 1,j] · f⁽¹⁾[n,t + 1,j]" in text
    assert "∂C/∂C" not in text
    assert "E⁽¹⁾ = tanh(C⁽¹⁾)" not in text
    assert "∂C/∂W⁽¹⁾ = Xᵀ·δ⁽¹⁾" in text  # what does not recur is a product
    assert "solved for t′, is t′ = t + 1" in " ".join(text.split())


def test_a_part_of_a_tensor_is_no_matrix_of_its_own() -> None:
    half = Equation(e("m", n, j), e("a", n, j), {n: size("N"), j: size("N_j")})
    axes = {"m": (size("N"), size("N_j")), "a": (size("N"), size("N_l"))}
    assert matrix_form(half, Naming(layout=Layout(axes=axes))) is None
    assert matrix_form(half, Naming(layout=Layout(axes={**axes, "a": axes["m"]}))) is not None
