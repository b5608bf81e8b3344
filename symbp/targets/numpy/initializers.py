"""Initializers as statements of `init`: `params.dense_1_W[...] = draw.normal(0, math.sqrt(2 / 784), (784, 512))`.

The scales are the catalog's equations with the parameter's own numbers; a name of another kind in them is an error.
"""

from __future__ import annotations

import ast

from symbp.catalog import lookup
from symbp.forward.network import Parameter
from symbp.targets.numpy import source

DRAWS = {
    "constant": ("value", "{value}"),
    "normal": ("mean std", "draw.normal({mean}, {std}, {shape})"),
    "uniform": ("low high", "draw.uniform({low}, {high}, {shape})"),
    "orthogonal": ("gain", "_orthogonal(draw, {shape}, {gain})"),
}


def statement(parameter: Parameter, reference: str) -> list[str]:
    """The lines that fill one parameter, with the name of its initializer."""
    entry = lookup("initializer", parameter.initializer)
    if entry is None:
        raise KeyError(f"{parameter.name}: no initializer {parameter.initializer!r}")
    names = {**parameter.options, "fan_in": parameter.fan_in, "fan_out": parameter.fan_out}
    equations = dict(map(str.strip, line.split("=")) for line in entry.equations.splitlines() if line.strip())
    scales, form = DRAWS[entry.distribution]
    values = {s: python(equations[s], names) if s in equations else repr(names[s]) for s in scales.split()}
    target = f"{reference}[...]" if parameter.shape else f"{reference}[()]"
    text = f"{target} = {form.format(**values, shape=source.shape(parameter.shape))}"
    return [f"{text}  # {entry.name}"]


def draws(parameter: Parameter) -> bool:
    """Whether the parameter's initializer draws random numbers."""
    return distribution(parameter) != "constant"


def distribution(parameter: Parameter) -> str:
    """What the parameter's initializer draws from."""
    entry = lookup("initializer", parameter.initializer)
    return entry.distribution if entry else ""


class _Numbers(ast.NodeTransformer):
    """Names become numbers, `sqrt` becomes `math.sqrt`."""

    def __init__(self, names: dict[str, float]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:  # noqa: N802 - the name that ast dispatches on
        if node.id == "sqrt":
            return ast.Attribute(ast.Name("math"), "sqrt")
        return ast.Constant(self.names[node.id])


def python(expression: str, names: dict[str, float]) -> str:
    """A scale such as `sqrt(2 / fan_in)` with numbers for names. Raises `KeyError` for a name without one."""
    return ast.unparse(_Numbers(names).visit(ast.parse(expression, mode="eval")))
