"""Every pass on numbers: before and after each, a program computes what the equations of its derivation say.

The program is run by its plain interpreter; the equations, cotangents and all, by the slow evaluator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from symbp.derive.derivation import Derivation
from symbp.formula.evaluate import evaluate_formula
from symbp.forward.network import BATCH
from symbp.program.interpret import run
from symbp.program.network import lower_network
from symbp.program.optimize import kept, shown_of
from symbp.program.passes import PASSES, Pass
from symbp.program.program import Program
from symbp.verify.examples import draw
from symbp.verify.oracles import Arrays, constants_of, scalars_of, sizes_of

TOLERANCE = 1e-12  # relative to the largest entry: some hundred roundings, in another order


@dataclass(frozen=True)
class PassReading:
    """How far a result of the program is from the equations', after a pass; "lowered" is before any."""

    after: str
    result: str
    error: float

    @property
    def passed(self) -> bool:
        """Whether they are equal to rounding; NaN is not."""
        return bool(self.error <= TOLERANCE)


def check_passes(
    derivation: Derivation, *, batch: int = 3, seed: int = 0, passes: Sequence[Pass] = PASSES
) -> tuple[PassReading, ...]:
    """Every result of the network's program, as lowered and after each pass, on random examples."""
    network = derivation.network
    arrays = draw(network, batch, seed)
    trained = evaluate_derivation(derivation, arrays)
    if network.has_modes:
        inferred = evaluate_derivation(replace(derivation, network=network.inference), arrays)
        inferred = {name: value for name, value in inferred.items() if not name.startswith("d_")}
    else:
        inferred = {name: trained[name] for name in shown_of(network)}
    expected = [trained, inferred]
    results = kept(network)
    program = lower_network(derivation)
    readings = _readings("lowered", program, arrays, expected, derivation)
    for each in passes:
        program = each.apply(program, results)
        readings += _readings(each.name, program, arrays, expected, derivation)
    return tuple(readings)


def _readings(
    after: str, program: Program, arrays: Arrays, expected: Sequence[Arrays], derivation: Derivation
) -> list[PassReading]:
    """The results of each mode; a prediction that training does not compute is no result of it."""
    network = derivation.network
    given = {**constants_of(network), **arrays}
    for name in network.random:  # as the program holds them: the batch first, or last
        if name in program.arrays and program.arrays[name].shape[1:][-1:] == (BATCH,):
            given[name] = np.moveaxis(given[name], 0, -1)
    outputs = {head.output for head in network.heads}
    asked = outputs | {state.name for state in network.states}
    predicted = {head.prediction for head in network.heads} - outputs
    readings = []
    for sequence, of_mode in zip(program.sequences, expected, strict=True):
        found = run(program, sequence, given, len(arrays["x"]))
        results = kept(network) - (set() if "predict" in sequence else predicted) - (set(network.updated) - asked)
        for name in sorted(results & set(of_mode)):
            true = np.asarray(of_mode[name])
            value = np.asarray(found[name]) if name in found else np.full(true.shape, np.nan)
            scale = max(float(np.max(np.abs(true), initial=0)), 1.0)
            apart = value.reshape(-1) - true.reshape(-1) if value.size == true.size else np.array([np.nan])
            readings.append(PassReading(after, name, float(np.max(np.abs(apart), initial=0)) / scale))
    return readings


def evaluate_derivation(derivation: Derivation, arrays: Arrays) -> dict[str, np.ndarray]:
    """Every tensor of the network and every cotangent `d_...`, by the derivation's equations, block by block.

    States are as they are after a step; of a network in inference, as they were.
    """
    network, n = derivation.network, len(arrays["x"])
    known: dict[str, np.ndarray] = {**constants_of(network), **arrays}
    for block in (*network.blocks, *network.link):
        local = {name: known[bound] for name, bound in block.binding.items() if bound in known}
        made = evaluate_formula(derivation.of(block).forward, local, sizes_of(block, n), scalars_of(block))
        known |= {bound: made[name] for name, bound in block.binding.items() if name in made}
    known["C"] = np.sum([known[name] for name in network.costs], axis=0)
    for block in reversed(network.blocks):
        derived = derivation.of(block)
        local = {name: known[bound] for name, bound in block.binding.items() if bound in known}
        for output in derived.formula.with_role("output"):
            whole = known[block.binding[output.name]]
            local[f"d_{output.name}"] = known.get(f"d_{block.binding[output.name]}", np.zeros_like(whole))
        equations = [gradient.equation for gradient in derived.backward]
        made = evaluate_formula(equations, local, sizes_of(block, n), scalars_of(block))
        for gradient in derived.backward:
            name = f"d_{block.binding[gradient.tensor]}"
            part = np.asarray(made[f"d_{gradient.tensor}"])
            known[name] = known[name] + part if name in known else part
    for block in (b.update for b in network.blocks if b.update):
        local = {name: known[bound] for name, bound in block.binding.items() if bound in known and "'" not in name}
        made = evaluate_formula(derivation.of(block).forward, local, sizes_of(block, n), scalars_of(block))
        known |= {block.binding[new.name]: made[new.name] for new in block.formula.with_role("output")}
    return known
