"""Recurrent layers against loops in JAX and PyTorch's modules: every variant's value, gradients of everything."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from derived import close, derive_row, row
from references import torch
from references_recurrent import RECURRENT, as_symbp, by_jax, by_torch, shapes

VALUE, GRADIENT = 1e-12, 1e-9
SIZES = [(3, 4, 2, 3), (1, 1, 3, 2), (2, 3, 1, 1)]  # batch, steps, inputs, units


def options_of(chosen: frozenset[str]) -> dict[str, Any]:
    """The options at other values than their defaults."""
    values = {"bias": False, "two_biases": False, "returns": "last", "reverse": True, "nonlinearity": "relu"}
    return {name: values[name] for name in sorted(chosen)}


VARIANTS = [
    (name, v.options) for name in RECURRENT for v in (row("layer", name).variant({}), *row("layer", name).variants)
]
CHECKED = (frozenset(), {"bias"}, {"two_biases", "returns", "reverse"}, {"nonlinearity"})
DERIVED = [(n, o) for n, o in VARIANTS if o in CHECKED]


def given(name: str, sizes: tuple[int, ...], options: dict[str, Any]) -> dict[str, np.ndarray]:
    n, steps, inputs, units = sizes
    draw = np.random.default_rng(sum(sizes))
    wanted = {"x": (n, steps, inputs), **shapes(name, inputs, units, options)}
    return {key: draw.normal(size=shape) for key, shape in wanted.items()}


def label(value: object) -> str:
    return " ".join(sorted(value)) or "default" if isinstance(value, frozenset) else str(value)


@pytest.mark.parametrize(("name", "chosen"), VARIANTS, ids=label)
def test_value_of_every_variant(name: str, chosen: frozenset[str]) -> None:
    from symbp.formula.evaluate import evaluate_formula
    from symbp.forward.rows import formula_of

    options = options_of(chosen)
    arrays = given(name, SIZES[0], options)
    entry = row("layer", name)
    formula = formula_of(entry, {"units": 3, **options}, 3).formula
    sizes = {a: s for k, v in arrays.items() for a, s in zip(formula.tensors[k].axes, v.shape, strict=True)}
    close(evaluate_formula(formula.equations, arrays, sizes)["y"], by_jax(name, arrays, options), VALUE)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize(("name", "chosen"), DERIVED, ids=label)
def test_value_and_gradients(name: str, chosen: frozenset[str], sizes: tuple[int, ...]) -> None:
    options = options_of(chosen)
    arrays = given(name, sizes, options)
    derived = derive_row(row("layer", name), {"units": sizes[-1], **options}, arrays["x"].shape)
    value, pull = jax.vjp(lambda a: by_jax(name, a, options), {k: jnp.asarray(v) for k, v in arrays.items()})
    cotangent = np.random.default_rng(1).normal(size=value.shape)
    values = derived.forward(arrays)
    close(values["y"], value, VALUE)
    found = derived.backward({**values, "d_y": cotangent})
    for tensor, gradient in pull(jnp.asarray(cotangent))[0].items():
        close(found[f"d_{tensor}"], gradient, GRADIENT, 1e-13)
    if torch is not None:
        value, leaves = by_torch(name, arrays, options)
        close(values["y"], value.detach().numpy(), VALUE)
        gradients = torch.autograd.grad(value, list(leaves.values()), torch.tensor(cotangent))
        for tensor, gradient in zip(leaves, gradients, strict=True):
            close(found[f"d_{tensor}"], as_symbp(tensor, gradient, arrays[tensor]), GRADIENT, 1e-13)


def test_a_sequence_is_asked_for() -> None:
    from symbp.formula.grammar import FormulaError
    from symbp.forward.rows import formula_of

    with pytest.raises(FormulaError, match="`x` has rank 2"):
        formula_of(row("layer", "lstm"), {"units": 3}, 2)
