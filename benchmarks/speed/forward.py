"""The networks of the workloads in array code of `numpy`'s kind, for JAX and HIPS autograd: `xp` is the library.

Parameters are a generated module's, by its names and in its layouts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

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


FORWARD: dict[str, Forward] = {"mlp": mlp, "small": small, "recommender": recommender}
