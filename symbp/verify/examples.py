"""Random parameters and examples for a network, drawn so that no condition of a formula is near its kink."""

from __future__ import annotations

import numpy as np
import sympy as sp

from symbp.formula.equation import Equation, Formula
from symbp.formula.evaluate import evaluate_equation
from symbp.formula.expression import element, elements
from symbp.forward.network import BATCH, Network
from symbp.verify.oracles import evaluate_network

MARGIN = 1e-6  # the least distance between the two sides of a condition
TRIES = 50


def draw(network: Network, batch: int, seed: int) -> dict[str, np.ndarray]:
    """Inputs, targets, every parameter and what is drawn in training, in double precision.

    ValueError where every draw was near a kink, not a number somewhere, or of infinite cost.
    """
    source = np.random.default_rng(seed)
    undefined = 0
    with np.errstate(all="ignore"):
        for _ in range(TRIES):
            arrays = _draw(network, batch, source)
            margin = _margin(network, arrays)
            if margin > MARGIN:
                return arrays
            undefined += np.isnan(margin)
    if undefined:
        why = "a logarithm of a negative number, or infinity where a loss meets it?"
        raise ValueError(f"the cost is infinite or not a number at {undefined} of {TRIES} random draws ({why})")
    raise ValueError(f"{TRIES} random draws were all within {MARGIN} of a kink")


def _draw(network: Network, batch: int, source: np.random.Generator) -> dict[str, np.ndarray]:
    arrays = {}
    for parameter in network.parameters:
        scale = 1 / np.sqrt(max(parameter.fan_in, 1))
        arrays[parameter.name] = scale * source.standard_normal(parameter.shape)
    for state in network.states:  # a variance is positive
        arrays[state.name] = source.uniform(0.5, 1.5, state.shape)
    for name in network.random:
        tensor = network.tensors[name]
        shape = [batch if d == BATCH else int(d) for d in tensor.shape]
        arrays[name] = source.random(shape) if tensor.distribution == "uniform" else source.standard_normal(shape)
    for name in (*network.inputs, *network.targets):
        tensor = network.tensors[name]
        shape = [batch if d == BATCH else int(d) for d in tensor.shape]
        if tensor.kind == "int":
            arrays[name] = source.integers(0, tensor.classes, shape)
        elif tensor.role == "input":
            arrays[name] = source.standard_normal(shape)
        else:
            positive = source.uniform(0.05, 0.95, shape)
            rows = shape[-1:] != [1] and len(shape) > 1
            arrays[name] = positive / positive.sum(-1, keepdims=True) if rows else positive
    return arrays


def _margin(network: Network, arrays: dict[str, np.ndarray]) -> float:
    """The least distance between the sides of any condition or the argument of any absolute value.

    NaN where anything is not a number, or the cost infinite.
    """
    known = evaluate_network(network, arrays)
    if not np.isfinite(known["C"]) or any(np.isnan(values).any() for values in known.values()):
        return np.nan
    least = np.inf
    for block in network.blocks:
        local = {name: known[bound] for name, bound in block.binding.items() if bound in known}
        n = len(arrays[network.inputs[0]])
        drawn = _drawn(block.formula)
        for equation in block.formula.equations:
            for difference in _differences(equation.body, drawn):
                letters = tuple(s for s in equation.sizes if s in difference.free_symbols)
                probe = Equation(_target(letters), difference, equation.sizes)
                symbols = {s for a in equation.sizes.values() for s in a.free_symbols}
                sizes = {s: n if block.sizes[str(s)] == BATCH else int(block.sizes[str(s)]) for s in symbols}
                scalars = {block.formula.scalars[k]: v for k, v in block.scalars.items() if k in block.formula.scalars}
                values = evaluate_equation(probe, local, sizes, scalars)
                least = min(least, float(np.min(np.abs(values))))
    return least


def _target(letters: tuple[sp.Symbol, ...]) -> sp.Expr:
    """A left side over these indices."""
    return element("probe", *letters)


def _drawn(formula: Formula) -> set[str]:
    """The tensors that depend on real numbers that are drawn; what follows from sizes and labels alone does not."""
    given = formula.with_role("input", "parameter", "target", "constant")
    found = {t.name for t in given if t.kind != "int"}
    for equation in formula.equations:
        if any(e.tensor in found for e in elements(equation.body)):
            found.add(equation.target.tensor)
    return found


def _differences(body: sp.Expr, drawn: set[str]) -> list[sp.Expr]:
    """left - right of every condition on what is drawn, and the argument of every such absolute value."""
    found = [r.args[0] - r.args[1] for r in body.atoms(sp.core.relational.Relational)]
    found += [a.args[0] for a in body.atoms(sp.Abs)]
    return [d for d in found if any(e.tensor in drawn for e in elements(d))]
