"""Of a definition of a spec's own: what training has besides inference.

noise:
  formula: "y[...] = x[...] * (1 + size * e[...])"
  random: {e: normal}                               on the axes of x; or {e: {distribution: normal, axes: [n]}}
  inference: "y[...] = x[...]"
centred:
  formula: "mu[j] = mean[n](x[n,j]); y[n,j] = x[n,j] - mu[j]"
  inference: "y[n,j] = x[n,j] - running[j]"
  state: {running: [j]}                             0 at first; or {running: {axes: [j], initial: 1}}
  update: "running[j] = (1 - share) * running[j] + share * mu[j]"     after a step of training
  options: {share: 0.1}
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from symbp.catalog.entry import EntryKind, Noise, RandomRow, StateRow
from symbp.formula.grammar import NAME, FormulaError, Line, read_lines
from symbp.spec.names import hint, quoted, shown
from symbp.spec.yaml import Path

MODE_KEYS = ("random", "inference", "state", "update")
RANDOM_KEYS = ("distribution", "axes")
STATE_KEYS = ("axes", "initial")
LARGEST = 1e15
DISTRIBUTIONS = get_args(Noise)


def random_row(name: str, value: Any, problem: Callable[[Path, str], None]) -> RandomRow | None:
    """A random tensor, by its distribution alone or with its axes; None where `problem` was told of anything."""
    path: Path = ("random", name)
    value = value if isinstance(value, dict) else {"distribution": value}
    for key in value:
        if key not in RANDOM_KEYS:
            problem((*path, key), f"{quoted(key)} is not a key of a random tensor{hint(key, RANDOM_KEYS)}")
            return None
    distribution, axes = value.get("distribution"), value.get("axes", ["..."])
    if distribution not in DISTRIBUTIONS:
        problem(path, f"expected a distribution, {' or '.join(DISTRIBUTIONS)}; got {shown(distribution)}")
        return None
    letters = isinstance(axes, list) and all(isinstance(a, str) and (a == "..." or NAME.fullmatch(a)) for a in axes)
    if not letters or axes.count("...") > 1:
        problem(
            (*path, "axes"), f"expected index letters of the formula, as in `[n, j]` or `['...']`; got {shown(axes)}"
        )
        return None
    return RandomRow(name, distribution, tuple(axes))


def state_row(name: str, value: Any, problem: Callable[[Path, str], None]) -> StateRow | None:
    """What is kept from step to step, by its axes alone or with its start; None where `problem` was told."""
    path: Path = ("state", name)
    value = value if isinstance(value, dict) else {"axes": value}
    for key in value:
        if key not in STATE_KEYS:
            problem((*path, key), f"{quoted(key)} is not a key of a state{hint(key, STATE_KEYS)}")
            return None
    axes, initial = value.get("axes"), value.get("initial", 0)
    if not isinstance(axes, list) or not all(isinstance(a, str) and NAME.fullmatch(a) for a in axes):
        problem(path, f"expected `axes`, index letters of the formula, as in `[c]`; got {shown(axes)}")
        return None
    if isinstance(initial, bool) or not isinstance(initial, int | float) or abs(initial) > LARGEST:
        problem((*path, "initial"), f"expected a number of magnitude {LARGEST:g} at most; got {shown(initial)}")
        return None
    return StateRow(name, tuple(axes), float(initial))


class Modes:
    """The equations of inference and of the update, as texts and as they are read; empty where they are wrong."""

    def __init__(self, kind: EntryKind, row: dict[str, Any], problem: Callable[[Path, str], None]) -> None:
        self.row = row
        self.problem = problem
        self.lines: list[Line] = []
        self.inference = self.update = ""
        if kind == "loss":
            for key in (k for k in MODE_KEYS if row.get(k)):
                problem((key,), "a loss is the same in training and inference; a layer or an activation may differ")
            return
        self.inference, self.update = self.text("inference"), self.text("update")
        told = "the equations without it, as in `y = x`"
        for key, needed, why in [
            ("random", "inference", f"what is random in training needs `inference`: {told}"),
            ("state", "update", "what is kept from step to step needs `update`: the equations that assign it"),
            ("update", "state", "`update` assigns what `state` names, and nothing is named"),
        ]:
            if row.get(key) and not row.get(needed):
                problem((key,), why)

    def text(self, key: str) -> str:
        text = self.row.get(key, "")
        if not isinstance(text, str):
            self.problem((key,), f"expected equations as a text; got {shown(text)}")
        elif text:
            try:
                self.lines += read_lines(text)
            except FormulaError as error:
                self.problem((key,), str(error))
            else:
                return text
        return ""
