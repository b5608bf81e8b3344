"""The trainer: hyperparameters and their ranges, the optimizer's state, a step, what is saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from symbp.catalog.entry import StateRow
from symbp.means import Without
from symbp.program.program import PARAMETERS, Program
from symbp.spec.model import NetworkSpec, Use
from symbp.targets.environment import render
from symbp.targets.numpy import parameters, schedule, source
from symbp.targets.numpy.arguments import Argument
from symbp.targets.numpy.functions import Function, called
from symbp.targets.numpy.hyperparameters import Hyperparameter, hyperparameters, symbols
from symbp.targets.numpy.modes import Modes
from symbp.targets.numpy.routines import formula
from symbp.targets.numpy.scalars import python
from symbp.targets.numpy.update import Update, local


def trainer(
    spec: NetworkSpec,
    program: Program,
    functions: Mapping[str, Function],
    given: tuple[Argument, Argument],
    modes: Modes,
    without: Without,
) -> list[str]:
    """The table of hyperparameters with its check, and the class."""
    numbers = hyperparameters(spec, program)
    states = spec.optimizer.entry.variant(spec.optimizer.options).states
    keywords = [f"{h.keyword}: float = {h.value!r}" for h in numbers]
    keywords += ["seed: int = 0"] if modes.random else []
    ranges = [
        f'"{h.keyword}": ({source.bound(h.low)}, {source.bound(h.high)}, {source.literal(h.words)})' for h in numbers
    ]
    update = update_of(spec, program, parameters.size(modes.network.parameters), without)
    folded = _folded(spec, program, numbers, modes)
    methods = [
        render(
            "numpy/trainer.py.jinja",
            summary=f"Training by {spec.optimizer.name}.",
            signature=source.call("def __init__", ["self", "params: Parameters", "*", *keywords], 1, tail=" -> None:"),
            hyperparameters=[f'self.{h.keyword} = _hyperparameter("{h.keyword}", {h.keyword})' for h in numbers],
            state=[*_states(states, spec.optimizer), *folded.allocates, *update.allocates],
            x=given[0].declared,
            y=given[1].declared,
            random=modes.random,
            calls=[*called(functions, "forward", "loss", "running"), *folded.before, functions["backward"].call],
            into=folded.into,
            gradients=not program.folding,
            threads=spec.threads,
            part_of_x=given[0].part,
            part_of_y=given[1].part,
            x_alone=given[0].stated,
            y_alone=given[1].stated,
        ),
        *([schedule.method(spec.schedule, numbers)] if spec.schedule else []),
        render(
            "numpy/update.py.jinja",
            scheduled=spec.schedule is not None and "eta" in source.names(update.body),
            how=", a stretch of the vectors at a time" if any("STRETCH" in line for line in update.body) else "",
            locals=_locals(update, numbers),
            body=update.body,
        ),
        render("numpy/state.py.jinja", states=[s.name for s in states], random=modes.random, running=modes.running),
    ]
    return [
        render("numpy/hyperparameters.py.jinja", ranges=ranges),
        "\n\n".join(method.strip("\n") for method in methods),
    ]


def update_of(spec: NetworkSpec, program: Program, size: int, without: Without) -> Update:
    """The update of `size` parameters: its lines, and what stands where in its scratch."""
    return Update(program, hyperparameters(spec, program), size, spec.blas, without)


def memory(spec: NetworkSpec, program: Program, size: int, dtype: str, without: Without) -> dict[str, int]:
    """Bytes of what a trainer holds beside workspaces, for `size` parameters."""
    number = np.dtype(dtype).itemsize
    states = spec.optimizer.entry.variant(spec.optimizer.options).states
    return {
        "parameters": size * number,
        "gradients": 0 if program.folding else spec.threads * size * number,
        "optimizer": number * sum(size if state.axes else 1 for state in states),
        "update": update_of(spec, program, size, without).bytes(number),
    }


def _states(states: Sequence[StateRow], optimizer: Use) -> list[str]:
    """What the optimizer remembers, at its start."""
    lines = []
    for state in states:
        initial = optimizer.options[state.initial] if isinstance(state.initial, str) else state.initial
        assert isinstance(initial, float | int), f"{state.name} starts as a number"
        shape = "SIZE" if state.axes else "()"
        made = f"np.zeros({shape}, dtype)" if initial == 0 else f"np.full({shape}, {float(initial)!r}, dtype)"
        lines.append(f"self.{state.name} = {made}")
    return lines


def _locals(update: Update, numbers: Sequence[Hyperparameter]) -> list[str]:
    """The numbers that the update's lines mention."""
    known = {h.keyword: f"self.{h.keyword}" for h in numbers} | {"t": "self.steps"}
    read = source.names(update.body)
    used = [name for name in known if name in read]
    return source.assignment(used, [known[name] for name in used], 2)


@dataclass(frozen=True)
class _Folded:
    """What a step does so that the backward pass adds to a state, or to the parameters: `into` is what it adds to.

    `before` are the lines that compute its factors, `allocates` those that the trainer begins with.
    """

    into: str = ""
    before: Sequence[str] = ()
    allocates: Sequence[str] = ()


def _folded(spec: NetworkSpec, program: Program, numbers: Sequence[Hyperparameter], modes: Modes) -> _Folded:
    """The same for this program; nothing where it stores gradients."""
    folding = program.folding
    if folding is None:
        return _Folded()
    named = symbols(numbers, folding.statement.block)
    held = {symbol: f"self.{keyword}" for symbol, keyword in named.items()}
    held |= {"t": "(self.steps + 1)", **({"eta": "self._rate()"} if spec.schedule else {})}
    equation = folding.statement.equation
    before = source.comment(formula(equation.target, equation.body), 0)
    for name, factor in (("keep", folding.keep), ("scale", folding.scale)):
        if factor:
            before.append(f"{name} = {python(factor.value, held)}")
    if folding.into == PARAMETERS:
        return _Folded("self.params", before)
    running = ", self.params.state" if modes.running else ""
    made = f"self._into = Parameters(self.{local(folding.into)}{running})  # the same numbers"
    return _Folded("self._into", before, [made])
