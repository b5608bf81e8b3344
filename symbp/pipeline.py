"""From a spec to its derivation and its module, one call for each stage.

    spec      YAML                ->  NetworkSpec   every name, size and option valid
    forward   NetworkSpec         ->  Network       blocks: formulas bound to tensors, shapes and numbers
    derive    Network             ->  Derivation    every gradient, step by step, once for each distinct formula
    optimize  Derivation          ->  Program       array operations, passes applied, verified in between
    emit      Program, Derivation ->  text          a NumPy module and, when asked for, a LaTeX document

Each stage knows its neighbour's data, never its functions. Nothing is written here; a module whose gradient fails its
own check is never handed out.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import ModuleType
from typing import Literal, TypeVar

from symbp import __version__
from symbp.derive.derivation import Derivation
from symbp.derive.network import derive_network
from symbp.errors import NetworkError, defects
from symbp.explain.choices import DEFAULTS, Choices
from symbp.explain.document import Document, Module, NoModule
from symbp.explain.numbering import step_numbers
from symbp.explain.outline import explain as explain_derivation
from symbp.explain.view import Update
from symbp.formula.equation import Formula
from symbp.formula.examples import divides
from symbp.forward.build import build_network
from symbp.forward.network import Network
from symbp.forward.rows import scalars_of, update_of
from symbp.means import NONE, Without, left_out
from symbp.program.optimize import Optimized, optimize
from symbp.spec.model import NetworkSpec, Problem, SpecError
from symbp.targets.explanation import Format, write
from symbp.targets.load import check_module, load_source
from symbp.targets.numpy import emit
from symbp.targets.numpy.libraries import LIBRARIES
from symbp.targets.numpy.passages import passages
from symbp.targets.pdf.engine import compile_latex

T = TypeVar("T")
WHOLE = Choices(level="full")  # what is written beside a module


@dataclass(frozen=True)
class Programmed:
    """A spec, its derivation and its program."""

    spec: NetworkSpec
    derivation: Derivation
    optimized: Optimized


@dataclass(frozen=True)
class Generated(Programmed):
    """What `generate` makes of a spec. `seconds` says how long each stage took."""

    module: str
    seconds: dict[str, float] = field(default_factory=dict)

    @cached_property
    def latex(self) -> str:
        """The derivation as a LaTeX document, written when it is first asked for."""
        with _uncollected():
            return _timed(
                self.seconds, "explain", lambda: explain(self.spec, self.derivation, "latex", WHOLE, code=self.module)
            )


def derive(spec: NetworkSpec) -> Derivation:
    """The derivation of the spec's network."""
    return _placed(spec, lambda: derive_network(build_network(spec)))


def derive_and_emit(spec: NetworkSpec) -> tuple[Derivation, str | NoModule]:
    """The derivation, and the module's text, unchecked; or why a network that can be derived has no module."""
    derivation = derive(spec)
    try:
        with _uncollected(), defects(spec.name):
            return derivation, emit(spec, derivation, _optimized(spec, derivation))
    except (NetworkError, SpecError) as error:
        return derivation, NoModule(" ".join(str(error).split()))


def generate(
    spec: NetworkSpec,
    *,
    dtype: Literal["float32", "float64"] | None = None,
    check: bool = True,
    without: Collection[str] = (),
) -> Generated:
    """Every stage in order, `without` these means of `symbp.means`.

    GradientError where, with `check`, the module's gradient is wrong; UserError for a means that there is not.
    """
    spec, less = replace(spec, dtype=dtype) if dtype else spec, left_out(without)
    seconds: dict[str, float] = {}

    def timed(stage: str, call: Callable[[], T]) -> T:
        return _timed(seconds, stage, lambda: _placed(spec, call))

    with _uncollected():
        network = timed("forward", lambda: build_network(spec))
        derivation = timed("derive", lambda: derive_network(network, less))
        optimized = timed("optimize", lambda: _optimized(spec, derivation, less))
        module = timed("emit", lambda: emit(spec, derivation, optimized))
        if check:
            timed("check", lambda: check_module(module, spec.name, derivation.network))
    return Generated(spec, derivation, optimized, module, seconds)


def program(spec: NetworkSpec, without: Collection[str] = (), derivation: Derivation | None = None) -> Programmed:
    """The stages up to the program, `without` these means of `symbp.means`; from its derivation, if that is known."""
    less = left_out(without)
    with _uncollected():
        derived = derivation or _placed(spec, lambda: derive_network(build_network(spec), less))
        return Programmed(spec, derived, _placed(spec, lambda: _optimized(spec, derived, less)))


def _optimized(spec: NetworkSpec, derivation: Derivation, without: Without = NONE) -> Optimized:
    """The program; SpecError for a network that has nothing to train."""
    if not derivation.network.parameters:
        place = replace(spec.place, path="layers")
        raise SpecError([Problem(place, "no layer has parameters, so there is nothing to train; add one: `dense: 10`")])
    if spec.threads > 1:
        _check_divided(spec, derivation.network)
    return optimize(
        derivation,
        updates(spec),
        step_numbers(derivation),
        without=without,
        library=LIBRARIES[spec.blas],
        batch=max(1, spec.training.batch_size // spec.threads),
        divided=spec.threads > 1,
    )


def _check_divided(spec: NetworkSpec, network: Network) -> None:
    """SpecError where a step is not the mean of those of the parts of its batch."""
    updated = next((b.name for b in network.blocks if b.update), None)
    joined = next((b.name for b in network.blocks if not divides(b.formula, b.batch_sizes)), updated)
    if joined is not None:
        place = spec.threads_place or replace(spec.place, path="threads")
        message = (
            f"a step divides its batch among threads, and by `{joined}` it is not the mean over its examples, as where "
            "they are weighed, or they depend on each other or on their places; leave `threads` out"
        )
        raise SpecError([Problem(place, message)])


@contextmanager
def _uncollected() -> Iterator[None]:
    """The search for unreachable cycles put off: it finds next to none, and goes through all of SymPy each time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _timed(seconds: dict[str, float], stage: str, call: Callable[[], T]) -> T:
    start = time.perf_counter()
    result = call()
    seconds[stage] = time.perf_counter() - start
    return result


def _placed(spec: NetworkSpec, call: Callable[[], T]) -> T:
    """The result; what a later stage refuses gets the place in the spec of the formula that it is about.

    What fails otherwise is a defect of symbp, told with the spec's name.
    """
    try:
        with defects(spec.name):
            return call()
    except NetworkError as error:
        uses = (*(layer.use for layer in spec.layers), *(loss.use for loss in spec.losses), spec.loss)
        places = ((d.entry.name, d.place) for d in spec.definitions)
        known = (*places, *((use.name, use.place) for use in uses))
        place = next((place for name, place in known if name in error.formula.split()), spec.place)
        raise SpecError([Problem(place, str(error))]) from None


def updates(spec: NetworkSpec) -> tuple[Formula, ...]:
    """The update equations: clipping, then the optimizer."""
    return tuple(update_of(use.entry, use.options).formula for use in (*spec.clipping, spec.optimizer))


def explain(
    spec: NetworkSpec,
    derivation: Derivation,
    format: Format,
    choices: Choices = DEFAULTS,
    *,
    code: str | NoModule | None = None,
) -> str:
    """The derivation as text, ending with the spec's update, beside the text of the module where it is given.

    UserError for a layer that is not there.
    """
    return write(document(spec, derivation, choices, code=code), format)


def document(
    spec: NetworkSpec, derivation: Derivation, choices: Choices = DEFAULTS, *, code: str | NoModule | None = None
) -> Document:
    """The derivation as a document, before any format; UserError for a layer that is not there."""
    module = Module(f"{spec.name}.py", code, passages(code)) if isinstance(code, str) else code
    origin = f"generated by symbp {__version__} from the spec {spec.name}, sha256 {spec.sha256}"
    updated = tuple(_explained_updates(spec))
    return replace(explain_derivation(derivation, choices, updates=updated, module=module), origin=origin)


def explain_pdf(
    spec: NetworkSpec, derivation: Derivation, choices: Choices = DEFAULTS, *, code: str | NoModule | None = None
) -> bytes:
    """The derivation as a PDF, set by a TeX engine; UserError where none is installed."""
    pdf = compile_latex(explain(spec, derivation, "latex", choices, code=code), choices.language)
    return pdf + f"% generated by symbp {__version__} from the spec {spec.name}\n".encode()


def _explained_updates(spec: NetworkSpec) -> Iterator[Update]:
    """The schedule, then the update equations, with their hyperparameters."""
    rate = spec.optimizer.options["learning_rate"]
    if spec.schedule:
        formula = scalars_of(spec.schedule.entry, spec.schedule.options).formula
        yield Update(formula, _numbers(spec.schedule.options) | _numbers({"eta_0": rate}))
    for use, formula in zip((*spec.clipping, spec.optimizer), updates(spec), strict=True):
        constant = _numbers({"eta": rate}) if use is spec.optimizer and not spec.schedule else {}
        states = use.entry.variant(use.options).states
        starts = {s.name: use.options[s.initial] if isinstance(s.initial, str) else s.initial for s in states}
        yield Update(formula, _numbers(use.options) | constant, _numbers(starts))


def _numbers(options: Mapping[str, object]) -> dict[str, float]:
    return {name: float(value) for name, value in options.items() if isinstance(value, int | float)}


def load_module(generated: Generated) -> ModuleType:
    """The generated module, loaded from memory."""
    return load_source(generated.module, generated.spec.name)
