"""Initializers as statements of `init`: `params.dense_1_W[...] = draw.normal(0, math.sqrt(2 / 784), (784, 512))`.

The scales are the catalog's equations with the parameter's own numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from symbp.catalog import lookup
from symbp.catalog.entry import Entry
from symbp.forward.network import Parameter
from symbp.targets.numpy import source, transcribe

DRAWS = {
    "constant": ("value", "{value}"),
    "normal": ("mean std", "draw.normal({mean}, {std}, {shape})"),
    "uniform": ("low high", "draw.uniform({low}, {high}, {shape})"),
    "orthogonal": ("gain", "_orthogonal(draw, {shape}, {gain})"),
}


def row(parameter: Parameter) -> Entry:
    """The catalog's row of the parameter's initializer."""
    entry = lookup("initializer", parameter.initializer)
    if entry is None:
        raise KeyError(f"{parameter.name}: no initializer {parameter.initializer!r}")
    return entry


def statement(parameter: Parameter, reference: str) -> list[str]:
    """The lines that fill one parameter, behind the name of its initializer."""
    entry = row(parameter)
    names = {**parameter.options, "fan_in": parameter.fan_in, "fan_out": parameter.fan_out}
    scales, form = DRAWS[entry.distribution]
    values = _values(entry.equations, scales, tuple((name, repr(value)) for name, value in names.items()))
    line = f"{reference}[...] = {form.format(**values, shape=source.shape(parameter.shape))}"
    tail = f"  # {entry.name}"
    if not line.endswith(")"):
        return [line + tail]
    return source.outdented(source.bracketed(line, 1, tail=tail), 1)


@lru_cache(maxsize=1024)
def _values(equations: str, scales: str, names: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """The scales in Python, by name: the same for parameters that start alike and have the same fans."""
    formulas = transcribe.equations(equations)
    return {s: transcribe.expression(formulas.get(s, s), dict(names)) for s in scales.split()}
