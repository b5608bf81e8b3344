"""The schedule as a method of the trainer: the catalog's equations, line by line, in Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from symbp.spec.model import Use
from symbp.targets.environment import render
from symbp.targets.numpy import source, transcribe
from symbp.targets.numpy.hyperparameters import Hyperparameter


def method(use: Use, numbers: Sequence[Hyperparameter]) -> str:
    """`_rate`, the learning rate of the next step."""
    meaning: dict[str, str] = {
        h.symbol: f"self.{h.keyword}" for h in numbers if h.row == use.name or h.symbol == "eta_0"
    }
    meaning["t"] = "self.steps"
    lines: list[str] = []
    for left, right in transcribe.equations(use.entry.variant(use.options).equations).items():
        lines += _assigned(left, right, meaning)
        meaning[left] = left
    return render(
        "numpy/schedule.py.jinja", source=source.paragraph(f"{use.entry.source}.", 2), name=use.name, lines=lines
    )


def _assigned(left: str, right: str, meaning: Mapping[str, str]) -> list[str]:
    """`eta = ...`; where that is too long for a line, a distinction of cases as `if` and `else`."""
    line = f"{left} = {transcribe.expression(right, meaning)}"
    distinction = transcribe.cases(right, meaning)
    if len(line) + 2 * len(source.INDENT) <= source.WIDTH or distinction is None:
        return source.outdented(source.bracketed(line, 2), 2)
    condition, yes, no = distinction
    return [f"if {condition}:", f"{source.INDENT}{left} = {yes}", "else:", f"{source.INDENT}{left} = {no}"]
