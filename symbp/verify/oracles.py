"""Autodiff oracles: a network evaluated literally, by the definitions of its blocks; differentiated by JAX or PyTorch.

The definitions are the equations as the catalog states them; stable forms, saved values and joined seams are not used.
Everything is in double precision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import sympy as sp

from symbp.formula.backends import Backend, jax_backend, numpy_backend, torch_backend
from symbp.formula.evaluate import evaluate_formula
from symbp.formula.expression import stop
from symbp.forward.network import BATCH, Block, Network

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Oracle:
    """An autodiff library. `gradients(network, arrays, wanted)` gives the cost, and its derivatives by name.

    `backend` gives the library's arithmetic, by which `evaluate_network` gives values.
    """

    name: str
    gradients: Callable[[Network, Arrays, tuple[str, ...]], tuple[float, dict[str, np.ndarray]]]
    backend: Callable[[], Backend]


def installed() -> tuple[Oracle, ...]:
    """The oracles that can be imported here."""
    known = {"jax": Oracle("JAX", _jax, jax_backend), "torch": Oracle("PyTorch", _torch, torch_backend)}
    return tuple(oracle for module, oracle in known.items() if find_spec(module) is not None)


def evaluate_network(network: Network, arrays: Mapping[str, Any], backend: Backend | None = None) -> dict[str, Any]:
    """Every tensor of the network from its input, target and parameters, block by block; the cost is `C`.

    What `stop(...)` makes is taken from `arrays` where it is there.
    """
    backend = backend or numpy_backend()
    known = {**constants_of(network, backend), **arrays}
    n = len(arrays[network.inputs[0]])
    for block in network.blocks:
        made = _evaluate_block(block, known, n, backend)
        known |= made
    total = known[network.costs[0]]
    for name in network.costs[1:]:
        total = total + known[name]
    known["C"] = total
    return known


def constants_of(network: Network, backend: Backend | None = None) -> dict[str, Any]:
    """The tensors of the network whose values the spec gives."""
    backend = backend or numpy_backend()
    return {
        t.name: backend.array(np.array(t.value).reshape([int(d) for d in t.shape]))
        for t in network.tensors.values()
        if t.value is not None
    }


def evaluate_outputs(network: Network, arrays: Arrays, backend: Backend) -> dict[str, np.ndarray]:
    """What the network's user reads, by the tensors' names, from the arithmetic of a library."""
    known = evaluate_network(
        network, {n: a if a.dtype.kind in "iu" else backend.array(a) for n, a in arrays.items()}, backend
    )
    return {head.output: np.asarray(known[head.output]) for head in network.heads}


def evaluate_states(network: Network, arrays: Arrays, backend: Backend) -> dict[str, np.ndarray]:
    """The states after a step of training, from the arithmetic of a library."""
    known = {n: a if a.dtype.kind in "iu" else backend.array(a) for n, a in arrays.items()}
    known = evaluate_network(network, known, backend)
    n = len(arrays[network.inputs[0]])
    for block in (b.update for b in network.blocks if b.update):
        new = {t.name for t in block.formula.with_role("output")}
        local = {name: known[bound] for name, bound in block.binding.items() if bound in known and name not in new}
        made = evaluate_formula(block.formula.equations, local, sizes_of(block, n), scalars_of(block), backend)
        known |= {block.binding[name]: made[name] for name in new}
    return {state.name: np.asarray(known[state.name]) for state in network.states}


def sizes_of(block: Block, n: int) -> dict[sp.Symbol, int]:
    """The number behind every size symbol of the block's formula, for n examples."""
    formula = block.formula
    symbols = {s for t in formula.tensors.values() for a in t.axes for s in a.free_symbols}
    symbols |= {s for e in formula.equations for a in e.sizes.values() for s in a.free_symbols}
    return {s: n if block.sizes[str(s)] == BATCH else int(block.sizes[str(s)]) for s in symbols}


def scalars_of(block: Block) -> dict[sp.Symbol, float]:
    """The block's hyperparameters, by the symbols of its formula."""
    known = block.formula.scalars
    return {known[name]: value for name, value in block.scalars.items() if name in known}


def _evaluate_block(block: Block, known: Mapping[str, Any], n: int, backend: Backend) -> dict[str, Any]:
    formula = block.formula
    local = {name: known[bound] for name, bound in block.binding.items() if bound in known}
    equations = [e for e in formula.equations if not (isinstance(e.body, stop) and e.target.tensor in local)]
    made = evaluate_formula(equations, local, sizes_of(block, n), scalars_of(block), backend)
    return {block.binding[e.target.tensor]: made[e.target.tensor] for e in formula.equations}


def _jax(network: Network, arrays: Arrays, wanted: tuple[str, ...]) -> tuple[float, dict[str, np.ndarray]]:
    import jax

    backend = jax_backend()
    whole = {n: a for n, a in arrays.items() if a.dtype.kind in "iu"}  # indices, which are NumPy's
    real = {n: backend.array(a) for n, a in arrays.items() if n not in whole}
    chosen = {n: real.pop(n) for n in wanted}

    def cost(chosen: dict[str, Any], held: dict[str, Any]) -> Any:
        return evaluate_network(network, {**whole, **held, **chosen}, backend)["C"]

    # compiled as a whole: a step at a time, JAX compiles each of some hundred operations on its own, for seconds
    value, gradients = jax.jit(jax.value_and_grad(cost))(chosen, real)
    return float(value), {n: np.asarray(g) for n, g in gradients.items()}


def _torch(network: Network, arrays: Arrays, wanted: tuple[str, ...]) -> tuple[float, dict[str, np.ndarray]]:
    import torch

    backend = torch_backend()
    held = {n: a if a.dtype.kind in "iu" else backend.array(a) for n, a in arrays.items()}
    leaves: dict[str, Any] = {n: backend.array(arrays[n]).clone().requires_grad_(True) for n in wanted}
    cost = evaluate_network(network, {**held, **leaves}, backend)["C"]
    found = torch.autograd.grad(cost, list(leaves.values()), allow_unused=True)
    gradients = {n: np.zeros_like(arrays[n]) if g is None else g.numpy() for n, g in zip(leaves, found, strict=True)}
    return float(cost.detach()), gradients
