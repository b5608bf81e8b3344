"""Embedding, LSTM, dense."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def sigmoid(z: Any) -> Any:
    """The logistic function."""
    return 1 / (1 + np.exp(-z))


def forward(w: Mapping[str, Any], x: Any) -> tuple[Any, Any]:
    """A loop over time; the gates of every place are saved."""
    embedded = w["embedding_1.E"][x]
    input_weights, weights = (w[f"lstm_1.{name}"].reshape(len(w[f"lstm_1.{name}"]), -1) for name in "WV")
    bias = (w["lstm_1.b"] + w["lstm_1.b_h"]).reshape(-1)
    h = c = np.zeros((len(x), len(weights)), embedded.dtype)
    states, gates = [(h, c)], []
    for t in range(x.shape[1]):
        z = embedded[:, t] @ input_weights + h @ weights + bias
        i, f, g, o = np.split(z, 4, axis=1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        c = f * c + i * g
        h = o * np.tanh(c)
        states.append((h, c))
        gates.append((i, f, g, o))
    hidden = np.stack([h for h, _ in states[1:]], axis=1)
    return hidden @ w["dense_1.W"] + w["dense_1.b"], (x, embedded, states, gates, hidden)


def backward(w: Mapping[str, Any], saved: Any, delta: Any) -> dict[str, Any]:
    """Through time, the last place first."""
    x, embedded, states, gates, hidden = saved
    input_weights, weights = (w[f"lstm_1.{name}"].reshape(len(w[f"lstm_1.{name}"]), -1) for name in "WV")
    d_input_weights, d_weights = np.zeros_like(input_weights), np.zeros_like(weights)
    d_bias = np.zeros_like(weights[0])
    d_hidden, d_embedded = delta @ w["dense_1.W"].T, np.zeros_like(embedded)
    d_h = d_c = np.zeros_like(states[0][0])
    for t in reversed(range(x.shape[1])):
        (i, f, g, o), (_, c), (h_before, c_before) = gates[t], states[t + 1], states[t]
        d_h = d_h + d_hidden[:, t]
        e = np.tanh(c)
        d_c = d_c + d_h * o * (1 - e**2)
        d_z = np.concatenate(
            [d_c * g * i * (1 - i), d_c * c_before * f * (1 - f), d_c * i * (1 - g**2), d_h * e * o * (1 - o)], axis=1
        )
        d_input_weights += embedded[:, t].T @ d_z
        d_weights += h_before.T @ d_z
        d_bias += d_z.sum(axis=0)
        d_embedded[:, t] = d_z @ input_weights.T
        d_h, d_c = d_z @ weights.T, d_c * f
    d_rows = np.zeros_like(w["embedding_1.E"])
    np.add.at(d_rows, x, d_embedded)
    return {
        "embedding_1.E": d_rows,
        "lstm_1.W": d_input_weights.reshape(w["lstm_1.W"].shape),
        "lstm_1.V": d_weights.reshape(w["lstm_1.V"].shape),
        "lstm_1.b": d_bias.reshape(w["lstm_1.b"].shape),
        "lstm_1.b_h": d_bias.reshape(w["lstm_1.b"].shape),
        "dense_1.W": hidden.reshape(-1, hidden.shape[2]).T @ delta.reshape(-1, delta.shape[2]),
        "dense_1.b": delta.sum(axis=(0, 1)),
    }
