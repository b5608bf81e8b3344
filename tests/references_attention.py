"""References for attention and embeddings: each a function of the layer's inputs and parameters by name, in JAX."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Attending:
    """A layer with options: `shapes` of one example of each input; those in `whole` hold so many whole numbers."""

    jax: Callable[..., Any]
    shapes: Mapping[str, Shape]
    options: Mapping[str, Any] = field(default_factory=dict)
    whole: Mapping[str, int] = field(default_factory=dict)


def _hidden(scores: Any, causal: bool, mask: Any) -> Any:
    """-inf where a place may not be asked; `scores` end in (asking, asked), after the batch and the heads."""
    if causal:
        scores = jnp.where(jnp.arange(scores.shape[-1]) <= jnp.arange(scores.shape[-2])[:, None], scores, -jnp.inf)
    if mask is not None:
        scores = jnp.where(mask.reshape(len(mask), *[1] * (scores.ndim - 2), -1) == 1, scores, -jnp.inf)
    return scores


def _dot_product(causal: bool = False) -> Callable[..., Any]:
    def attend(q: Any, k: Any, v: Any, mask: Any = None) -> Any:
        scores = jnp.einsum("ntd,nud->ntu", q, k) / math.sqrt(q.shape[-1])
        return jax.nn.softmax(_hidden(scores, causal, mask), axis=-1) @ v

    return attend


def _turned(x: Any, base: float) -> Any:
    """Rotary positions of (n, t, ..., 2, e), in complex numbers."""
    places, half = x.shape[1], x.shape[-1]
    angle = np.arange(places)[:, None] * base ** (-np.arange(half) / half)
    angle = angle.reshape(places, *[1] * (x.ndim - 4), half)
    turned = (x[..., 0, :] + 1j * x[..., 1, :]) * jnp.exp(1j * angle)
    return jnp.concatenate([turned.real, turned.imag], axis=-1)


def _heads(causal: bool = False, rotary: bool = False, base: float = 10000.0) -> Callable[..., Any]:
    """Heads of keys and values are repeated for every head of questions that shares them."""

    def attend(x: Any, Wo: Any, bo: Any = 0.0, context: Any = None, mask: Any = None, **more: Any) -> Any:  # noqa: N803
        asked = x if context is None else context
        q, k, v = (
            jnp.tensordot(read, more[f"W{name}"], 1) + more.get(f"b{name}", 0.0)
            for name, read in (("q", x), ("k", asked), ("v", asked))
        )
        if rotary:
            q, k = _turned(q, base), _turned(k, base)
        q = q.reshape(*q.shape[:2], -1, q.shape[-1])  # (n, t, h, d)
        k, v = (jnp.repeat(a, q.shape[2] // a.shape[2], axis=2) for a in (k, v))
        scores = jnp.einsum("nthd,nuhd->nhtu", q, k) / math.sqrt(q.shape[-1])
        weights = jax.nn.softmax(_hidden(scores, causal, mask), axis=-1)
        seen = jnp.einsum("nhtu,nuhd->nthd", weights, v)
        return jnp.tensordot(seen, Wo.reshape(*seen.shape[2:], -1), 2) + bo

    return attend


def _case(shapes: Mapping[str, Shape], **options: Any) -> Attending:
    read = {k: v for k, v in options.items() if k in ("causal", "rotary", "base")}
    return Attending(_heads(**read), shapes, {"heads": 4, **options})


_SELF: Mapping[str, Shape] = {"x": (3, 16)}
_CROSS: Mapping[str, Shape] = {**_SELF, "context": (5, 3)}
_MASKED: Mapping[str, Shape] = {**_SELF, "mask": (3,)}
_BOTH: Mapping[str, Shape] = {**_CROSS, "mask": (5,)}

ATTENTION: Mapping[str, tuple[Attending, ...]] = {
    "attention": tuple(
        Attending(_dot_product(causal), {"q": (3, 4), "k": (5, 4), "v": (5, 2), **mask}, {"causal": causal})
        for causal in (False, True)
        for mask in ({}, {"mask": (5,)})
    ),
    "multi_head_attention": (  # every pair of choices: see the test
        _case(_SELF),
        _case({"x": (1, 8)}, causal=True, rotary=True, base=100.0),
        _case({"x": (5, 6)}, heads=1, causal=True, rotary=True),
        _case(_SELF, kv_heads=2, bias=False),
        _case(_MASKED, kv_heads=1, rotary=True),
        _case(_MASKED, causal=True, bias=False),
        _case(_MASKED, causal=True, rotary=True, bias=False, kv_heads=2),
        _case(_CROSS, kv_heads=2, causal=True),
        _case(_CROSS, rotary=True, bias=False),
        _case(_BOTH),
        _case(_BOTH, kv_heads=4, causal=True, rotary=True, bias=False),
    ),
    "embedding": (
        Attending(lambda x, E: E[x], {"x": ()}, {"tokens": 5, "units": 3}, {"x": 5}),  # noqa: N803
        Attending(lambda x, E: E[x], {"x": (4, 2)}, {"tokens": 2, "units": 1}, {"x": 2}),  # noqa: N803
        Attending(
            lambda x, E: jnp.where((x == 1)[..., None], 0.0, E[x]),  # noqa: N803
            {"x": (6,)},
            {"tokens": 3, "units": 4, "padding": 1},
            {"x": 3},
        ),
    ),
    "padding_mask": (
        Attending(lambda x: (x != 0).astype(float), {"x": (7,)}, {}, {"x": 3}),
        Attending(lambda x: (x != 2).astype(float), {"x": (3, 2)}, {"padding": 2}, {"x": 3}),
    ),
}
