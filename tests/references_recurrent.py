"""Recurrent layers as plain loops in JAX, and as PyTorch's modules with symbp's parameters put in.

Both take the arrays by symbp's names (`x`, `W`, `V`, `b`, `b_h`, with `_r` for a second direction, `h_0`, `c_0`) and
the options of a case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from references import torch

Arrays = Mapping[str, Any]
GATES = {"simple_rnn": (), "lstm": (4,), "gru": (3,)}
STATES = ("h_0", "c_0")


def shapes(name: str, inputs: int, units: int, options: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """The shapes of the parameters."""
    gates = GATES[name]
    found = {"W": (inputs, *gates, units), "V": (units, *gates, units), "b": (*gates, units), "b_h": (*gates, units)}
    biases = () if not options.get("bias", True) else ("b",) if not options.get("two_biases", True) else ("b", "b_h")
    return {f"{k}{suffix}": found[k] for suffix in _suffixes(options) for k in ("W", "V", *biases)}


def _suffixes(options: Mapping[str, Any]) -> tuple[str, ...]:
    return ("", "_r") if options.get("bidirectional", False) else ("",)


def _weighted(x: Any, w: Any, b: Any) -> Any:
    """Gates along the second axis where there are any."""
    return jnp.tensordot(x, w, 1) + b


def _simple(arrays: Arrays, options: Mapping[str, Any], x: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
    z = _weighted(x, arrays["W"], arrays.get("b", 0)) + _weighted(state[0], arrays["V"], arrays.get("b_h", 0))
    return ({"tanh": jnp.tanh, "relu": jax.nn.relu}[options.get("nonlinearity", "tanh")](z),)


def _lstm(arrays: Arrays, _: Mapping[str, Any], x: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
    h, c = state
    z = _weighted(x, arrays["W"], arrays.get("b", 0)) + _weighted(h, arrays["V"], arrays.get("b_h", 0))
    c = jax.nn.sigmoid(z[:, 1]) * c + jax.nn.sigmoid(z[:, 0]) * jnp.tanh(z[:, 2])
    return jax.nn.sigmoid(z[:, 3]) * jnp.tanh(c), c


def _gru(arrays: Arrays, _: Mapping[str, Any], x: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
    (h,) = state
    u, v = _weighted(x, arrays["W"], arrays.get("b", 0)), _weighted(h, arrays["V"], arrays.get("b_h", 0))
    r, z = jax.nn.sigmoid(u[:, 0] + v[:, 0]), jax.nn.sigmoid(u[:, 1] + v[:, 1])
    return ((1 - z) * jnp.tanh(u[:, 2] + r * v[:, 2]) + z * h,)


RECURRENT: dict[str, Callable[..., tuple[Any, ...]]] = {"simple_rnn": _simple, "lstm": _lstm, "gru": _gru}


def by_jax(name: str, arrays: Arrays, options: Mapping[str, Any]) -> Any:
    """The layer's result, step by step, one direction after the other."""
    reverse = options.get("reverse", False)
    found = []
    for part, suffix in enumerate(_suffixes(options)):
        own = {k: arrays[f"{k}{suffix}"] for k in ("W", "V", "b", "b_h") if f"{k}{suffix}" in arrays}
        initial = {s: arrays[s] for s in STATES if s in arrays}
        if options.get("bidirectional", False):
            initial = {s: value[:, part] for s, value in initial.items()}
        found.append(_one_way(name, arrays["x"], own, initial, options, reverse != bool(part)))
    return jnp.concatenate(found, -1)


def _one_way(name: str, x: Any, arrays: Arrays, initial: Arrays, options: Mapping[str, Any], backwards: bool) -> Any:
    zero, stretch = jnp.zeros((len(x), arrays["V"].shape[-1])), options.get("truncate", 0)
    state = tuple(initial.get(s, zero) for s in (STATES if name == "lstm" else STATES[:1]))
    states = {}
    steps = range(x.shape[1])
    for t in reversed(steps) if backwards else steps:
        if stretch and (t + 1 if backwards else t) % stretch == 0 and t != (steps[-1] if backwards else 0):
            state = tuple(map(jax.lax.stop_gradient, state))
        state = RECURRENT[name](arrays, options, x[:, t], state)
        states[t] = state[0]
    return state[0] if options.get("returns", "all") == "last" else jnp.stack([states[t] for t in steps], 1)


def by_torch(name: str, arrays: Mapping[str, np.ndarray], options: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The result of PyTorch's module, and the leaves whose gradients are those of the arrays, weights transposed."""
    module, leaves = torch_module(name, arrays, options)
    leaves |= {k: torch.tensor(arrays[k], requires_grad=True) for k in ("x", *STATES) if k in arrays}
    return torch_value(module, leaves["x"], options, {s: leaves[s] for s in STATES if s in leaves}), leaves


def torch_value(module: Any, x: Any, options: Mapping[str, Any], initial: Mapping[str, Any] | None = None) -> Any:
    """What a module of PyTorch computes, in symbp's order; the initial states as symbp has them."""
    reverse = options.get("reverse", False)
    count = 2 if module.bidirectional else 1
    zero = torch.zeros(len(x), count, module.hidden_size, dtype=x.dtype)
    given = [(initial or {}).get(s, zero).reshape(zero.shape).transpose(0, 1).contiguous() for s in STATES]
    last = tuple(given) if module.mode == "LSTM" else given[0]
    parts = []
    for part in _stretches(x, options):
        states, last = module(part.flip(1) if reverse else part, last)
        parts.append(states.flip(1) if reverse else states)
        kept, last = last, tuple(s.detach() for s in last) if module.mode == "LSTM" else last.detach()
    last, states = kept, torch.cat(parts[::-1] if reverse else parts, 1)
    if options.get("returns", "all") == "last":
        h = last[0] if module.mode == "LSTM" else last
        return h.transpose(0, 1).flatten(1)
    return states


def _stretches(x: Any, options: Mapping[str, Any]) -> list[Any]:
    """The stretches of a sequence through which gradients flow, in the order in which a module reads them."""
    length = options.get("truncate", 0) or x.shape[1]
    assert length >= x.shape[1] or not options.get("bidirectional"), "PyTorch's module reads both directions at once"
    parts = list(torch.split(x, length, 1))
    return parts[::-1] if options.get("reverse", False) else parts


def torch_module(name: str, arrays: Mapping[str, np.ndarray], options: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """PyTorch's module with these parameters, and its own by symbp's names."""
    inputs, units = arrays["W"].shape[0], arrays["V"].shape[0]
    kind = {"simple_rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}[name]
    more = {"nonlinearity": options.get("nonlinearity", "tanh")} if name == "simple_rnn" else {}
    dtype = torch.float32 if arrays["W"].dtype == np.float32 else torch.float64
    both = options.get("bidirectional", False)
    module = getattr(torch.nn, kind)(inputs, units, batch_first=True, bidirectional=both, dtype=dtype, **more)
    zero = np.zeros((*GATES[name], units))
    flat = {}
    for suffix in _suffixes(options):
        flat |= {
            f"W{suffix}": arrays[f"W{suffix}"].reshape(inputs, -1).T,
            f"V{suffix}": arrays[f"V{suffix}"].reshape(units, -1).T,
            f"b{suffix}": arrays.get(f"b{suffix}", zero).ravel(),
            f"b_h{suffix}": arrays.get(f"b_h{suffix}", zero).ravel(),
        }
    leaves = dict(zip(flat, module.parameters(), strict=True))
    for key, leaf in leaves.items():
        leaf.data = torch.tensor(flat[key].copy(), dtype=dtype)
    return module, {k: v for k, v in leaves.items() if k in arrays}


def as_symbp(tensor: str, gradient: Any, like: np.ndarray) -> np.ndarray:
    """A gradient of PyTorch's in symbp's shape."""
    found = np.asarray(gradient)
    return found if tensor in ("x", *STATES) else (found.T if found.ndim == 2 else found).reshape(like.shape)
