"""What JAX computes of the formulas of tests/formulas.py, where that takes more than a line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from known import Shape


def convolve(x: Any, W: Any, B: Any, *, S: int, D: int, P: int, groups: int = 1) -> Any:
    n = x.ndim - 2
    out = jax.lax.conv_general_dilated(x, W, (S,) * n, ((P, P),) * n, rhs_dilation=(D,) * n, feature_group_count=groups)
    return out + B.reshape(-1, *[1] * n)


def transposed(x: Any, W: Any, B: Any, *, S: int, P: int) -> Any:
    length = S * (x.shape[2] - 1) + W.shape[2] - 2 * P
    wide = jnp.zeros((x.shape[0], W.shape[1], length + 2 * P))
    for p in range(x.shape[2]):
        wide = wide.at[:, :, S * p : S * p + W.shape[2]].add(jnp.einsum("nc,cou->nou", x[:, :, p], W))
    return wide[:, :, P : P + length] + B[:, None]


def pool(x: Any, *, S: int, K: int, start: float, step: Any) -> Any:
    window = (1, 1, *[K] * (x.ndim - 2))
    return jax.lax.reduce_window(x, start, step, window, (1, 1, *[S] * (x.ndim - 2)), "VALID")


def norm(x: Any, gamma: Any, beta: Any, axes: tuple[int, ...], shape: Shape, eps: float) -> Any:
    mean, var = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    return gamma.reshape(shape) * (x - mean) / jnp.sqrt(var + eps) + beta.reshape(shape)


def scan(step: Callable[[Any, Any], tuple[Any, Any]], start: Any, x: Any, *, reverse: bool = False) -> Any:
    return jnp.swapaxes(jax.lax.scan(step, start, jnp.swapaxes(x, 0, 1), reverse=reverse)[1], 0, 1)


def elman(x: Any, U: Any, V: Any, b: Any, *, reverse: bool = False) -> Any:
    def step(h: Any, x: Any) -> tuple[Any, Any]:
        h = jnp.tanh(x @ U + h @ V + b)
        return h, h

    return scan(step, jnp.zeros((x.shape[0], V.shape[0])), x, reverse=reverse)


def no_step_back(x: Any, V: Any) -> Any:
    def step(h: Any, x: Any) -> tuple[Any, Any]:
        h = jnp.tanh(x + jax.lax.stop_gradient(h) @ V)
        return h, h

    return scan(step, jnp.zeros((x.shape[0], V.shape[0])), x)


def started(x: Any, s: Any, V: Any) -> Any:
    def step(h: Any, x: Any) -> tuple[Any, Any]:
        h = jnp.tanh(x + h @ V)
        return h, h

    return scan(step, s, x)


def lagging(x: Any, V: Any) -> Any:
    def step(held: Any, x: Any) -> tuple[Any, Any]:
        one, two = held
        h = jnp.tanh(x + one @ V + two)
        return (h, one), h

    start = jnp.zeros((x.shape[0], x.shape[2]))
    return scan(step, (start, start), x)


def lstm(x: Any, **w: Any) -> Any:
    def step(held: Any, x: Any) -> tuple[Any, Any]:
        h, c = held
        f, i, o = (jax.nn.sigmoid(x @ w[f"W{g}"] + h @ w[f"U{g}"] + w[f"B{g}"]) for g in "fio")
        c = f * c + i * jnp.tanh(x @ w["Wg"] + h @ w["Ug"] + w["Bg"])
        h = o * jnp.tanh(c)
        return (h, c), h

    start = jnp.zeros((x.shape[0], w["Uf"].shape[0]))
    return scan(step, (start, start), x)


def packed(x: Any, W: Any, U: Any, B: Any) -> Any:
    """The gates of PyTorch's LSTM side by side: input, forget, cell, output."""

    def step(held: Any, x: Any) -> tuple[Any, Any]:
        h, c = held
        i, f, g, o = jnp.split(x @ W + h @ U + B, 4, -1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    start = jnp.zeros((x.shape[0], U.shape[0]))
    return scan(step, (start, start), x)


def gru(x: Any, **w: Any) -> Any:
    def step(h: Any, x: Any) -> tuple[Any, Any]:
        r, z = (jax.nn.sigmoid(x @ w[f"W{g}"] + h @ w[f"U{g}"]) for g in "rz")
        h = (1 - z) * jnp.tanh(x @ w["Wn"] + r * (h @ w["Un"])) + z * h
        return h, h

    return scan(step, jnp.zeros((x.shape[0], w["Un"].shape[0])), x)


def attend(q: Any, k: Any, v: Any, *, causal: bool = False) -> Any:
    s = jnp.einsum("nhtd,nhud->nhtu", q, k) / jnp.sqrt(q.shape[-1])
    if causal:
        s = jnp.where(jnp.tril(jnp.ones(s.shape[-2:], bool)), s, -jnp.inf)
    return jnp.einsum("nhtu,nhue->nhte", jax.nn.softmax(s, -1), v)


def running_softmax(x: Any) -> Any:
    return jnp.exp(x - jax.lax.cumlogsumexp(x, 1))
