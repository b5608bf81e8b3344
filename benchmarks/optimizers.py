"""Every optimizer, schedule and clipping over 200 steps: `python -m benchmarks.optimizers`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain, count, islice
from typing import Any

import jax.numpy as jnp
import numpy as np
from derived import complete, row
from modules import module_of
from references_optimizers import OPTIMIZERS
from references_training import CLIPPING, SCHEDULES

from benchmarks import ROOT, by_jax
from benchmarks.report import Figure, Report, Table, error, show
from benchmarks.twin import TOLERANCE, Agreement, Twin, follow
from symbp.catalog.entry import EntryKind
from symbp.spec.model import DataSpec
from symbp.training.batches import batches
from symbp.training.sources import load_source

STEPS = 200
CALM = 0.001  # learning rate of RMSprop with momentum: at its default, training amplifies rounding (see `sensitive`)
Options = Mapping[str, Any]
Given = tuple[str, Options]


@dataclass(frozen=True)
class Case:
    """An optimizer with what goes before it; `varies` is what the case is there for."""

    optimizer: Given
    varies: EntryKind = "optimizer"
    schedule: Given = ("constant", {})
    clipping: tuple[Given, ...] = ()

    def options(self) -> dict[str, Any]:
        """The optimizer's options, complete."""
        found: dict[str, Any] = complete(row("optimizer", self.optimizer[0]), self.optimizer[1])
        return found

    def cells(self) -> tuple[str, str]:
        """What varies, and its options."""
        if self.varies == "optimizer":
            return _told(self.optimizer)
        if self.varies == "clipping":
            told = [_told(clipping) for clipping in self.clipping]
            return ", then ".join(name for name, _ in told), "; ".join(options for _, options in told)
        name, options = _told(self.schedule)
        return f"{name}, {self.optimizer[0]}", options


def _told(given: Given) -> tuple[str, str]:
    return given[0], ", ".join(n if v is True else f"{n} {v}" for n, v in given[1].items())


def cases(steps: int) -> Iterator[Case]:
    """Every optimizer in every case of its reference; schedules before one to three optimizers, clipping before one."""
    for name, reference in OPTIMIZERS.items():
        for options in reference.cases:
            rate = {"learning_rate": CALM} if name == "rmsprop" and "momentum" in options else {}
            yield Case((name, {**options, **rate}))
    heavy: Given = ("momentum", {"learning_rate": 0.05, "momentum": 0.5})
    for name, schedule in SCHEDULES.items():
        for number, options in enumerate(schedule.cases):
            whole = {"total_steps": steps} if "total_steps" in options else {}
            others: list[Given] = [] if number else [("adamw", {"weight_decay": 0.2}), ("sgd", {})]
            for optimizer in (heavy, *others):
                yield Case(optimizer, "schedule", (name, {**options, **whole}))
    clips: list[Given] = [("value", {"clip_value": 0.005}), ("global_norm", {"max_norm": 0.1})]
    assert {name for name, _ in clips} == set(CLIPPING)
    for chosen in (*((clip,) for clip in clips), tuple(clips)):
        yield Case(heavy, "clipping", clipping=chosen)


def sensitive() -> Iterator[Case]:
    """Cases in which training amplifies rounding, so that no two implementations stay together."""
    for options in OPTIMIZERS["rmsprop"].cases:
        if "momentum" in options:
            yield Case(("rmsprop", options))


@dataclass(frozen=True)
class Problem:
    """Examples of classes, and a network for them: one hidden layer of tanh."""

    x: np.ndarray
    y: np.ndarray
    hidden: int = 16
    batch: int = 32

    def batches(self, steps: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The first batches, epoch after epoch, the last of each short."""
        pair = (self.x, self.y)
        epochs = (batches(pair, self.batch, seed=0, epoch=n, shuffle=True) for n in count(1))
        return islice(chain.from_iterable(epochs), steps)

    def trainer(self, case: Case) -> Any:
        """The trainer of the generated module."""
        more: dict[str, Any] = {}
        if case.clipping:
            more["clip"] = [_spelt(clipping) for clipping in case.clipping]
        if case.varies == "schedule":
            more["schedule"] = _spelt(case.schedule)
        module = module_of(
            input=self.x.shape[1],
            layers=[{"dense": {"units": self.hidden, "activation": "tanh"}}, {"dense": int(self.y.max()) + 1}],
            loss="softmax_cross_entropy",
            optimizer=_spelt(case.optimizer),
            **more,
        )
        return module.Trainer(module.init(0, np.float64))


def _spelt(given: Given) -> Any:
    """As in a spec."""
    return {given[0]: dict(given[1])} if given[1] else given[0]


def digits() -> Problem:
    """scikit-learn's digits, standardized; some of their pixels never vary."""
    source = load_source(DataSpec("digits"), folder=None, spec_folder=ROOT)
    spread = source.x.std(0)
    return Problem((source.x - source.x.mean(0)) / np.where(spread > 0, spread, 1), source.y)


def beside_papers(case: Case, params: Mapping[str, np.ndarray]) -> Twin:
    """Formulas of the papers in JAX."""
    options = case.options()
    name, given = case.schedule

    def update(w: Any, g: Any, memory: Any, t: int, eta: float) -> Any:
        return OPTIMIZERS[case.optimizer[0]].jax(w, g, memory, t, eta, options)

    def eta(t: int) -> float:
        return float(SCHEDULES[name].jax(t, options["learning_rate"], **given))

    def clip(g: Any) -> Any:
        for clipping, numbers in case.clipping:
            g = CLIPPING[clipping][1](g, **numbers)
        return g

    return by_jax.twin(params, jnp.tanh, update, eta, clip)


def in_torch(case: Case) -> bool:
    """Whether PyTorch has such an optimizer."""
    reference = OPTIMIZERS[case.optimizer[0]]
    decoupled = case.optimizer[1].get("decoupled_weight_decay") and not reference.decouples
    return reference.torch is not None and not decoupled


def beside_torch(case: Case, params: Mapping[str, np.ndarray]) -> Twin:
    """PyTorch's own optimizer, scheduler and clipping."""
    import torch

    from benchmarks import by_torch

    def clip(leaves: Any) -> None:
        for clipping, numbers in case.clipping:
            CLIPPING[clipping][0](leaves, **numbers)

    return by_torch.twin(
        params,
        torch.nn.Tanh,
        partial(_made, OPTIMIZERS[case.optimizer[0]].torch, case.options()),
        lambda optimizer: SCHEDULES[case.schedule[0]].torch(optimizer, case.schedule[1]),
        clip,
    )


def _made(make: Any, options: Options, leaves: Any) -> Any:
    return make(leaves, options)


def against_papers(problem: Problem, case: Case, steps: int) -> Agreement:
    """The generated module beside the papers."""
    trainer = problem.trainer(case)
    return follow(trainer, beside_papers(case, trainer.params), problem.batches(steps))


def against_torch(problem: Problem, case: Case, steps: int) -> Agreement | None:
    """The generated module beside PyTorch; None where PyTorch has no such optimizer."""
    if not in_torch(case):
        return None
    from benchmarks.by_torch import double_precision, one_thread

    trainer = problem.trainer(case)
    with double_precision(), one_thread():
        return follow(trainer, beside_torch(case, trainer.params), problem.batches(steps))


@dataclass(frozen=True)
class _Reference:
    """PyTorch in the place of the generated module."""

    twin: Twin

    @property
    def params(self) -> Mapping[str, np.ndarray]:
        return self.twin.parameters

    def step(self, x: np.ndarray, y: np.ndarray) -> float:
        return self.twin.step(x, y)


def between_references(problem: Problem, case: Case, steps: int) -> Agreement | None:
    """PyTorch beside the papers; None where PyTorch has no such optimizer."""
    if not in_torch(case):
        return None
    from benchmarks.by_torch import double_precision, one_thread

    params = problem.trainer(case).params
    with double_precision(), one_thread():
        reference = _Reference(beside_torch(case, params))
        return follow(reference, beside_papers(case, params), problem.batches(steps))


def _worst(agreement: Agreement | None) -> str:
    return error(agreement.worst if agreement else None)


def _figure(name: str, agreements: list[Agreement], steps: int) -> Figure:
    """The worst of the agreements; NaN is worse than any number."""
    worst = max((a.worst for a in agreements), key=lambda e: (np.isnan(e), e), default=np.nan)
    holds = bool(agreements) and all(a.holds and a.steps == steps for a in agreements)
    told = f"{error(worst)} ({len(agreements)} cases)"
    return Figure(f"{name}, {steps} steps, float64", f"at most {TOLERANCE:.0e}", told, holds)


def _sensitivity(problem: Problem, steps: int) -> Table:
    rows = []
    for case in sensitive():
        ways = (against_torch, against_papers, between_references)
        found = [way(problem, case, steps) for way in ways]
        rows.append((*case.cells(), *map(_worst, found)))
    return Table(
        "Not counted above: RMSprop with momentum, at its default learning rate, moves each weight by 0.1 in the first "
        "step, from where training amplifies rounding. How far the two references part from each other is shown beside "
        f"it. Above, the rate is {CALM}.",
        ("optimizers", "options", "PyTorch", "papers in JAX", "PyTorch beside the papers"),
        tuple(rows),
    )


def run(problem: Problem | None = None, steps: int = STEPS, chosen: Iterable[Case] | None = None) -> Report:
    """Every case, or some, beside PyTorch and the papers."""
    problem, chosen = problem or digits(), tuple(chosen or cases(steps))
    figures, tables = [], []
    for kind, word in (("optimizer", "optimizers"), ("schedule", "schedules"), ("clipping", "clipping")):
        rows = [
            (case, against_torch(problem, case, steps), against_papers(problem, case, steps))
            for case in chosen
            if case.varies == kind
        ]
        figures += [
            _figure(f"{word} beside PyTorch", [library for _, library, _ in rows if library], steps),
            _figure(f"{word} beside the papers' formulas in JAX", [papers for _, _, papers in rows], steps),
        ]
        cells = [(*case.cells(), _worst(library), _worst(papers)) for case, library, papers in rows]
        tables.append(Table(f"{word.capitalize()}:", (word, "options", "PyTorch", "papers in JAX"), tuple(cells)))
    tables.append(_sensitivity(problem, steps))
    return Report(
        "optimizers",
        "Optimizers, schedules and clipping in lockstep",
        f"The trainer of a generated module (64-{problem.hidden}-10, tanh, scikit-learn's digits, float64) and another "
        "implementation, from the same parameters over the same batches: the worst relative disagreement, "
        "max |a - b| / max |b| for each tensor of parameters, after any step. The other implementation is PyTorch "
        "(torch.optim, lr_scheduler, clip_grad), where it has what the case asks for, and the papers' formulas in JAX.",
        tuple(figures),
        tuple(tables),
    )


if __name__ == "__main__":
    sys.exit(show(run()))
