"""Of a definition of a spec's own: what training has besides inference.

noise:
  formula: "y[...] = x[...] * (1 + size * e[...])"
  random: {e: normal}                               on the axes of x; or {e: {distribution: normal, axes: [n]}}
  inference: "y[...] = x[...]"
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from symbp.catalog.entry import EntryKind, Noise, RandomRow
from symbp.formula.grammar import NAME, FormulaError, Line, read_lines
from symbp.spec.names import hint, quoted, shown
from symbp.spec.yaml import Path

MODE_KEYS = ("random", "inference")
RANDOM_KEYS = ("distribution", "axes")
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


def inference(
    kind: EntryKind, row: dict[str, Any], problem: Callable[[Path, str], None]
) -> tuple[str, tuple[Line, ...]]:
    """The equations of inference as a text and as they are read; both empty where there are none or they are wrong."""
    if kind == "loss":
        for key in MODE_KEYS:
            if row.get(key):
                problem((key,), "a loss is the same in training and inference; a layer or an activation may differ")
        return "", ()
    text = row.get("inference", "")
    if not isinstance(text, str):
        problem(("inference",), f"expected equations as a text; got {shown(text)}")
    elif text:
        try:
            return text, read_lines(text)
        except FormulaError as error:
            problem(("inference",), str(error))
    elif row.get("random"):
        problem(("random",), "what is random in training needs `inference`: the equations without it, as in `y = x`")
    return "", ()
