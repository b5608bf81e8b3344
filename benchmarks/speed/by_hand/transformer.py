"""A block of a transformer, normalized first: attention, then two dense layers, each added to its input."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

PREFIX = "transformer_encoder_1_"
EPSILON = 1e-5


def forward(w: Mapping[str, Any], x: Any) -> tuple[Any, Any]:
    """What every part reads going back is saved."""
    w = {name.removeprefix(PREFIX): value for name, value in w.items()}
    read, first = normalized(w, "layer_norm_1", x)
    mixed, attention = attended(w, read)
    middle = x + mixed
    read, second = normalized(w, "layer_norm_2", middle)
    z = read @ w["between.W"] + w["between.b"]
    a = np.maximum(z, 0)
    return middle + a @ w["more.W"] + w["more.b"], (first, attention, second, read, z, a)


def backward(w: Mapping[str, Any], saved: Any, delta: Any) -> dict[str, Any]:
    """From the output to the input, which has no gradient."""
    w = {name.removeprefix(PREFIX): value for name, value in w.items()}
    first, attention, second, read, z, a = saved
    gradients = by_weights("more", a, delta)
    d_z = delta @ w["more.W"].T * (z > 0)
    gradients |= by_weights("between", read, d_z)
    d_middle, found = normalized_back(w, "layer_norm_2", second, d_z @ w["between.W"].T)
    d_middle += delta
    gradients |= found
    d_read, found = attended_back(w, attention, d_middle)
    gradients |= found
    _, found = normalized_back(w, "layer_norm_1", first, d_read)
    gradients |= found
    return {f"{PREFIX}{name}": value for name, value in gradients.items()}


def by_weights(name: str, x: Any, delta: Any) -> dict[str, Any]:
    """The gradients of a dense layer."""
    rows, deltas = x.reshape(-1, x.shape[-1]), delta.reshape(-1, delta.shape[-1])
    return {f"{name}.W": rows.T @ deltas, f"{name}.b": deltas.sum(axis=0)}


def normalized(w: Mapping[str, Any], name: str, x: Any) -> tuple[Any, Any]:
    """Mean 0 and variance 1 at every place, scaled and shifted."""
    centered = x - x.mean(axis=-1, keepdims=True)
    r = 1 / np.sqrt((centered**2).mean(axis=-1, keepdims=True) + EPSILON)
    x_hat = centered * r
    return x_hat * w[f"{name}.gamma"] + w[f"{name}.beta"], (x_hat, r)


def normalized_back(w: Mapping[str, Any], name: str, saved: Any, delta: Any) -> tuple[Any, dict[str, Any]]:
    """The gradients by the input and by the parameters."""
    x_hat, r = saved
    d_hat = delta * w[f"{name}.gamma"]
    along = (d_hat * x_hat).mean(axis=-1, keepdims=True)
    d_x = r * (d_hat - d_hat.mean(axis=-1, keepdims=True) - x_hat * along)
    return d_x, {f"{name}.gamma": (delta * x_hat).sum(axis=(0, 1)), f"{name}.beta": delta.sum(axis=(0, 1))}


def attended(w: Mapping[str, Any], x: Any) -> tuple[Any, Any]:
    """Attention of every head, joined."""
    count = len(w["asked.bq"])
    q, k, v = (split(x @ flat(w[f"asked.W{each}"]) + w[f"asked.b{each}"].reshape(-1), count) for each in "qkv")
    scores = q @ k.swapaxes(2, 3) * scale(q)
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    joined = join(p @ v)
    return joined @ w["asked.Wo"].reshape(joined.shape[-1], -1) + w["asked.bo"], (x, q, k, v, p, joined)


def attended_back(w: Mapping[str, Any], saved: Any, delta: Any) -> tuple[Any, dict[str, Any]]:
    """The gradients by the input and by the parameters."""
    x, q, k, v, p, joined = saved
    output = by_weights("asked", joined, delta)
    gradients = {"asked.Wo": output["asked.W"].reshape(w["asked.Wo"].shape), "asked.bo": output["asked.b"]}
    d_mixed = split(delta @ w["asked.Wo"].reshape(joined.shape[-1], -1).T, q.shape[1])
    d_p = d_mixed @ v.swapaxes(2, 3)
    d_scores = p * (d_p - (d_p * p).sum(axis=-1, keepdims=True)) * scale(q)
    d_x = np.zeros_like(x)
    for each, d_heads in (
        ("q", d_scores @ k),
        ("k", d_scores.swapaxes(2, 3) @ q),
        ("v", p.swapaxes(2, 3) @ d_mixed),
    ):
        d_each = join(d_heads)
        found = by_weights("asked", x, d_each)
        gradients[f"asked.W{each}"] = found["asked.W"].reshape(w[f"asked.W{each}"].shape)
        gradients[f"asked.b{each}"] = found["asked.b"].reshape(w[f"asked.b{each}"].shape)
        d_x += d_each @ flat(w[f"asked.W{each}"]).T
    return d_x, gradients


def flat(weights: Any) -> Any:
    """The weights of all heads side by side."""
    return weights.reshape(len(weights), -1)


def split(x: Any, count: int) -> Any:
    """(n, t, all heads) to (n, head, t, d)."""
    return x.reshape(*x.shape[:2], count, -1).transpose(0, 2, 1, 3)


def join(x: Any) -> Any:
    """(n, head, t, d) to (n, t, all heads)."""
    return x.transpose(0, 2, 1, 3).reshape(len(x), x.shape[2], -1)


def scale(q: Any) -> float:
    """1 / √d, for the width of a head."""
    return 1 / math.sqrt(q.shape[-1])
