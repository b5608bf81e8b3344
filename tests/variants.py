"""Every row of the catalog that is differentiated, in each of its variants: what the checks of derivations run over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby

import pytest
from _pytest.mark import ParameterSet

from symbp.catalog import entries, lookup
from symbp.catalog.entry import Entry, Option, Value, Variant
from symbp.derive.derivation import FormulaDerivation, TangentDerivation
from symbp.derive.derive import derive_formula
from symbp.derive.seam import Joint, derive_joint
from symbp.derive.tangents import derive_tangents
from symbp.formula.equation import Formula
from symbp.forward.defined import written_rank
from symbp.forward.rows import formula_of
from symbp.forward.sizes import numbers_of, row_size

KINDS = ("activation", "layer", "loss", "penalty")
RANKS = {
    "flatten": 4,
    "permute": 4,
    "instance_norm": 3,
    "batch_norm": 3,
    "global_average_pool": 4,
    "global_max_pool": 4,
}
# ... of formulas that leave it open, where it is not 2
WINDOWED = {3: (1, 2, 4), 4: (1, 2, 4, 2)}  # shapes of inputs, by rank, for rows whose options fix their sizes
STEPS = {"stride": (2, 1), "padding": (1, 0)}  # of their windows, so that some overlap the border and none overlap
OUTPUT_RANKS = {"reshape": 4}
MEMBERS = 3  # of a family of inputs


@dataclass(frozen=True)
class Variation:
    """One variant of a row: its formula, numbers for the options that it reads, and for sizes that depend on them."""

    entry: Entry
    formula: Formula
    scalars: Mapping[str, float]
    sizes: Mapping[str, int]

    def __str__(self) -> str:
        return f"{self.entry.kind} {self.formula.name}"


def usual(option: Option) -> Value:
    """The option's default, or a value where it has none or hides what is to be checked."""
    if option.names and option.name in STEPS:
        return STEPS[option.name][: len(option.names)]
    if option.default is not None:
        return option.default
    if option.type == "shape":
        return (2, 1)[: len(option.names)] if option.names else (3.0, 1.0, 2.0)
    return 0.3 if option.type == "real" else 2


def off_default(option: Option) -> Value:
    """A valid value of the option that is not its default."""
    if option.type == "boolean":
        return not option.default
    if option.type == "choice":
        return next(c for c in option.choices if c != option.default)
    if option.type == "shape":
        return (option.default[0] + 1, *option.default[1:]) if isinstance(option.default, tuple) else (2.0, 3.0)
    return 0.4375 if option.type == "real" else 2


@cache
def variations() -> tuple[Variation, ...]:
    """All that can be differentiated, those of one row side by side: a row may read whole numbers alone."""
    every = (v for kind in KINDS for entry in entries(kind) for v in _variations(entry))
    return tuple(v for v in every if any(t.kind == "float" for t in v.formula.with_role("input", "parameter")))


def variants(entry: Entry) -> tuple[Variant, ...]:
    """The row and its variants; of those that it writes, the ones of each option alone, and of all."""
    written = [] if entry.write is None else [*({name} for name in entry.switches), entry.switches]
    return (entry.variant({}), *entry.variants, *(entry.write(frozenset(w)) for w in written))


def cases(chosen: Iterable[Variation]) -> list[ParameterSet]:
    """Parameters of a test. Of rows that write their variants, those of one switch alone are left to the slow tests."""
    alone = {v.formula.name for of_row in _rows() for v in of_row[1:-1] if v.entry.write is not None}
    return [pytest.param(v, id=str(v), marks=[pytest.mark.slow] if v.formula.name in alone else []) for v in chosen]


def _rows() -> Iterator[list[Variation]]:
    return (list(of_row) for _, of_row in groupby(variations(), key=lambda v: (v.entry.kind, v.entry.name)))


def _variations(entry: Entry) -> Iterator[Variation]:
    defaults = {o.name: usual(o) for o in entry.options}
    for variant in variants(entry):
        options = dict(defaults)
        optional = {name for name in variant.options if f"{name}?" in entry.inputs}
        for name in variant.options - optional:
            option = entry.option(name)
            options[name] = off_default(option) if option else (0.5, 2.0)
        assert entry.variant({**options, **dict.fromkeys(optional, True)}) == variant, (entry.name, variant.options)
        count = len(entry.inputs) - 1 + MEMBERS if entry.family else None
        inputs = entry.input_names(count) if count else (*entry.required, *sorted(optional))
        own = replace(entry, equations=variant.equations)
        ranks = {name: written_rank(own, name) or RANKS.get(entry.name, 2) for name in inputs}
        formula = formula_of(entry, options, ranks, OUTPUT_RANKS.get(entry.name)).formula
        if any(o.names for o in entry.options):
            shapes = {name: WINDOWED[rank] for name, rank in ranks.items()}
            found = {
                formula.letters[a]: row_size(entry, t, options, shapes) for a, t in entry.sizes if a in formula.letters
            }
            extents = {
                x: k for n, s in shapes.items() for x, k in zip(formula.tensors[n].axes, s, strict=True) if x.is_Symbol
            }
            sizes = {str(symbol): number for symbol, number in {**found, **extents}.items()}
            options = numbers_of(entry, options, shapes)
        else:
            sizes = {}
        numbers = {n: float(v) for n, v in options.items() if isinstance(v, int | float)}
        yield Variation(entry, formula, numbers, sizes)


@cache
def reverse(formula_name: str) -> FormulaDerivation:
    """The cotangents of a variation's formula."""
    return derive_formula(_formulas()[formula_name])


@cache
def forward(formula_name: str) -> TangentDerivation:
    """The tangents of a variation's formula."""
    return derive_tangents(_formulas()[formula_name])


@cache
def _formulas() -> Mapping[str, Formula]:
    return {v.formula.name: v.formula for v in variations()}


def joint(variation: Variation) -> tuple[FormulaDerivation, Joint]:
    """A loss derived together with its link, and how the joint formula was found."""
    link = lookup("activation", variation.entry.link)
    assert link is not None
    first = formula_of(link, {}, 2).formula
    found = derive_joint(first, variation.formula, "a")
    assert found is not None
    return found
