"""Three dense layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Activation = tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]  # f(z), and f'(z) by z and f(z)
RELU: Activation = (lambda z: np.maximum(z, 0), lambda z, a: (z > 0).astype(z.dtype))
TANH: Activation = (np.tanh, lambda z, a: 1 - a**2)


def forward(w: Mapping[str, Any], x: Any, activation: Activation) -> tuple[Any, Any]:
    """Weighted inputs and activations of every layer are saved."""
    z, a = [], [x]
    for k in (1, 2, 3):
        z.append(a[-1] @ w[f"dense_{k}.W"] + w[f"dense_{k}.b"])
        a.append(activation[0](z[-1]) if k < 3 else z[-1])
    return a[-1], (z, a)


def backward(w: Mapping[str, Any], saved: Any, delta: Any, activation: Activation) -> dict[str, Any]:
    """The gradients alone."""
    return backwards(w, saved, delta, activation)[0]


def backwards(w: Mapping[str, Any], saved: Any, delta: Any, activation: Activation) -> tuple[dict[str, Any], Any]:
    """From the last layer to the first; the error of the first too."""
    z, a = saved
    gradients = {}
    for k in (3, 2, 1):
        gradients[f"dense_{k}.W"] = a[k - 1].T @ delta
        gradients[f"dense_{k}.b"] = delta.sum(axis=0)
        if k > 1:
            delta = (delta @ w[f"dense_{k}.W"].T) * activation[1](z[k - 2], a[k - 1])
    return gradients, delta
