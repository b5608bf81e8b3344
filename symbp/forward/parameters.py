"""The trainable tensors of a block: their shapes, how they start, and the fans that an initializer may ask for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

import sympy as sp

from symbp.catalog import lookup
from symbp.catalog.entry import ParameterRow
from symbp.formula.equation import Formula
from symbp.formula.expression import Element, SumOver, elements
from symbp.forward.network import BATCH, Parameter
from symbp.forward.sizes import Sizes
from symbp.spec.model import Place, Problem, SpecError, Use


def parameter(
    row: ParameterRow,
    name: str,
    formula: Formula,
    sizes: Sizes,
    initializers: Mapping[str, Use],
    place: Place,
    own_fan: int | None = None,
    fans: Sequence[int] = (),
) -> Parameter:
    """The parameter of a row, by its name in the network.

    `own_fan` is the number that the row's initializer reads, `fans` are those that every other reads, where stated.
    """
    fan_in, fan_out = fans or _fans(row.name, formula, sizes)
    chosen = initializers.get(row.name)
    if chosen is not None:
        start = chosen.name
        options = {k: float(v) for k, v in chosen.options.items() if isinstance(v, int | float)}
    else:
        start, options = row.initializer, {} if row.value is None else {"value": row.value}
        fan_in = own_fan or fan_in
        entry = lookup("initializer", start)
        if entry is None:
            raise SpecError([Problem(place, f"parameter `{row.name}` starts with `{start}`, which is no initializer")])
        options = {**{o.name: float(o.default) for o in entry.options if isinstance(o.default, int | float)}, **options}
    shape = sizes.shape(formula.tensors[row.name].axes)
    if BATCH in shape:
        raise SpecError([Problem(place, f"parameter `{row.name}` cannot have an axis over the batch")])
    numbers = tuple(int(d) for d in shape)
    return Parameter(name, numbers, start, options, fan_in, fan_out, row.decays)


def _fans(parameter: str, formula: Formula, sizes: Sizes) -> tuple[int, int]:
    """How many inputs one output of the layer sums over, and how many outputs one input reaches.

    Read off the equation that uses the parameter: the indices of a weight that it sums over, and those of its left
    side that a weight has, with the positions in a window, in each of which an input stands once. A bias has the fans
    of the weights it stands beside.
    """
    for equation in formula.equations:
        if not any(e.tensor == parameter for e in equation.reads):
            continue
        bound, read = _summed(equation.body, parameter)
        weights = [e for e in read if formula.tensors[e.tensor].role == "parameter"]
        held = {i for w in weights for i in w.free_symbols if i in equation.sizes}
        places = {i for e in read for i in e.indices if i.is_Add}
        reached = {i for i in held if i not in bound or any(i in place.free_symbols for place in places)}

        def product(symbols: Collection[sp.Symbol], extents: Mapping[sp.Symbol, sp.Expr] = equation.sizes) -> int:
            total = 1
            for symbol in symbols:
                value = sizes.value(extents[symbol])
                total *= int(value) if value != BATCH else 1
            return total

        return product(bound & held), product(reached)
    return 1, 1


@lru_cache(maxsize=4096)
def _summed(body: sp.Expr, parameter: str) -> tuple[frozenset[sp.Symbol], tuple[Element, ...]]:
    """What the sums over a parameter run over, and read; all sums where none is over it."""
    sums = [n for n in sp.preorder_traversal(body) if isinstance(n, SumOver)]
    sums = [s for s in sums if any(elements(s.body, parameter))] or sums
    return frozenset(i for s in sums for i in s.bound), tuple(e for s in sums for e in elements(s.body))
