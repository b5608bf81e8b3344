"""References for the losses: PyTorch's and JAX's own, as functions of the network's output `a` and the target `y`.

`a` is what the network puts out: logits where the loss has a link. Options and constants come by keyword.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp
from references import Case, F, torch

Inputs = Literal[
    "values",  # two normal arrays of one shape
    "signs",  # a normal, y -1 or 1
    "counts",  # a normal, y 0, 1, 2, ...
    "positive",  # a > 0, y 0, 1, 2, ...
    "unit",  # a in (0, 1), y in [0, 1] with the ends
    "logits",  # a normal, y in [0, 1] with the ends
    "rows",  # a and y rows of probabilities; y labels where it holds integers
    "logit rows",  # a normal rows, y as in `rows`
    "log rows",  # a rows of logarithms of probabilities, y as in `rows`
    "halves",  # a normal, twice as wide as y
]
WEIGHT = (0.5, 2.0, 1.0, 0.25)  # one for each of the four classes, or columns, of every sample
POS_WEIGHT = (3.0, 1.0, 0.5, 2.0)


@dataclass(frozen=True)
class LossReference:
    """How a loss must behave: `torch` and `jax` take `a`, `y`, `reduction` and the case's options and constants.

    `inputs` says what to draw; a case that needs other inputs names them under `inputs`. `extremes` are the entries of
    `a` at which cost and gradient are finite, far out; none for a loss of probabilities. `kinks` are pairs of a and y
    with the derivative there.
    """

    torch: Callable[..., Any]
    jax: Callable[..., Any]
    inputs: Inputs
    cases: tuple[Case, ...] = ({},)
    extremes: tuple[float, ...] = (-1e4, 1e4)
    kinks: tuple[tuple[float, float, float], ...] = ()


def _reduce(values: Any, reduction: str) -> Any:
    return values.mean() if reduction == "mean" else values.sum()


def _torch_cross_entropy(logits: Any, y: Any, reduction: str, targets: str = "labels", **more: Any) -> Any:
    return F.cross_entropy(logits, y, reduction=reduction, **more)


def _torch_cross_entropy_of_probabilities(
    a: Any, y: Any, reduction: str, targets: str = "labels", label_smoothing: float = 0.0, weight: Any = None
) -> Any:
    if targets == "labels" and not label_smoothing:
        return F.nll_loss(torch.log(a), y, weight, reduction=reduction)
    w = torch.ones(a.shape[1], dtype=a.dtype) if weight is None else weight
    q = F.one_hot(y, a.shape[1]).to(a.dtype) if targets == "labels" else y
    total = -((q * (1 - label_smoothing) + label_smoothing / a.shape[1]) * w * torch.log(a)).sum()
    if reduction == "sum":
        return total
    return total / (w[y].sum() if targets == "labels" else len(a))


def _jax_cross_entropy(
    log_p: Any, y: Any, reduction: str, targets: str = "labels", label_smoothing: float = 0.0, weight: Any = None
) -> Any:
    classes = log_p.shape[1]
    w = jnp.ones(classes) if weight is None else weight
    q = jax.nn.one_hot(y, classes) if targets == "labels" else y
    q = (1 - label_smoothing) * q + label_smoothing / classes
    total = -(q * w * log_p).sum()
    if reduction == "sum":
        return total
    return total / (w[y].sum() if targets == "labels" else log_p.shape[0])


def _jax_binary(log_p: Any, log_q: Any, y: Any, reduction: str, weight: Any = 1.0, pos_weight: Any = 1.0) -> Any:
    return _reduce(-weight * (pos_weight * y * log_p + (1 - y) * log_q), reduction)


def _torch_kl(a: Any, y: Any, reduction: str, log_input: bool = False, per_entry: bool = False) -> Any:
    values = F.kl_div(a if log_input else torch.log(a), y, reduction="none")
    return _reduce(values if per_entry else values.sum(-1), reduction)


def _jax_kl(a: Any, y: Any, reduction: str, log_input: bool = False, per_entry: bool = False) -> Any:
    values = jax.scipy.special.xlogy(y, y) - y * (a if log_input else jnp.log(a))
    return _reduce(values if per_entry else values.sum(-1), reduction)


def _torch_gaussian(a: Any, y: Any, reduction: str) -> Any:
    mean, log_variance = a.chunk(2, -1)
    return F.gaussian_nll_loss(mean, y, torch.exp(log_variance), eps=1e-300, reduction=reduction)


def _jax_gaussian(a: Any, y: Any, reduction: str) -> Any:
    mean, log_variance = jnp.split(a, 2, -1)
    return _reduce(log_variance / 2 + ((y - mean) * jnp.exp(-log_variance / 2)) ** 2 / 2, reduction)


def _jax_huber(a: Any, y: Any, reduction: str, delta: float = 1.0) -> Any:
    r = jnp.abs(a - y)
    inner = jnp.minimum(r, delta)
    return _reduce(inner**2 / 2 + delta * (r - inner), reduction)


def _jax_log_cosh(a: Any, y: Any, reduction: str) -> Any:
    return _reduce(jnp.logaddexp(a - y, y - a) - math.log(2), reduction)


def _jax_cosine(a: Any, y: Any, reduction: str) -> Any:
    return _reduce(1 - (a * y).sum(-1) / jnp.linalg.norm(a, axis=-1) / jnp.linalg.norm(y, axis=-1), reduction)


def _torch_poisson(a: Any, y: Any, reduction: str, log_input: bool = True, epsilon: float = 1e-8) -> Any:
    return F.poisson_nll_loss(a, y, log_input=log_input, eps=epsilon, reduction=reduction)


def _jax_poisson(a: Any, y: Any, reduction: str, log_input: bool = True, epsilon: float = 1e-8) -> Any:
    return _reduce(jnp.exp(a) - y * a if log_input else a - y * jnp.log(a + epsilon), reduction)


_CROSS_ENTROPY_CASES: tuple[Case, ...] = (
    {},
    {"label_smoothing": 0.1},
    {"weight": WEIGHT},
    {"weight": WEIGHT, "label_smoothing": 0.2},
    {"targets": "probabilities"},
    {"targets": "probabilities", "label_smoothing": 0.1},
    {"targets": "probabilities", "weight": WEIGHT},
    {"targets": "probabilities", "weight": WEIGHT, "label_smoothing": 0.2},
)

LOSSES: dict[str, LossReference] = {
    "mse": LossReference(
        lambda a, y, reduction: F.mse_loss(a, y, reduction=reduction),
        lambda a, y, reduction: _reduce((a - y) ** 2, reduction),
        "values",
    ),
    "mae": LossReference(
        lambda a, y, reduction: F.l1_loss(a, y, reduction=reduction),
        lambda a, y, reduction: _reduce(jnp.abs(a - y), reduction),
        "values",
        kinks=((1.0, 1.0, 0.0),),
    ),
    "huber": LossReference(
        lambda a, y, reduction, delta=1.0: F.huber_loss(a, y, reduction=reduction, delta=delta),
        _jax_huber,
        "values",
        ({}, {"delta": 0.4}),
        kinks=((1.0, 0.0, 1.0), (-1.0, 0.0, -1.0), (0.0, 0.0, 0.0)),
    ),
    "smooth_l1": LossReference(
        lambda a, y, reduction, beta=1.0: F.smooth_l1_loss(a, y, reduction=reduction, beta=beta),
        lambda a, y, reduction, beta=1.0: _jax_huber(a, y, reduction, beta) / beta,
        "values",
        ({}, {"beta": 0.4}),
        kinks=((1.0, 0.0, 1.0), (-1.0, 0.0, -1.0), (0.0, 0.0, 0.0)),
    ),
    "log_cosh": LossReference(
        lambda a, y, reduction: _reduce(torch.logaddexp(a - y, y - a) - math.log(2), reduction),
        _jax_log_cosh,
        "values",
    ),
    "binary_cross_entropy": LossReference(
        lambda a, y, reduction, weight=None: F.binary_cross_entropy(a, y, weight, reduction=reduction),
        lambda a, y, reduction, **more: _jax_binary(jnp.log(a), jnp.log1p(-a), y, reduction, **more),
        "unit",
        ({}, {"weight": WEIGHT}),
        extremes=(),
    ),
    "bce_with_logits": LossReference(
        lambda a, y, reduction, weight=None, pos_weight=None: F.binary_cross_entropy_with_logits(
            a, y, weight, pos_weight=pos_weight, reduction=reduction
        ),
        lambda a, y, reduction, **more: _jax_binary(
            jax.nn.log_sigmoid(a), jax.nn.log_sigmoid(-a), y, reduction, **more
        ),
        "logits",
        ({}, {"weight": WEIGHT}, {"pos_weight": POS_WEIGHT}, {"weight": WEIGHT, "pos_weight": POS_WEIGHT}),
    ),
    "cross_entropy": LossReference(
        _torch_cross_entropy_of_probabilities,
        lambda a, y, reduction, **more: _jax_cross_entropy(jnp.log(a), y, reduction, **more),
        "rows",
        _CROSS_ENTROPY_CASES,
        extremes=(),
    ),
    "softmax_cross_entropy": LossReference(
        _torch_cross_entropy,
        lambda a, y, reduction, **more: _jax_cross_entropy(jax.nn.log_softmax(a, -1), y, reduction, **more),
        "logit rows",
        _CROSS_ENTROPY_CASES,
    ),
    "nll": LossReference(
        lambda a, y, reduction, weight=None: F.nll_loss(a, y, weight, reduction=reduction),
        lambda a, y, reduction, weight=None: _jax_cross_entropy(a, y, reduction, weight=weight),
        "log rows",
        ({}, {"weight": WEIGHT}),
    ),
    "kl_divergence": LossReference(
        _torch_kl,
        _jax_kl,
        "rows",
        (
            {},
            {"per_entry": True},
            {"log_input": True, "inputs": "log rows"},
            {"log_input": True, "per_entry": True, "inputs": "log rows"},
        ),
        extremes=(),
    ),
    "hinge": LossReference(
        lambda a, y, reduction: _reduce(F.relu(1 - y * a), reduction),
        lambda a, y, reduction: _reduce(jax.nn.relu(1 - y * a), reduction),
        "signs",
        kinks=((1.0, 1.0, 0.0), (-1.0, -1.0, 0.0)),
    ),
    "squared_hinge": LossReference(
        lambda a, y, reduction: _reduce(F.relu(1 - y * a).square(), reduction),
        lambda a, y, reduction: _reduce(jax.nn.relu(1 - y * a) ** 2, reduction),
        "signs",
        kinks=((1.0, 1.0, 0.0),),
    ),
    "poisson_nll": LossReference(
        _torch_poisson,
        _jax_poisson,
        "counts",
        ({}, {"log_input": False, "inputs": "positive"}),
        extremes=(-1e4,),
    ),
    "gaussian_nll": LossReference(_torch_gaussian, _jax_gaussian, "halves", extremes=(1e4,)),
    "cosine": LossReference(
        lambda a, y, reduction: _reduce(1 - F.cosine_similarity(a, y, -1), reduction), _jax_cosine, "values"
    ),
}
