"""JAX: a step compiled by `jit`, whose parameters and optimizer's state are given up to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.speed.contender import Contender
from benchmarks.speed.forward import FORWARD, Forward, Parameters, cost, dense, updated
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


def transformer(_: Any, params: Parameters, inputs: tuple[Any, ...]) -> Any:
    """A block, normalized first."""
    named = {name.removeprefix("transformer_encoder_1_"): value for name, value in params.items()}
    x = inputs[0]
    read = _normalized(named, "layer_norm_1", x)
    q, k, v = (jnp.tensordot(read, named[f"asked.W{each}"], 1) + named[f"asked.b{each}"] for each in "qkv")
    weights = jax.nn.softmax(jnp.einsum("nthd,nuhd->nhtu", q, k) / q.shape[-1] ** 0.5)
    mixed = jnp.einsum("nhtu,nuhd->nthd", weights, v)
    x = x + jnp.tensordot(mixed, named["asked.Wo"], 2) + named["asked.bo"]
    between = jnp.maximum(dense(named, "between", _normalized(named, "layer_norm_2", x)), 0.0)
    return x + dense(named, "more", between)


def _normalized(params: Parameters, name: str, x: Any) -> Any:
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) / jnp.sqrt(variance + 1e-5) * params[f"{name}.gamma"] + params[f"{name}.beta"]


FORWARDS: Mapping[str, Forward] = {**FORWARD, "cnn": cnn, "lstm": lstm, "transformer": transformer}


def prepare(workload: Workload, params: Mapping[str, np.ndarray]) -> Contender:
    """The workload in JAX."""
    forward = FORWARDS[workload.kind]
    given, target = workload.examples()
    x = tuple(map(jnp.asarray, given.values() if isinstance(given, dict) else (given,)))
    y = jnp.asarray(target)
    held: list[Any] = [{k: jnp.asarray(v) for k, v in params.items()}, None]

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
