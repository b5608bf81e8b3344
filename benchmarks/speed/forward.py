"""The networks of the workloads in array code of `numpy`'s kind, for JAX and HIPS autograd: `xp` is the library.

Parameters are a generated module's, by its names and in its layouts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Parameters = Mapping[str, Any]
Forward = Callable[[Any, Parameters, tuple[Any, ...]], Any]


def dense(params: Parameters, name: str, x: Any) -> Any:
    """x W + b."""
    return x @ params[f"{name}.W"] + params[f"{name}.b"]


def mlp(xp: Any, params: Parameters, inputs: tuple[Any, ...]) -> Any:
    """Three dense layers and ReLU."""
    return _three(params, inputs[0], lambda z: xp.maximum(z, 0.0))


def small(xp: Any, params: Parameters, inputs: tuple[Any, ...]) -> Any:
    """Three dense layers and tanh."""
    return _three(params, inputs[0], xp.tanh)


def _three(params: Parameters, x: Any, activation: Callable[[Any], Any]) -> Any:
    first = activation(dense(params, "dense_1", x))
    return dense(params, "dense_3", activation(dense(params, "dense_2", first)))


def cnn(xp: Any, params: Parameters, inputs: tuple[Any, ...]) -> Any:
    """LeNet, its convolutions as products with columns."""
    x = xp.maximum(_convolved(xp, params, "conv2d_1", inputs[0], 2), 0.0)
    x = xp.maximum(_convolved(xp, params, "conv2d_2", _pooled(xp, x), 0), 0.0)
    x = _pooled(xp, x).reshape((len(inputs[0]), -1))
    return _three(params, x, lambda z: xp.maximum(z, 0.0))


def _convolved(xp: Any, params: Parameters, name: str, x: Any, padding: int) -> Any:
    """Every window is read at its places: `x[:, :, p + u, q + v]`."""
    filters = params[f"{name}.W"]
    around = (padding, padding)
    x = xp.pad(x, ((0, 0), (0, 0), around, around), mode="constant")
    (n, _, *within), (count, _, *sizes) = x.shape, filters.shape
    high, wide = (whole - size + 1 for whole, size in zip(within, sizes, strict=True))
    rows = np.arange(high)[:, None, None, None] + np.arange(sizes[0])[:, None]
    columns = np.arange(wide)[:, None, None] + np.arange(sizes[1])
    windows = xp.transpose(x[:, :, rows, columns], (0, 2, 3, 1, 4, 5)).reshape((n * high * wide, -1))
    z = windows @ filters.reshape((count, -1)).T + params[f"{name}.b"]
    return xp.transpose(z.reshape((n, high, wide, count)), (0, 3, 1, 2))


def _pooled(xp: Any, x: Any) -> Any:
    n, c, high, wide = x.shape
    return xp.max(x.reshape((n, c, high // 2, 2, wide // 2, 2)), axis=(3, 5))


def lstm(xp: Any, params: Parameters, inputs: tuple[Any, ...]) -> Any:
    """Embedding, LSTM as a loop over time, its input's product before it, dense."""
    (tokens,) = inputs
    weights = params["lstm_1.V"].reshape((params["lstm_1.V"].shape[0], -1))
    bias = (params["lstm_1.b"] + params["lstm_1.b_h"]).reshape(-1)
    x = params["embedding_1.E"][tokens]
    driven = x @ params["lstm_1.W"].reshape((x.shape[-1], -1)) + bias
    h = c = np.zeros((len(tokens), weights.shape[0]), np.float32)
    found = []
    for t in range(tokens.shape[1]):
        i, f, g, o = xp.split(driven[:, t] + h @ weights, 4, axis=1)
        c = _sigmoid(xp, f) * c + _sigmoid(xp, i) * xp.tanh(g)
        h = _sigmoid(xp, o) * xp.tanh(c)
        found.append(h)
    return dense(params, "dense_1", xp.stack(found, axis=1))


def _sigmoid(xp: Any, z: Any) -> Any:
    return 1 / (1 + xp.exp(-z))


def transformer(xp: Any, params: Parameters, inputs: tuple[Any, ...]) -> Any:
    """A block, normalized first."""
    named = {name.removeprefix("transformer_encoder_1_"): value for name, value in params.items()}
    x = inputs[0]
    read = _normalized(xp, named, "layer_norm_1", x)
    q, k, v = (_heads(xp, named, each, read) for each in "qkv")
    scores = q @ xp.swapaxes(k, 2, 3) / q.shape[-1] ** 0.5
    e = xp.exp(scores - xp.max(scores, axis=-1, keepdims=True))
    mixed = xp.transpose(e / xp.sum(e, axis=-1, keepdims=True) @ v, (0, 2, 1, 3)).reshape(x.shape)
    x = x + mixed @ named["asked.Wo"].reshape((x.shape[-1], -1)) + named["asked.bo"]
    between = xp.maximum(dense(named, "between", _normalized(xp, named, "layer_norm_2", x)), 0.0)
    return x + dense(named, "more", between)


def _heads(xp: Any, params: Parameters, each: str, x: Any) -> Any:
    """Queries, keys or values: (n, head, t, d)."""
    weights, bias = params[f"asked.W{each}"], params[f"asked.b{each}"]
    z = x @ weights.reshape((x.shape[-1], -1)) + bias.reshape(-1)
    return xp.transpose(z.reshape((*x.shape[:2], *bias.shape)), (0, 2, 1, 3))


def _normalized(xp: Any, params: Parameters, name: str, x: Any) -> Any:
    mean, variance = xp.mean(x, axis=-1, keepdims=True), xp.var(x, axis=-1, keepdims=True)
    return (x - mean) / xp.sqrt(variance + 1e-5) * params[f"{name}.gamma"] + params[f"{name}.beta"]


def recommender(xp: Any, params: Parameters, inputs: tuple[Any, ...]) -> Any:
    """The product of two embeddings."""
    user, item = inputs
    return xp.sum(params["taste.E"][user] * params["nature.E"][item], axis=-1, keepdims=True)


def cross_entropy(xp: Any, output: Any, target: Any) -> Any:
    """The mean over all places of log-sum-exp minus the score of the class."""
    scores, classes = output.reshape(-1, output.shape[-1]), target.reshape(-1)
    shift = scores.max(axis=1, keepdims=True)
    total = xp.log(xp.sum(xp.exp(scores - shift), axis=1)) + shift[:, 0]
    return xp.mean(total - scores[xp.arange(len(classes)), classes])


def cost(xp: Any, output: Any, target: Any) -> Any:
    """Cross-entropy of classes, the squared error of numbers."""
    if target.dtype.kind == "f":
        return xp.mean((output - target) ** 2)
    return cross_entropy(xp, output, target)


def updated(xp: Any, spec: Mapping[str, Any], params: Parameters, grads: Parameters, state: Any) -> Any:
    """Parameters and state after a step of the spec's optimizer; `state` is None before the first."""
    ((name, options),) = spec["optimizer"].items()
    rate = options["learning_rate"]
    if name == "adam":
        return _adam(xp, rate, params, grads, state)
    mu = options.get("momentum", 0.0)
    velocity = {k: (mu * state[k] + g if mu and state else g) for k, g in grads.items()}
    return {k: w - rate * velocity[k] for k, w in params.items()}, velocity


def _adam(xp: Any, rate: float, params: Parameters, grads: Parameters, state: Any) -> Any:
    """Kingma and Ba, Adam (2014), arXiv:1412.6980, algorithm 1."""
    m, v, t = state or ({k: 0.0 * g for k, g in grads.items()}, {k: 0.0 * g for k, g in grads.items()}, 0)
    t = t + 1
    m = {k: 0.9 * m[k] + 0.1 * g for k, g in grads.items()}
    v = {k: 0.999 * v[k] + 0.001 * g * g for k, g in grads.items()}
    new = {k: w - rate * (m[k] / (1 - 0.9**t)) / (xp.sqrt(v[k] / (1 - 0.999**t)) + 1e-8) for k, w in params.items()}
    return new, (m, v, t)


FORWARD: Mapping[str, Forward] = {
    "mlp": mlp,
    "small": small,
    "cnn": cnn,
    "lstm": lstm,
    "transformer": transformer,
    "recommender": recommender,
}
