"""LeNet: convolutions as products with columns, one for each place of the window (`im2col`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from benchmarks.speed.by_hand import dense


def forward(w: Mapping[str, Any], x: Any) -> tuple[Any, Any]:
    """Twice a convolution, ReLU and the maximum of two by two, then dense layers."""
    z_1, columns_1 = convolved(x, w["conv2d_1.W"], w["conv2d_1.b"], padding=2)
    p_1, a_1 = pooled(np.maximum(z_1, 0))
    z_2, columns_2 = convolved(p_1, w["conv2d_2.W"], w["conv2d_2.b"], padding=0)
    p_2, a_2 = pooled(np.maximum(z_2, 0))
    output, saved = dense.forward(w, p_2.reshape(len(x), -1), dense.RELU)
    return output, ((z_1, columns_1, a_1, p_1), (z_2, columns_2, a_2, p_2), saved)


def backward(w: Mapping[str, Any], saved: Any, delta: Any) -> dict[str, Any]:
    """The same way back."""
    (z_1, columns_1, a_1, p_1), (z_2, columns_2, a_2, p_2), within = saved
    gradients, delta = dense.backwards(w, within, delta, dense.RELU)
    delta = (delta @ w["dense_1.W"].T).reshape(p_2.shape)
    delta = unpooled(delta, a_2, p_2) * (z_2 > 0)
    gradients["conv2d_2.W"], gradients["conv2d_2.b"] = by_filters(delta, columns_2, w["conv2d_2.W"])
    delta = by_input(delta, w["conv2d_2.W"], p_1.shape)
    delta = unpooled(delta, a_1, p_1) * (z_1 > 0)
    gradients["conv2d_1.W"], gradients["conv2d_1.b"] = by_filters(delta, columns_1, w["conv2d_1.W"])
    return gradients


def convolved(x: Any, filters: Any, bias: Any, padding: int) -> tuple[Any, Any]:
    """The result, and the columns: a row for each place, in it the window at that place."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = sliding_window_view(x, filters.shape[2:], axis=(2, 3))  # (n, c, p, q, u, v)
    n, _, high, wide, _, _ = windows.shape
    columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * high * wide, -1)
    z = columns @ filters.reshape(len(filters), -1).T + bias
    return z.reshape(n, high, wide, -1).transpose(0, 3, 1, 2), columns


def by_filters(delta: Any, columns: Any, filters: Any) -> tuple[Any, Any]:
    """The gradients of filters and bias."""
    rows = delta.transpose(0, 2, 3, 1).reshape(-1, len(filters))
    return (rows.T @ columns).reshape(filters.shape), rows.sum(axis=0)


def by_input(delta: Any, filters: Any, shape: tuple[int, ...]) -> Any:
    """The gradient of what was convolved without padding: every column goes back to its window (`col2im`)."""
    n, o, high, wide = delta.shape
    rows = delta.transpose(0, 2, 3, 1).reshape(-1, o)
    columns = (rows @ filters.reshape(o, -1)).reshape(n, high, wide, *filters.shape[1:])
    d_x = np.zeros(shape, delta.dtype)
    for u in range(filters.shape[2]):
        for v in range(filters.shape[3]):
            d_x[:, :, u : u + high, v : v + wide] += columns[..., u, v].transpose(0, 3, 1, 2)
    return d_x


def pooled(a: Any) -> tuple[Any, Any]:
    """The maximum of two by two, and its input cut into such squares."""
    n, c, high, wide = a.shape
    squares = a.reshape(n, c, high // 2, 2, wide // 2, 2)
    return squares.max(axis=(3, 5)), squares


def unpooled(delta: Any, squares: Any, maxima: Any) -> Any:
    """The error goes to what was the maximum."""
    n, c, high, _, wide, _ = squares.shape
    won = squares == maxima[:, :, :, None, :, None]
    return (won * delta[:, :, :, None, :, None]).reshape(n, c, 2 * high, 2 * wide)
