"""`symbp check`: the generated module's gradients against every oracle that is installed.

Where none is, central differences on the definitions, in double precision, take their place, and the report says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from symbp.errors import UserError, defects
from symbp.formula.expression import stop
from symbp.forward.network import Network
from symbp.pipeline import Generated, generate, load_module
from symbp.spec.model import NetworkSpec
from symbp.targets.load import as_argument
from symbp.verify.examples import draw
from symbp.verify.oracles import evaluate_network, evaluate_outputs, evaluate_states, installed
from symbp.verify.settle import settled
from symbp.verify.shorten import shortened, steps_of

# Gradients of both sides carry rounding of some hundred additions: 1e-9 is 4e6 eps. Central differences with a step of
# cbrt(eps) are good to about eps**(2/3), 4e-11, times the curvature.
AUTODIFF_TOLERANCE = 1e-9
DIFFERENCES_TOLERANCE = 1e-6
IN_INFERENCE, AFTER_A_STEP = " in inference", " after a step"  # what else is compared than in a step of training
DIVIDED = " of a divided batch"


@dataclass(frozen=True)
class Reading:
    """The worst error of one gradient against one oracle, relative to the gradient's largest entry.

    `C` is the cost itself; where training and inference differ, outputs `in inference` and states `after a step` are
    compared too, and where a step divides its batch among threads, its cost.

    A gradient whose entries are all below a millionth of the largest of any (0 but for rounding, as that of a key's
    bias under a softmax) is measured by that millionth. One is `settled` where a few entries of the oracle's are off by
    rounding, or NaN since what it differentiates overflows, and the error is that of differences in fifty digits there.
    """

    oracle: str
    name: str
    shape: tuple[int, ...]
    error: float
    tolerance: float
    settled: bool = False

    @property
    def passed(self) -> bool:
        """Whether the error is within the tolerance; NaN is not."""
        return bool(self.error <= self.tolerance)


@dataclass(frozen=True)
class CheckReport:
    """Every reading, and the oracles that are not installed.

    `steps` are those of recurrences: as the spec has them, and of what was compared.
    """

    spec: str
    batch: int
    seed: int
    readings: tuple[Reading, ...]
    absent: tuple[str, ...]
    steps: tuple[int, int] = (0, 0)

    @property
    def passed(self) -> bool:
        """Whether there are readings and all of them passed."""
        return bool(self.readings) and all(r.passed for r in self.readings)


def check_network(spec: NetworkSpec, *, seed: int = 0, batch: int = 4) -> CheckReport:
    """Generate the module, draw parameters and examples away from kinks, compare the cost and every gradient.

    Long sequences are compared at a shorter length, where the parameters do not depend on it.
    """
    generated = generate(shortened(spec), dtype="float64", check=False)
    steps = (steps_of(_definitions(spec)), steps_of(generated.derivation.network))
    return replace(compare(generated, seed=seed, batch=batch), steps=steps)


def compare(generated: Generated, *, seed: int = 0, batch: int = 4) -> CheckReport:
    """The readings of a module that was generated in double precision."""
    network, definitions = generated.derivation.network, _definitions(generated.spec)
    try:  # by the definitions, which may overflow where the module's stable forms do not
        arrays = draw(definitions, batch, seed)
    except ValueError as error:
        raise UserError(f"{generated.spec.name}: {error}; try another --seed") from None
    with defects(generated.spec.name):
        found = module_gradients(generated, arrays)
        inferred = module_outputs(generated, arrays) if network.has_modes else {}
        drawn, updated = module_states(generated, arrays) if network.states and network.parameters else ({}, {})
        divided = {}
        if generated.spec.threads > 1 and not network.random:
            divided = {"C": np.asarray(_stepped(generated, arrays)[0])}
    names = (*(p.name for p in network.parameters), *network.differentiable_inputs)
    readings: list[Reading] = []
    oracles = installed()
    for oracle in oracles:
        cost, gradients = oracle.gradients(definitions, arrays, names)
        expected = {"C": np.asarray(cost), **gradients}
        readings += _readings(
            oracle.name, found, expected, AUTODIFF_TOLERANCE, settle=partial(settled, definitions, arrays)
        )
        readings += _readings(oracle.name, divided, {"C": expected["C"]}, AUTODIFF_TOLERANCE, DIVIDED)
        if inferred:
            outputs = evaluate_outputs(definitions.inference, arrays, oracle.backend())
            readings += _readings(oracle.name, inferred, outputs, AUTODIFF_TOLERANCE, IN_INFERENCE)
        if updated:
            states = evaluate_states(definitions, {**arrays, **drawn}, oracle.backend())
            readings += _readings(oracle.name, updated, states, AUTODIFF_TOLERANCE, AFTER_A_STEP)
    if not oracles:
        gradients = central_differences(definitions, arrays, names)
        cost = evaluate_network(definitions, arrays)["C"]
        readings += _readings("central differences", found, {"C": cost, **gradients}, DIFFERENCES_TOLERANCE)
        readings += _readings("central differences", divided, {"C": cost}, DIFFERENCES_TOLERANCE, DIVIDED)
    absent = tuple(n for n in ("JAX", "PyTorch") if n not in [o.name for o in oracles])
    return CheckReport(generated.spec.name, batch, seed, tuple(readings), absent)


def module_gradients(generated: Generated, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The module's cost `C`, its gradients and those of the inputs."""
    network = generated.derivation.network
    module, params = _with_parameters(generated, arrays)
    fixed = {"random": {name: arrays[name] for name in network.random}} if network.random else {}
    x, y = (as_argument({name: arrays[name] for name in names}) for names in (network.inputs, network.targets))
    inputs = network.differentiable_inputs
    if not inputs:
        cost, gradients = module.loss_and_gradients(params, x, y, **fixed)
        return {"C": np.asarray(cost), **gradients}
    cost, gradients, of_x = module.loss_and_gradients(params, x, y, input_gradient=True, **fixed)
    return {"C": np.asarray(cost), **gradients, **(of_x if isinstance(of_x, dict) else {inputs[0]: of_x})}


def module_outputs(generated: Generated, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What the module computes in inference, by the tensors' names."""
    network = generated.derivation.network
    module, params = _with_parameters(generated, arrays)
    outputs = module.forward(params, as_argument({name: arrays[name] for name in network.inputs}))
    outputs = outputs if isinstance(outputs, dict) else {network.heads[0].name: outputs}
    return {head.output: outputs[head.name] for head in network.heads}


def module_states(
    generated: Generated, arrays: dict[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The random numbers that the module's trainer draws for its first step, and the states after that step."""
    network, module = generated.derivation.network, load_module(generated)
    drawn = {}
    if network.random:
        drawn = module.draw(module.Workspace(len(arrays[network.inputs[0]]), np.float64), 0)
    _, trainer = _stepped(generated, arrays)
    return {name: array.copy() for name, array in drawn.items()}, dict(trainer.params.state)


def _stepped(generated: Generated, arrays: dict[str, np.ndarray]) -> tuple[float, Any]:
    """The cost of a first step of the module's trainer, which draws from seed 0, and the trainer after it."""
    network = generated.derivation.network
    module, params = _with_parameters(generated, arrays)
    x, y = (as_argument({name: arrays[name] for name in names}) for names in (network.inputs, network.targets))
    trainer = module.Trainer(params, **({"seed": 0} if network.random else {}))
    return trainer.step(x, y), trainer


def _with_parameters(generated: Generated, arrays: dict[str, np.ndarray]) -> tuple[ModuleType, Any]:
    module, network = load_module(generated), generated.derivation.network
    params = module.init(0, np.float64)
    for name, values in params.items():
        values[...] = arrays[name]
    for state in network.states:
        params.state[state.name][...] = arrays[state.name]
    return module, params


def central_differences(
    network: Network, arrays: dict[str, np.ndarray], wanted: tuple[str, ...]
) -> dict[str, np.ndarray]:
    """Entry by entry where a tensor has at most 200 of them; of a larger one, 200 entries chosen by a fixed seed.

    What `stop(...)` makes stays as it is.
    """
    step = np.cbrt(np.finfo(np.float64).eps)
    known = evaluate_network(network, arrays)
    equations = ((b.binding[e.target.tensor], e) for b in network.blocks for e in b.formula.equations)
    arrays = {**arrays, **{name: known[name] for name, e in equations if isinstance(e.body, stop)}}
    chosen = np.random.default_rng(0)
    found = {}
    for name in wanted:
        flat = arrays[name].reshape(-1)
        places = np.arange(flat.size) if flat.size <= 200 else chosen.choice(flat.size, 200, replace=False)
        gradient = np.full(flat.size, np.nan)
        for place in places:
            sides = []
            for sign in (1, -1):
                moved = flat.copy()
                moved[place] += sign * step
                sides.append(evaluate_network(network, {**arrays, name: moved.reshape(arrays[name].shape)})["C"])
            gradient[place] = (sides[0] - sides[1]) / (2 * step)
        found[name] = gradient.reshape(arrays[name].shape)
    return found


def _readings(
    oracle: str,
    found: dict[str, np.ndarray],
    expected: dict[str, np.ndarray],
    tolerance: float,
    where: str = "",
    settle: Callable[[str, np.ndarray, np.ndarray, float], np.ndarray | None] | None = None,
) -> list[Reading]:
    readings = []
    floor = 1e-6 * max(map(_largest, expected.values()))
    for name in (n for n in found if n in expected):
        value, reference = np.asarray(found[name], np.float64), expected[name]
        known = ~np.isnan(reference) if oracle == "central differences" else np.ones(np.shape(reference), bool)
        scale = max(_largest(reference), floor, np.finfo(np.float64).tiny)
        error = float(np.max(np.abs(value - reference)[known], initial=0)) / scale
        exact = settle(name, value, reference, tolerance * scale) if settle and not error <= tolerance else None
        if exact is not None:
            scale = max(_largest(exact), scale)
            error = float(np.max(np.abs(value - exact), initial=0)) / scale
        readings.append(Reading(oracle, name + where, tuple(value.shape), error, tolerance, exact is not None))
    return readings


def _largest(entries: np.ndarray) -> float:
    """In magnitude, of those that are known: autodiff of what overflows on the way is NaN, or infinite."""
    return float(np.max(np.abs(entries), where=np.isfinite(entries), initial=0))


def _definitions(spec: NetworkSpec) -> Network:
    """The network before any seam was joined: the catalog's own equations."""
    from symbp.forward.build import build_network

    return build_network(spec)
