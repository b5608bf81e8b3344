"""The trainer's hyperparameters: the options of optimizer, schedule and clipping that its equations read.

A keyword is the option's name; where two rows have an option of one name, the later keyword starts with its row's.
Options that choose equations (`nesterov`, `reduction`) were chosen when the module was generated.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from symbp.catalog.entry import Option
from symbp.program.operations import Map, Op, Scalar
from symbp.program.program import Program
from symbp.spec.model import NetworkSpec, Use
from symbp.targets.numpy import transcribe

RATE = "learning_rate"


@dataclass(frozen=True)
class Hyperparameter:
    """A number that the trainer keeps: keyword, value in the spec, closed interval; `symbol` stands for it in `row`.

    `words` say the interval as a spec's messages do.
    """

    keyword: str
    row: str
    symbol: str
    value: float
    low: float
    high: float
    words: str


def hyperparameters(spec: NetworkSpec, program: Program) -> tuple[Hyperparameter, ...]:
    """Those of the optimizer, then of the schedule, then of each clipping."""
    found: dict[str, Hyperparameter] = {}
    for use in filter(None, (spec.optimizer, spec.schedule, *spec.clipping)):
        read = _read(use, program)
        for option in use.entry.options:
            if option.name in read or (option.name == RATE and use is spec.optimizer):
                keyword = option.name if option.name not in found else f"{use.name}_{option.name}"
                found[keyword] = _hyperparameter(keyword, use, option, spec)
    return tuple(found.values())


def symbols(numbers: Iterable[Hyperparameter], row: str) -> Mapping[str, str]:
    """What the symbols of a row's equations are called in the trainer's code."""
    return {"eta": "eta", "t": "t"} | {number.symbol: number.keyword for number in numbers if number.row == row}


def _hyperparameter(keyword: str, use: Use, option: Option, spec: NetworkSpec) -> Hyperparameter:
    low = -math.inf if option.low is None else float(option.low)
    high = math.inf if option.high is None else float(option.high)
    symbol = option.name if option.name != RATE else "eta_0" if spec.schedule else "eta"
    value = use.options[option.name]
    assert isinstance(value, float | int), f"{use.name}: {option.name} is a number"
    return Hyperparameter(
        keyword,
        use.name,
        symbol,
        float(value),
        math.nextafter(low, math.inf) if option.low_open else low,
        math.nextafter(high, -math.inf) if option.high_open else high,
        option.interval or "of any size",
    )


def _read(use: Use, program: Program) -> set[str]:
    """The symbols that the equations of this use read."""
    if use.entry.kind == "schedule":
        return transcribe.names(use.entry.variant(use.options).equations)
    statements = [s for s in program.routines["update"].statements if s.block == use.name]
    scalars = [scalar for s in statements for op in s.operations for scalar in _scalars(op)]
    if (folding := program.folding) and folding.statement.block == use.name:
        scalars += [factor for factor in (folding.keep, folding.scale) if factor]
    return {str(symbol) for scalar in scalars for symbol in scalar.value.free_symbols}


def _scalars(op: Op) -> list[Scalar]:
    values = [*vars(op).values(), *(op.operands if isinstance(op, Map) else ())]
    return [value for value in values if isinstance(value, Scalar)]
