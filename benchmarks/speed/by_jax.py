"""JAX: a step compiled by `jit`, whose parameters and state are given up to it; convolution and scan are its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from benchmarks.speed.contender import Contender
from benchmarks.speed.forward import FORWARD, Forward, Parameters, cost, dense, updated
from benchmarks.speed.given import Given
from benchmarks.speed.workloads import Workload


def cnn(_: Any, params: Parameters, inputs: tuple[Any, ...]) -> Any:
    """LeNet."""
    x = jnp.maximum(_convolved(params, "conv2d_1", inputs[0], 2), 0.0)
    x = jnp.maximum(_convolved(params, "conv2d_2", _pooled(x), 0), 0.0)
    x = _pooled(x).reshape(len(x), -1)
    for name in ("dense_1", "dense_2"):
        x = jnp.maximum(dense(params, name, x), 0.0)
    return dense(params, "dense_3", x)


def _convolved(params: Parameters, name: str, x: Any, padding: int) -> Any:
    around = [(padding, padding)] * 2
    z = lax.conv_general_dilated(x, params[f"{name}.W"], (1, 1), around, dimension_numbers=("NCHW", "OIHW", "NCHW"))
    return z + params[f"{name}.b"][:, None, None]


def _pooled(x: Any) -> Any:
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")


def lstm(_: Any, params: Parameters, inputs: tuple[Any, ...]) -> Any:
    """Embedding, LSTM as a scan, its input's product before it, dense."""
    x = params["embedding_1.E"][inputs[0]]
    driven = jnp.tensordot(x, params["lstm_1.W"], 1) + params["lstm_1.b"] + params["lstm_1.b_h"]
    units = driven.shape[-1]

    def step(state: Any, z: Any) -> Any:
        h, c = state
        i, f, g, o = jnp.moveaxis(z + jnp.tensordot(h, params["lstm_1.V"], 1), 1, 0)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    start = jnp.zeros((len(x), units), x.dtype)
    _, h = lax.scan(step, (start, start), jnp.moveaxis(driven, 1, 0))
    return dense(params, "dense_1", jnp.moveaxis(h, 0, 1))


FORWARDS: Mapping[str, Forward] = {**FORWARD, "cnn": cnn, "lstm": lstm}


def prepare(workload: Workload, given: Given) -> Contender:
    """The workload in JAX."""
    forward = FORWARDS[workload.kind]
    inputs, target = workload.examples()
    x = tuple(map(jnp.asarray, inputs.values() if isinstance(inputs, dict) else (inputs,)))
    y = jnp.asarray(target)
    held: list[Any] = [{k: jnp.asarray(v) for k, v in given.parameters.items()}, None]

    def loss(w: Parameters) -> Any:
        return cost(jnp, forward(jnp, w, x), y)

    def trained(w: Parameters, state: Any) -> Any:
        value, gradients = jax.value_and_grad(loss)(w)
        return value, updated(jnp, workload.spec, w, gradients, state)

    first, later = jax.jit(trained), jax.jit(trained, donate_argnums=(0, 1))
    inferred = jax.jit(lambda w: forward(jnp, w, x))

    def step() -> float:
        value, held[:] = (first if held[1] is None else later)(*held)
        return float(value)

    return Contender(step, lambda: inferred(held[0]).block_until_ready())
