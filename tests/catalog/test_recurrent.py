"""Recurrent layers against loops in JAX and PyTorch's modules: every variant's value, gradients of everything."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from derived import close, derive_row, row
from modules import module_of
from references import torch
from references_recurrent import RECURRENT, STATES, as_symbp, by_jax, by_torch, shapes

VALUE, GRADIENT = 1e-12, 1e-9
SIZES = [(3, 4, 2, 3), (1, 1, 3, 2), (2, 3, 1, 1)]  # batch, steps, inputs, units
OTHERS = {"bias": False, "two_biases": False, "returns": "last", "reverse": True, "nonlinearity": "relu",
          "bidirectional": True, "truncate": 2}  # fmt: skip


def options_of(chosen: frozenset[str]) -> dict[str, Any]:
    """The options at other values than their defaults."""
    return {name: OTHERS[name] for name in sorted(chosen) if name not in STATES}


SUBSETS = [
    (name, frozenset(chosen))
    for name in RECURRENT
    for count in (0, 1, 2, len(row("layer", name).switches))
    for chosen in combinations(row("layer", name).switches, count)
]
CHECKED = (
    frozenset(),
    {"bias"},
    {"two_biases", "returns", "reverse"},
    {"nonlinearity"},
    {"h_0"},
    {"c_0", "reverse"},
    {"bidirectional", "returns"},
    {"bidirectional", "reverse", "h_0", "c_0"},
    {"truncate"},
    {"truncate", "reverse", "h_0"},
    {"truncate", "bidirectional", "h_0", "c_0"},
)
WITHOUT = ({"bias"}, {"two_biases", "truncate"})  # from all: the rest together, and what PyTorch's module can
DERIVED = [
    *((n, frozenset(o), s) for n in RECURRENT for o in CHECKED if o <= {*row("layer", n).switches} for s in SIZES),
    *((n, frozenset(row("layer", n).switches) - left, SIZES[0]) for n in RECURRENT for left in WITHOUT),
]


def given(name: str, sizes: tuple[int, ...], options: dict[str, Any], chosen: frozenset[str]) -> dict[str, np.ndarray]:
    n, steps, inputs, units = sizes
    draw = np.random.default_rng(sum(sizes))
    directions = (2,) if options.get("bidirectional") else ()
    wanted = {"x": (n, steps, inputs), **shapes(name, inputs, units, options)}
    wanted |= {state: (n, *directions, units) for state in STATES if state in chosen}
    return {key: draw.normal(size=shape) for key, shape in wanted.items()}


def label(value: object) -> str:
    return " ".join(sorted(value)) or "default" if isinstance(value, frozenset) else str(value)


@pytest.mark.parametrize(("name", "chosen"), SUBSETS, ids=label)
def test_value_of_variants(name: str, chosen: frozenset[str]) -> None:
    """Every two options at other values than their defaults, and all."""
    from symbp.formula.evaluate import evaluate_formula
    from symbp.forward.rows import formula_of
    from symbp.forward.sizes import row_size

    options = options_of(chosen)
    arrays = given(name, SIZES[0], options, chosen)
    entry = row("layer", name)
    ranks = {key: arrays[key].ndim for key in ("x", *STATES) if key in arrays}
    formula = formula_of(entry, {"units": 3, **options}, ranks).formula
    sizes = {a: s for k, v in arrays.items() for a, s in zip(formula.tensors[k].axes, v.shape, strict=True)}
    sizes |= {formula.letters[i]: row_size(entry, t, {"units": 3}, {}) for i, t in entry.sizes if i in formula.letters}
    scalars = {formula.scalars[n]: v for n, v in options.items() if n in formula.scalars}
    close(evaluate_formula(formula.equations, arrays, sizes, scalars)["y"], by_jax(name, arrays, options), VALUE)


@pytest.mark.parametrize(("name", "chosen", "sizes"), DERIVED, ids=label)
def test_value_and_gradients(name: str, chosen: frozenset[str], sizes: tuple[int, ...]) -> None:
    options = options_of(chosen)
    arrays = given(name, sizes, options, chosen)
    read = {key: arrays[key].shape for key in ("x", *STATES) if key in arrays}
    derived = derive_row(row("layer", name), {"units": sizes[-1], **options}, read)
    value, pull = jax.vjp(lambda a: by_jax(name, a, options), {k: jnp.asarray(v) for k, v in arrays.items()})
    cotangent = np.random.default_rng(1).normal(size=value.shape)
    values = derived.forward(arrays)
    close(values["y"], value, VALUE)
    found = derived.backward({**values, "d_y": cotangent})
    for tensor, gradient in pull(jnp.asarray(cotangent))[0].items():
        close(found[f"d_{tensor}"], gradient, GRADIENT, 1e-13)
    if torch is not None and not {"truncate", "bidirectional"} <= chosen:
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


@pytest.mark.parametrize("options", [{}, {"bidirectional": True}], ids=str)
@pytest.mark.parametrize("name", RECURRENT)
def test_weights_and_biases_start_as_in_pytorch(name: str, options: dict[str, Any]) -> None:
    """Uniform between -1/sqrt(units) and 1/sqrt(units), whatever the inputs."""
    module = module_of(input=[3, 40], layers=[{name: {"units": 25, **options}}, "flatten", {"dense": 1}], loss="mse")
    own = {k: v for k, v in module.init(0).items() if k.startswith(name)}
    assert len(own) == 4 * (1 + len(options))
    for key, values in own.items():
        assert 0.9 / 5 < np.abs(values).max() <= 1 / 5, key
        assert abs(np.std(values) - 1 / 5 / np.sqrt(3)) < 0.3 * 1 / 5 / np.sqrt(3), key


def test_another_initializer_counts_what_the_equations_add_up() -> None:
    layer = {"lstm": {"units": 25, "initializer": {"W": "glorot_uniform", "V": "he_uniform"}}}
    params = module_of(input=[3, 40], layers=[layer, "flatten", {"dense": 1}], loss="mse").init(0)
    for key, bound in (("lstm_1.W", np.sqrt(6 / (40 + 100))), ("lstm_1.V", np.sqrt(6 / 25))):
        assert 0.98 * bound < np.abs(params[key]).max() <= bound
