"""What a loss of the catalog computes, four ways: by JAX, by PyTorch, by its derivation, by a generated module.

Each gives the cost, and its gradient at the network's output `a`, which are logits where the loss has a link.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from derived import derive_row, row
from modules import module_of, set_identity
from references import Case, torch
from references_losses import LOSSES

EXAMPLES, CLASSES = 5, 4


@dataclass(frozen=True)
class Drawn:
    """A loss with options and constants, and what it compares."""

    name: str
    options: Mapping[str, Any]
    constants: Mapping[str, Any]
    a: Any
    y: Any


def _softmax(z: Any) -> Any:
    p = np.exp(z - z.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True)


def _draw(kind: str, labels: bool) -> tuple[Any, Any]:
    """The network's output and the target; each target distribution has a 0 in it."""
    rng = np.random.default_rng(2)
    normal, other = rng.normal(size=(2, EXAMPLES, CLASSES))
    counts = rng.poisson(1.5, (EXAMPLES, CLASSES)).astype(float)
    ends = np.where(rng.uniform(size=normal.shape) < 0.5, np.round(_softmax(other)), _softmax(other))
    rows = _softmax(other) * (np.arange(CLASSES) != 1)
    y = rng.integers(0, CLASSES, EXAMPLES) if labels else rows / rows.sum(-1, keepdims=True)
    draws = {
        "values": (normal, other),
        "signs": (normal, np.sign(other)),
        "counts": (normal, counts),
        "positive": (np.exp(normal), counts),
        "unit": (1 / (1 + np.exp(-normal)), ends),
        "logits": (normal, ends),
        "rows": (_softmax(normal), y),
        "logit rows": (normal, y),
        "log rows": (np.log(_softmax(normal)), y),
        "halves": (normal, other[:, : CLASSES // 2]),
    }
    return draws[kind]


def drawn(name: str, case: Case) -> Drawn:
    """Options, constants as arrays, output, target."""
    reference, entry = LOSSES[name], row("loss", name)
    given = {k: v for k, v in case.items() if k != "inputs"}
    constants = {k: np.asarray(v) for k, v in given.items() if entry.option(k) is None}
    a, y = _draw(case.get("inputs", reference.inputs), bool(entry.integer_tensors(given)))
    return Drawn(name, {k: v for k, v in given.items() if k not in constants}, constants, a, y)


def far(name: str) -> tuple[Drawn, ...]:
    """The loss at its extremes, alone and beside ordinary values; none where it has none."""
    extremes = LOSSES[name].extremes
    given = drawn(name, {**LOSSES[name].cases[0], "reduction": "mean"})
    found = []
    for first, last in ((extremes[0], extremes[-1]), (extremes[-1], extremes[0])) if extremes else ():
        a = given.a.copy()
        a[0], a[1], a[2, 0], a[3, 1:] = first, last, first, last
        a[4] = np.resize([first, last], CLASSES)
        found.append(Drawn(name, given.options, given.constants, a, given.y))
    return tuple(found)


def on_kinks(name: str) -> tuple[Drawn, Any]:
    """The loss, summed, on its kinks, and the derivative that the table of kinks states there."""
    kinks = np.array(LOSSES[name].kinks)
    return Drawn(name, {"reduction": "sum"}, {}, kinks[:, :1], kinks[:, 1:2]), kinks[:, 2:]


def by_jax(given: Drawn) -> tuple[Any, Any]:
    """JAX's own functions, differentiated."""
    weights = {k: jnp.asarray(v) for k, v in given.constants.items()}

    def cost(a: Any) -> Any:
        return LOSSES[given.name].jax(a, jnp.asarray(given.y), **given.options, **weights)

    value, gradient = jax.jit(jax.value_and_grad(cost))(jnp.asarray(given.a))
    return value, gradient


def by_torch(given: Drawn) -> tuple[Any, Any]:
    """PyTorch's own function, backwards."""
    leaf = torch.tensor(given.a, requires_grad=True)
    weights = {k: torch.tensor(v) for k, v in given.constants.items()}
    cost = LOSSES[given.name].torch(leaf, torch.tensor(given.y), **given.options, **weights)
    cost.backward()
    return cost.detach().numpy(), leaf.grad.numpy()


def by_derivation(given: Drawn, dtype: Any = np.float64) -> tuple[Any, Any]:
    """The derivation's equations, evaluated."""
    entry = row("loss", given.name)
    constants = {k: tuple(v.tolist()) for k, v in given.constants.items()}
    derived = derive_row(entry, {**given.options, **constants}, given.a.shape)
    read = "z" if entry.link else "a"
    arrays = {read: given.a.astype(dtype), "y": given.y if given.y.dtype.kind == "i" else given.y.astype(dtype)}
    values = derived.forward({**arrays, **{k: v.astype(dtype) for k, v in given.constants.items()}})
    return values["C"], derived.backward(values)[f"d_{read}"]


def by_module(given: Drawn, dtype: Any = np.float64) -> tuple[Any, Any]:
    """A module of the identity, as a dense layer, and the loss."""
    width = given.a.shape[1]
    options = {**given.options, **{k: v.tolist() for k, v in given.constants.items()}}
    module = module_of(input=width, layers=[{"dense": width}], loss={given.name: options})
    params = set_identity(module.init(0, dtype), {})
    y = given.y if given.y.dtype.kind == "i" else given.y.astype(dtype)
    cost, _, gradient = module.loss_and_gradients(params, given.a.astype(dtype), y, input_gradient=True)
    return np.asarray(cost), gradient
