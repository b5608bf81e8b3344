"""The sizes of a row's formula in numbers: from the shapes that it reads, its options, and what the row says."""

from __future__ import annotations

from collections.abc import Mapping

from symbp.formula.equation import Formula
from symbp.formula.expression import elements
from symbp.forward.network import BATCH, NetworkTensor
from symbp.forward.rows import Row
from symbp.forward.sizes import SizeError, Sizes, in_options, row_size
from symbp.spec.model import Use


def solve(
    row: Row,
    formula: Formula,
    use: Use,
    given: Mapping[str, NetworkTensor],
    known: Mapping[str, NetworkTensor] | None = None,
) -> Sizes:
    """The sizes of a row's formula for inputs of these shapes; `known` are all tensors whose shapes are known.

    Raises SizeError where they contradict each other, or do not say all.
    """
    entry, sizes = row.entry, Sizes(formula)
    shapes = {name: tensor.shape for name, tensor in given.items()}
    first = next(iter(shapes.values()))
    for name, tensor in (given if known is None else known).items():
        if name not in formula.tensors:
            raise SizeError(f"no equation reads `{name}`")
        sizes.learn_shape(name, tensor.shape)
    if "N" not in map(str, sizes.values) and entry.kind != "penalty":
        lone = len(first) == 1
        raise SizeError("an axis beside the batch is needed" if lone else "the equations do not read the batch as `n`")
    for less, more, *words in entry.limits:
        low, high = (row_size(entry, text, use.options, shapes, least=0) for text in (less, more))
        if low > high:
            less, more = (in_options(entry, text) for text in (less, more))
            raise SizeError(": ".join([*words, f"`{less}` is {low}, and `{more}` only {high}"]))
    for letter, text in entry.sizes:
        if letter == "...":
            wanted = use.options[text]
            assert isinstance(wanted, tuple)
            sizes.learn_shape(formula.output.name, (BATCH, *(int(s) for s in wanted)))
        elif letter in formula.letters:
            stated = letter if text.isdigit() else in_options(entry, text)
            sizes.learn(formula.letters[letter], row_size(entry, text, use.options, shapes), f"`{stated}`")
    parameters = [p for p in row.variant.parameters if p.name in formula.tensors]
    for parameter_row in parameters:  # axes that are read at labels have no index of their own
        for letter, extent in zip(parameter_row.axes, formula.tensors[parameter_row.name].axes, strict=True):
            if letter in dict(entry.sizes) and letter not in formula.letters:
                text = dict(entry.sizes)[letter]
                sizes.learn(extent, row_size(entry, text, use.options, shapes), f"`{letter}`")
    if "y" in formula.tensors and formula.tensors["y"].role == "target":
        for extent, value in zip(formula.tensors["y"].axes, first, strict=False):
            if extent.is_Symbol:
                sizes.values.setdefault(extent, value)
    for name, _ in row.variant.constants:
        _learn_constant(sizes, name, use.options[name])
    sizes.check()
    return sizes


def _learn_constant(sizes: Sizes, name: str, value: object) -> None:
    """A constant has a value for each place of the axes read where it is read: `weight[y[n]]` beside `a[n,y[n]]`."""
    (extent,) = sizes.formula.tensors[name].axes
    nodes = [node for equation in sizes.formula.equations for node in elements(equation.body)]
    places = {node.indices for node in nodes if node.tensor == name}
    for node in nodes:
        for axis, place in enumerate(node.indices):
            held = sizes.formula.tensors[node.tensor].axes[axis]
            if (place,) in places and held in sizes.values:
                sizes.learn(extent, sizes.values[held], f"the number of values in `{name}`")
    sizes.learn(extent, len(value) if isinstance(value, tuple | list) else 1, f"the number of values in `{name}`")
