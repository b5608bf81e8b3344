"""The trainer: hyperparameters, the optimizer's state, and the update over the flat vector, a stretch at a time.

The update's operations run over every parameter at once. What is elementwise runs in stretches of `STRETCH` numbers,
so that a stretch of the parameters, gradients and state stays in the processor's cache from one operation to the next.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from symbp.catalog.entry import Option
from symbp.program.program import Array, Program, Scalar, Statement
from symbp.spec.model import NetworkSpec, Use
from symbp.targets.environment import render
from symbp.targets.numpy import names, routines, source
from symbp.targets.numpy.operations import Scope, reads

STRETCH = 16384
OWNERS = {"w": "self.params.flat", "g": "self._gradients.flat"}


@dataclass(frozen=True)
class Hyperparameter:
    """A number that the update reads: its keyword, its value in the spec, and the interval it must lie in."""

    name: str
    value: float
    low: float
    high: float


def hyperparameters(spec: NetworkSpec, program: Program) -> list[Hyperparameter]:
    """Those of the optimizer, the schedule and the clipping that the update reads, in that order."""
    read = {str(symbol) for scalar in _scalars(program) for symbol in scalar.value.free_symbols}
    found = {}
    for use in filter(None, (spec.optimizer, spec.schedule, *spec.clipping)):
        for option in use.entry.options:
            if option.name in read or option.name == "learning_rate":
                found.setdefault(option.name, _hyperparameter(option, use))
    return list(found.values())


def _hyperparameter(option: Option, use: Use) -> Hyperparameter:
    low = -math.inf if option.low is None else float(option.low)
    high = math.inf if option.high is None else float(option.high)
    return Hyperparameter(
        option.name,
        float(use.options[option.name]),  # type: ignore[arg-type]
        math.nextafter(low, math.inf) if option.low_open else low,
        math.nextafter(high, -math.inf) if option.high_open else high,
    )


def _scalars(program: Program) -> Iterator[Scalar]:
    for statement in program.routines["update"].statements:
        for op in statement.operations:
            yield from (value for value in vars(op).values() if isinstance(value, Scalar))
            yield from (o for o in getattr(op, "operands", ()) if isinstance(o, Scalar))


def trainer(spec: NetworkSpec, program: Program, separator: str, calls: Sequence[str]) -> str:
    """The class `Trainer`, behind the table of its hyperparameters."""
    numbers = hyperparameters(spec, program)
    update = program.routines["update"]
    state = [array for array in program.arrays.values() if array.storage == "state"]
    keywords = [f"{h.name}: float = {h.value}" for h in numbers]
    parts = [
        render(
            "numpy/hyperparameters.py.jinja",
            ranges=[f'"{h.name}": ({_bound(h.low)}, {_bound(h.high)})' for h in numbers],
        ),
        render(
            "numpy/trainer.py.jinja",
            title=f"Training by {spec.optimizer.name}",
            summary=source.paragraph(f"{spec.optimizer.entry.summary}.", 1),
            equations=[routines.formula(statement) for statement in update.statements],
            signature=source.call("def __init__", ["self", "params: Parameters", "*", *keywords], 1, tail=" -> None:"),
            hyperparameters=[f'self.{h.name} = _hyperparameter("{h.name}", {h.name})' for h in numbers],
            state=_state(state, program, separator),
            calls=calls,
        ),
    ]
    rest = [
        render(
            "numpy/state.py.jinja",
            copies="".join(f', "{a.name}": self.{a.name}.copy()' for a in state),
            arrays="".join(f', "{a.name}": self.{a.name}' for a in state),
        ),
        render("numpy/update.py.jinja", body=_update(program, numbers, separator)),
    ]
    return "\n\n\n".join(p.rstrip("\n") for p in parts) + "\n\n" + "\n".join(rest)


def _bound(value: float) -> str:
    return repr(value) if math.isfinite(value) else f"{'-' if value < 0 else ''}math.inf"


def _vectors(program: Program) -> list[Array]:
    """The arrays of the update that hold one number for each parameter."""
    operations = [op for s in program.routines["update"].statements for op in s.operations]
    return [program.arrays[n] for n in dict.fromkeys(n for op in operations for n in (op.out, *reads(op)))]


def _state(state: Sequence[Array], program: Program, separator: str) -> list[str]:
    """The optimizer's state, and what the update needs besides."""
    scratch = sum(a.storage == "workspace" for a in _vectors(program))
    lines = [f"self.{a.name} = np.zeros_like(self.params.flat)" for a in state]
    return lines + [f"self._scratch = np.empty(({scratch}, min(SIZE, STRETCH)), params.flat.dtype)"] * (scratch > 0)


def _update(program: Program, numbers: Sequence[Hyperparameter], separator: str) -> list[str]:
    vectors = _vectors(program)
    owned = [a for a in vectors if a.storage != "workspace"]
    scratch = [a.name for a in vectors if a.storage == "workspace"]
    sources = [f"{OWNERS.get(a.name, f'self.{a.name}')}[part]" for a in owned]
    symbols = {h.name: h.name for h in numbers} | {"eta": "learning_rate"}
    scope = Scope(program.arrays, {a.name: a.name for a in vectors}, symbols, 3)
    setup = [f"{', '.join(h.name for h in numbers)} = {', '.join(f'self.{h.name}' for h in numbers)}"]
    loop = [
        "for start in range(0, SIZE, STRETCH):",
        "    part = slice(start, start + STRETCH)",
        f"    {', '.join(a.name for a in owned)} = {', '.join(sources)}",
        *([f"    {_unpacked(scratch)} = self._scratch[:, : len(w)]"] if scratch else []),
    ]
    head = [f"{source.INDENT * 2}{line}" for line in setup + loop]
    return head + routines.body(program.routines["update"].statements, scope)


def _unpacked(targets: Sequence[str]) -> str:
    """Targets of an assignment, as `ruff format` writes them."""
    return ", ".join(targets) if len(targets) != 1 else f"({targets[0]},)"
