"""Layers with windows, and what resizes: cases with functions of JAX and of PyTorch, at ranks of their own.

Where a case pads by a word, what it means is computed here, as TensorFlow's documentation has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from references import F, torch

Shape = tuple[int, ...]
Options = Mapping[str, Any]


@dataclass(frozen=True)
class Windowed:
    """Shapes of the input and of parameters, the options, and the layer in both libraries: `f(x, **parameters)`."""

    shape: Shape
    options: Options
    jax: Callable[..., Any]
    torch: Callable[..., Any]
    parameters: Mapping[str, Shape] = field(default_factory=dict)


def _each(value: Any, rank: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, tuple) else (value,) * rank


def _pads(options: Options, shape: Shape, kernel: Shape, stride: Shape, dilation: Shape) -> list[tuple[int, int]]:
    """Zeros before and behind each axis."""
    given = options.get("padding", 0)
    if given == "valid":
        return [(0, 0)] * len(kernel)
    if given == "same":
        covered = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
        totals = [
            max((-(-size // s) - 1) * s + c - size, 0) for size, s, c in zip(shape[2:], stride, covered, strict=True)
        ]
        return [(total // 2, total - total // 2) for total in totals]
    return [(p, p) for p in _each(given, len(kernel))]


def _torch_pad(x: Any, pads: list[tuple[int, int]], value: float = 0.0) -> Any:
    return F.pad(x, [p for pair in reversed(pads) for p in pair], value=value)


def _convolution(shape: Shape, depthwise: bool = False, **options: Any) -> Windowed:
    rank = len(shape) - 2
    kernel, stride, dilation = (_each(options.get(o, 1), rank) for o in ("kernel_size", "stride", "dilation"))
    pads = _pads(options, shape, kernel, stride, dilation)
    groups = shape[1] if depthwise else options.get("groups", 1)
    filters = shape[1] * options.get("depth_multiplier", 1) if depthwise else options["filters"]
    weight = (shape[1], filters // shape[1], *kernel) if depthwise else (filters, shape[1] // groups, *kernel)

    def with_jax(x: Any, W: Any, b: Any = None) -> Any:  # noqa: N803
        W = W.reshape(filters, shape[1] // groups, *kernel)  # noqa: N806
        z = jax.lax.conv_general_dilated(x, W, stride, pads, rhs_dilation=dilation, feature_group_count=groups)
        return z if b is None else z + b.reshape(-1, *[1] * rank)

    def with_torch(x: Any, W: Any, b: Any = None) -> Any:  # noqa: N803
        function = {1: F.conv1d, 2: F.conv2d}[rank]
        W = W.reshape(filters, shape[1] // groups, *kernel)  # noqa: N806
        return function(_torch_pad(x, pads), W, b, stride, 0, dilation, groups)

    parameters = {"W": weight, **({"b": (filters,)} if options.get("bias", True) else {})}
    return Windowed(shape, options, with_jax, with_torch, parameters)


def _transposed(shape: Shape, **options: Any) -> Windowed:
    rank = len(shape) - 2
    kernel, stride, dilation, more = (
        _each(options.get(o, default), rank)
        for o, default in (("kernel_size", 1), ("stride", 1), ("dilation", 1), ("output_padding", 0))
    )
    groups, filters = options.get("groups", 1), options["filters"]
    covered = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    word = options.get("padding", 0)
    if word in ("same", "valid"):  # the output has stride * size positions, and in full the rest of the kernel too
        cuts = [max(c - s, 0) if word == "same" else 0 for c, s in zip(covered, stride, strict=True)]
        ends = [(cut // 2, cut - cut // 2 - max(s - c, 0)) for cut, c, s in zip(cuts, covered, stride, strict=True)]
    else:
        ends = [(p, p) for p in _each(word, rank)]

    def with_jax(x: Any, W: Any, b: Any = None) -> Any:  # noqa: N803
        each = W.reshape(groups, shape[1] // groups, filters // groups, *kernel).swapaxes(1, 2)
        flipped = jnp.flip(each.reshape(filters, shape[1] // groups, *kernel), range(2, 2 + rank))
        pads = [(c - 1 - lo, c - 1 - hi + a) for c, (lo, hi), a in zip(covered, ends, more, strict=True)]
        z = jax.lax.conv_general_dilated(
            x, flipped, (1,) * rank, pads, lhs_dilation=stride, rhs_dilation=dilation, feature_group_count=groups
        )
        return z if b is None else z + b.reshape(-1, *[1] * rank)

    def with_torch(x: Any, W: Any, b: Any = None) -> Any:  # noqa: N803
        function = {1: F.conv_transpose1d, 2: F.conv_transpose2d}[rank]
        if isinstance(word, str):
            whole = function(x, W, None, stride, 0, 0, groups, dilation)
            z = _torch_pad(whole, [(-lo, -hi) for lo, hi in ends])
            return z if b is None else z + b.reshape(-1, *[1] * rank)
        return function(x, W, b, stride, word, more, groups, dilation)

    parameters = {"W": (shape[1], filters // groups, *kernel)}
    parameters |= {"b": (filters,)} if options.get("bias", True) else {}
    return Windowed(shape, options, with_jax, with_torch, parameters)


def _pool(shape: Shape, kind: str, **options: Any) -> Windowed:
    rank = len(shape) - 2
    kernel = _each(options["kernel_size"], rank)
    stride = _each(options.get("stride", kernel), rank)
    pads = _pads(options, shape, kernel, stride, (1,) * rank)
    window, steps, borders = (1, 1, *kernel), (1, 1, *stride), [(0, 0), (0, 0), *pads]
    counted = options.get("count_include_pad", True)

    def summed(x: Any) -> Any:
        return jax.lax.reduce_window(x, 0.0, jax.lax.add, window, steps, borders)

    def with_jax(x: Any) -> Any:
        if kind == "max":
            return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, steps, borders)
        return summed(x) / (prod(kernel) if counted else summed(jnp.ones_like(x)))

    def with_torch(x: Any) -> Any:
        if kind == "max":
            return getattr(F, f"max_pool{rank}d")(_torch_pad(x, pads, float("-inf")), kernel, stride)
        function = getattr(F, f"avg_pool{rank}d")
        mean = function(_torch_pad(x, pads), kernel, stride)
        if counted:
            return mean
        return mean / function(_torch_pad(torch.ones_like(x), pads), kernel, stride)

    return Windowed(shape, options, with_jax, with_torch)


def _adaptive(shape: Shape, size: Any) -> Windowed:
    rank = len(shape) - 2

    def with_jax(x: Any) -> Any:
        sizes = _each(size, rank)
        blocks = [part for n, q in zip(shape[2:], sizes, strict=True) for part in (q, n // q)]
        return x.reshape(*shape[:2], *blocks).mean(axis=tuple(range(3, 3 + 2 * rank, 2)))

    function = {1: "adaptive_avg_pool1d", 2: "adaptive_avg_pool2d"}[rank]
    return Windowed(shape, {"output_size": size}, with_jax, lambda x: getattr(F, function)(x, size))


def _global(shape: Shape, kind: str) -> Windowed:
    axes = tuple(range(2, len(shape)))
    if kind == "mean":
        return Windowed(shape, {}, lambda x: x.mean(axes), lambda x: x.mean(axes))
    return Windowed(shape, {}, lambda x: x.max(axes), lambda x: x.flatten(2).max(-1).values)


def _resized(shape: Shape, mode: str, **options: Any) -> Windowed:
    rank = len(shape) - 2
    factors = _each(options["scale_factor"], rank)
    corners = options.get("align_corners", False)

    def with_jax(x: Any) -> Any:
        if mode == "nearest":
            for axis, factor in enumerate(factors):
                x = jnp.repeat(x, factor, axis=2 + axis)
            return x
        out = tuple(n * f for n, f in zip(shape[2:], factors, strict=True))
        if not corners:
            return jax.image.resize(x, (*shape[:2], *out), "linear")
        steps = [jnp.arange(m) * ((n - 1) / max(m - 1, 1)) for n, m in zip(shape[2:], out, strict=True)]
        grid = jnp.meshgrid(*steps, indexing="ij")
        each = jax.vmap(jax.vmap(lambda a: jax.scipy.ndimage.map_coordinates(a, grid, 1)))
        return each(x)

    def with_torch(x: Any) -> Any:
        name = {"nearest": "nearest", "linear": {1: "linear", 2: "bilinear"}[rank]}[mode]
        return F.interpolate(
            x, scale_factor=list(factors), mode=name, align_corners=None if mode == "nearest" else corners
        )

    return Windowed(shape, options, with_jax, with_torch)


IMAGE, ROW = (2, 4, 7, 5), (2, 4, 9)
WINDOWED: dict[str, list[Windowed]] = {
    "conv1d": [
        _convolution(ROW, filters=3, kernel_size=3),
        _convolution(ROW, filters=3, kernel_size=3, stride=2, padding=1, bias=False),
        _convolution(ROW, filters=3, kernel_size=2, dilation=3, padding=2),
        _convolution(ROW, filters=3, kernel_size=2, dilation=3, bias=False),
        _convolution(ROW, filters=6, kernel_size=3, groups=2, padding="same"),
        _convolution(ROW, filters=4, kernel_size=4, groups=4, padding="same", stride=2, bias=False),
        _convolution(ROW, filters=2, kernel_size=2, groups=2, dilation=2, stride=3),
        _convolution(ROW, filters=4, kernel_size=2, groups=2, dilation=3, stride=2, padding="same", bias=False),
        _convolution((1, 1, 1), filters=1, kernel_size=1),
        _convolution((3, 1, 2), filters=2, kernel_size=3, padding=5),
        _convolution(ROW, filters=2, kernel_size=2, stride=4, padding="valid"),
    ],
    "conv2d": [
        _convolution(IMAGE, filters=3, kernel_size=3),
        _convolution(IMAGE, filters=3, kernel_size=(3, 2), stride=(2, 1), padding=(1, 2), bias=False),
        _convolution(IMAGE, filters=8, kernel_size=3, padding=1),
        _convolution(IMAGE, filters=3, kernel_size=(2, 3), dilation=(2, 1), padding=2),
        _convolution(IMAGE, filters=3, kernel_size=2, dilation=2, stride=2, bias=False),
        _convolution(IMAGE, filters=6, kernel_size=(2, 3), groups=2, padding="same"),
        _convolution(IMAGE, filters=4, kernel_size=3, groups=4, padding="same", stride=(2, 3), bias=False),
        _convolution(IMAGE, filters=2, kernel_size=2, groups=2, dilation=(1, 2), stride=(3, 1), padding=(1, 2)),
        _convolution(IMAGE, filters=4, kernel_size=2, groups=2, dilation=(3, 2), stride=2, padding="same", bias=False),
        _convolution(IMAGE, filters=5, kernel_size=1),
        _convolution(IMAGE, filters=5, kernel_size=1, stride=2, bias=False),
        _convolution(IMAGE, filters=2, kernel_size=2, stride=3, padding="valid"),
        _convolution(IMAGE, filters=2, kernel_size=(7, 5)),
        _convolution((1, 1, 1, 1), filters=1, kernel_size=1),
        _convolution((1, 2, 1, 6), filters=3, kernel_size=(1, 3), padding=(0, 1)),
        _convolution((3, 1, 2, 2), filters=2, kernel_size=3, padding=4),
    ],
    "depthwise_conv1d": [
        _convolution(ROW, True, kernel_size=3),
        _convolution(ROW, True, kernel_size=3, padding="same", stride=2, depth_multiplier=2, bias=False),
        _convolution(ROW, True, kernel_size=2, dilation=3, depth_multiplier=3),
        _convolution(ROW, True, kernel_size=2, dilation=3, stride=2, padding="same", depth_multiplier=2, bias=False),
    ],
    "depthwise_conv2d": [
        _convolution(IMAGE, True, kernel_size=3, padding=1),
        _convolution(IMAGE, True, kernel_size=(3, 2), stride=2, depth_multiplier=2, bias=False),
        _convolution(IMAGE, True, kernel_size=2, dilation=(2, 3), depth_multiplier=3, padding=2),
        _convolution(
            IMAGE, True, kernel_size=2, dilation=(2, 3), stride=(2, 3), padding=(2, 1), depth_multiplier=2, bias=False
        ),
        _convolution((1, 3, 4, 1), True, kernel_size=1),
    ],
    "conv_transpose1d": [
        _transposed(ROW, filters=3, kernel_size=3),
        _transposed(ROW, filters=3, kernel_size=3, stride=2, padding=1, output_padding=1, bias=False),
        _transposed(ROW, filters=6, kernel_size=2, stride=3, groups=2),
        _transposed(
            ROW, filters=4, kernel_size=2, groups=2, dilation=3, stride=2, padding=5, output_padding=1, bias=False
        ),
        _transposed(ROW, filters=2, kernel_size=3, stride=2, dilation=2, groups=2, padding="same"),
        _transposed(ROW, filters=2, kernel_size=2, stride=3, padding="same"),
        _transposed(ROW, filters=2, kernel_size=2, stride=3, padding="valid"),
        _transposed((1, 1, 1), filters=1, kernel_size=2),
    ],
    "conv_transpose2d": [
        _transposed(IMAGE, filters=3, kernel_size=3),
        _transposed(IMAGE, filters=3, kernel_size=(3, 2), stride=(2, 1), padding=(1, 0), output_padding=(1, 0)),
        _transposed(IMAGE, filters=3, kernel_size=2, stride=2, bias=False),
        _transposed(IMAGE, filters=6, kernel_size=2, stride=3, groups=2),
        _transposed(
            IMAGE,
            filters=4,
            kernel_size=2,
            groups=4,
            dilation=(2, 1),
            stride=(2, 3),
            padding=(1, 2),
            output_padding=(1, 2),
            bias=False,
        ),
        _transposed(IMAGE, filters=2, kernel_size=(4, 3), stride=2, padding="same"),
        _transposed((1, 3, 1, 2), filters=1, kernel_size=1, stride=2, padding="valid"),
    ],
    "max_pool1d": [
        _pool(ROW, "max", kernel_size=2),
        _pool(ROW, "max", kernel_size=3, stride=1, padding=1),
        _pool(ROW, "max", kernel_size=2, stride=4),
        _pool(ROW, "max", kernel_size=3, stride=2, padding="same"),
    ],
    "max_pool2d": [
        _pool(IMAGE, "max", kernel_size=2),
        _pool(IMAGE, "max", kernel_size=(3, 2), stride=(2, 1), padding=1),
        _pool(IMAGE, "max", kernel_size=2, stride=3),
        _pool(IMAGE, "max", kernel_size=3, stride=2, padding="same"),
        _pool(IMAGE, "max", kernel_size=(7, 5)),
        _pool((1, 1, 1, 1), "max", kernel_size=1),
        _pool((1, 2, 3, 1), "max", kernel_size=(2, 1), padding="valid"),
    ],
    "average_pool1d": [
        _pool(ROW, "average", kernel_size=2),
        _pool(ROW, "average", kernel_size=3, stride=1, padding=1),
        _pool(ROW, "average", kernel_size=3, stride=2, padding=1, count_include_pad=False),
        _pool(ROW, "average", kernel_size=4, stride=2, padding="same", count_include_pad=False),
    ],
    "average_pool2d": [
        _pool(IMAGE, "average", kernel_size=2),
        _pool(IMAGE, "average", kernel_size=(3, 2), stride=(2, 1), padding=1),
        _pool(IMAGE, "average", kernel_size=(3, 2), stride=(2, 1), padding=1, count_include_pad=False),
        _pool(IMAGE, "average", kernel_size=3, stride=2, padding="same", count_include_pad=False),
        _pool(IMAGE, "average", kernel_size=2, stride=3, padding="same"),
        _pool((1, 1, 1, 1), "average", kernel_size=1, count_include_pad=False),
    ],
    "global_average_pool": [_global(shape, "mean") for shape in (IMAGE, ROW, (1, 3, 1, 1))],
    "global_max_pool": [_global(shape, "max") for shape in (IMAGE, ROW, (1, 3, 1, 1))],
    "adaptive_average_pool1d": [_adaptive(ROW, 3), _adaptive(ROW, 1), _adaptive((1, 2, 4), 4)],
    "adaptive_average_pool2d": [_adaptive((2, 3, 6, 4), (3, 2)), _adaptive(IMAGE, 1), _adaptive((1, 2, 4, 1), (2, 1))],
    "upsample_nearest1d": [_resized(ROW, "nearest", scale_factor=3)],
    "upsample_nearest2d": [
        _resized(IMAGE, "nearest", scale_factor=2),
        _resized((1, 1, 1, 3), "nearest", scale_factor=(3, 1)),
    ],
    "upsample_linear1d": [
        _resized(ROW, "linear", scale_factor=2),
        _resized(ROW, "linear", scale_factor=3, align_corners=True),
    ],
    "upsample_bilinear2d": [
        _resized(IMAGE, "linear", scale_factor=2),
        _resized(IMAGE, "linear", scale_factor=(2, 3), align_corners=True),
        _resized((1, 2, 1, 3), "linear", scale_factor=(3, 2)),
        _resized((1, 2, 1, 3), "linear", scale_factor=(3, 2), align_corners=True),
    ],
}
