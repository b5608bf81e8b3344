"""Dense layers under softmax cross-entropy in JAX, updated by formulas of the papers, beside a generated module."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.twin import Twin

# (w, g, memory, t, eta) -> (w, memory), for all parameters as one vector; t is 1 at the first step, memory empty
Update = Callable[[Any, Any, dict[str, Any], int, float], tuple[Any, dict[str, Any]]]
Layout = tuple[tuple[str, tuple[int, ...]], ...]
Activation = Callable[[Any], Any]


def twin(
    params: Mapping[str, np.ndarray],
    activation: Activation,
    update: Update,
    eta: Callable[[int], float],
    clip: Callable[[Any], Any] = lambda g: g,
) -> Twin:
    """The network with these parameters; `eta` is the learning rate of step t, 0 at the first."""
    jax.config.update("jax_enable_x64", True)
    layout: Layout = tuple((name, values.shape) for name, values in params.items())
    weights = np.concatenate([values.ravel() for values in params.values()])
    memory: dict[str, Any] = {}
    taken = 0

    def step(x: np.ndarray, y: np.ndarray) -> float:
        nonlocal memory, taken
        w = jnp.array(weights)
        value, g = _differentiated(w, jnp.array(x), jnp.array(y), layout, activation)
        weights[...], memory = update(w, clip(g), memory, taken + 1, eta(taken))
        taken += 1
        return float(value)

    def forward(x: np.ndarray) -> np.ndarray:
        return np.asarray(_output(jnp.array(weights), jnp.array(x), layout, activation))

    return Twin(step, _named(weights, layout), forward)


def _named(w: Any, layout: Layout) -> dict[str, Any]:
    """The tensors in a vector, as views where it is NumPy's."""
    ends = list(accumulate(math.prod(shape) for _, shape in layout))
    return {n: w[a:b].reshape(s) for (n, s), a, b in zip(layout, [0, *ends], ends, strict=False)}


def _output(w: Any, x: Any, layout: Layout, activation: Activation) -> Any:
    tensors = _named(w, layout)
    layers = [name.removesuffix(".W") for name in tensors if name.endswith(".W")]
    for layer in layers:
        x = x @ tensors[f"{layer}.W"] + tensors[f"{layer}.b"]
        x = x if layer == layers[-1] else activation(x)
    return x


def _cost(w: Any, x: Any, y: Any, layout: Layout, activation: Activation) -> Any:
    logits = _output(w, x, layout, activation)
    return -jax.nn.log_softmax(logits, -1)[jnp.arange(len(y)), y].mean()


_differentiated = jax.jit(jax.value_and_grad(_cost), static_argnames=("layout", "activation"))
