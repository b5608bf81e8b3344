"""From a spec to its derivation and its module, one call for each stage.

    spec      YAML                ->  NetworkSpec   every name, size and option valid
    forward   NetworkSpec         ->  Network       blocks: formulas bound to tensors, shapes and numbers
    derive    Network             ->  Derivation    every gradient, step by step, once for each distinct formula
    optimize  Derivation          ->  Program       array operations, passes applied, verified in between
    emit      Program, Derivation ->  text          a NumPy module and a LaTeX document

Each stage knows its neighbour's data, never its functions. Nothing is written here; a module whose gradient fails its
own check is never handed out.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Literal, TypeVar

from symbp.derive.derivation import Derivation
from symbp.derive.network import derive_network
from symbp.explain.numbering import step_numbers
from symbp.formula.equation import Formula
from symbp.forward.build import build_network
from symbp.forward.rows import update_of
from symbp.program.optimize import Optimized, optimize
from symbp.spec.model import NetworkSpec
from symbp.targets.explanation import Format, render
from symbp.targets.load import check_module, load_source
from symbp.targets.numpy import emit

T = TypeVar("T")


@dataclass(frozen=True)
class Generated:
    """What `generate` makes of a spec. `seconds` says how long each stage took."""

    spec: NetworkSpec
    derivation: Derivation
    optimized: Optimized
    module: str
    latex: str
    seconds: dict[str, float] = field(default_factory=dict)


def derive(spec: NetworkSpec) -> Derivation:
    """The derivation of the spec's network."""
    return derive_network(build_network(spec))


def generate(spec: NetworkSpec, *, dtype: Literal["float32", "float64"] | None = None, check: bool = True) -> Generated:
    """Every stage in order. GradientError where, with `check`, the module's gradient is wrong."""
    spec = replace(spec, dtype=dtype) if dtype else spec
    seconds: dict[str, float] = {}

    def timed(stage: str, call: Callable[[], T]) -> T:
        start = time.perf_counter()
        result = call()
        seconds[stage] = time.perf_counter() - start
        return result

    network = timed("forward", lambda: build_network(spec))
    derivation = timed("derive", lambda: derive_network(network))
    optimized = timed("optimize", lambda: optimize(derivation, updates(spec), step_numbers(derivation)))
    module = timed("emit", lambda: emit(spec, derivation, optimized))
    latex = timed("explain", lambda: explain(spec, derivation, "latex"))
    if check:
        timed("check", lambda: check_module(module, spec.name, derivation.network))
    return Generated(spec, derivation, optimized, module, latex, seconds)


def updates(spec: NetworkSpec) -> tuple[Formula, ...]:
    """The update equations: clipping, then the optimizer."""
    return tuple(update_of(use.entry, use.options).formula for use in (*spec.clipping, spec.optimizer))


def explain(spec: NetworkSpec, derivation: Derivation, format: Format, layer: str | None = None) -> str:
    """The derivation as a document, ending with the spec's update; UserError for a layer that is not there."""
    uses = (*spec.clipping, spec.optimizer)
    values = {n: float(v) for use in uses for n, v in use.options.items() if isinstance(v, int | float)}
    return render(derivation, format, layer, updates=updates(spec), hyperparameters=values)


def load_module(generated: Generated) -> ModuleType:
    """The generated module, loaded from memory."""
    return load_source(generated.module, generated.spec.name)
