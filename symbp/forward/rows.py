"""From a row of the catalog to a `Formula`: the variant that the options call for, at the rank of its input.

A formula is read once for each row, variant and rank; every block that needs it shares it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import sympy as sp

from symbp.catalog import entries
from symbp.catalog.entry import Entry, Option, Value, Variant
from symbp.formula.equation import Formula, Kind
from symbp.formula.expression import scalar
from symbp.formula.parse import CallableRow, Declared, Scope, assigned_names, read_formula

RUNTIME = ("eta", "eta_0", "t", "fan_in", "fan_out")  # numbers that rows may read beside their options


@dataclass(frozen=True)
class Row:
    """A row at work: its formula, and the variant whose parameters, constants and states it has."""

    entry: Entry
    variant: Variant
    formula: Formula


def formula_of(entry: Entry, options: Mapping[str, Value], rank: int, output_rank: int | None = None) -> Row:
    """The formula of a layer, activation, loss or penalty whose input has `rank` axes.

    `output_rank` is the rank of the result, where the equations leave it open (reshape).
    Raises FormulaError where the equations cannot be read at this rank.
    """
    variant = entry.variant(options)
    reduction = str(options.get("reduction", "mean"))
    integers = entry.integer_tensors(options)
    return _read(entry, variant, reduction, integers, rank, output_rank)


@cache
def _read(
    entry: Entry, variant: Variant, reduction: str, integers: tuple[str, ...], rank: int, output_rank: int | None
) -> Row:
    tensors: dict[str, Declared] = {}
    argument = entry.argument or "w"
    tensors[argument] = Declared(rank, "input", _kind(argument, integers))
    if entry.kind == "loss":
        tensors["y"] = Declared(rank - 1 if "y" in integers else rank, "target", _kind("y", integers))
    for parameter in variant.parameters:
        tensors[parameter.name] = Declared(len(parameter.axes), "parameter")
    for name, axes in variant.constants:
        tensors[name] = Declared(len(axes), "constant")
    if output_rank is not None:
        tensors[entry.result] = Declared(output_rank, "output")
    scope = Scope(
        tensors=tensors,
        scalars={o.name: _symbol(o) for o in entry.options if o.type in ("real", "integer")},
        outputs=(entry.result,),
        rows=_callable_rows(),
        reduction=reduction,
        stated=tuple(letter for letter, _ in entry.sizes),
    )
    formula = read_formula(_name(entry, variant, reduction, rank), variant.equations, scope, entry.source)
    return Row(entry, variant, formula)


def update_of(entry: Entry, options: Mapping[str, Value]) -> Row:
    """The update equations of an optimizer, or of clipping, over flat vectors indexed by `p`."""
    variant = entry.variant(options)
    states = tuple(s.name for s in variant.states)
    tensors = {
        "g": Declared(1, "state"),
        **({"w": Declared(1, "state")} if entry.kind == "optimizer" else {}),
        **{s.name: Declared(len(s.axes), "state") for s in variant.states},
    }
    outputs = ("w",) if entry.kind == "optimizer" else ("g",)
    scope = Scope(tensors, _scalars(entry), outputs, _callable_rows(), states=("w", "g", *states))
    return Row(entry, variant, read_formula(entry.name, variant.equations, scope, entry.source))


def scalars_of(entry: Entry, options: Mapping[str, Value]) -> Row:
    """The equations of a schedule or an initializer: numbers from numbers."""
    variant = entry.variant(options)
    outputs = (entry.result,) if entry.result else assigned_names(variant.equations)
    scope = Scope({}, _scalars(entry), outputs, _callable_rows())
    return Row(entry, variant, read_formula(entry.name, variant.equations, scope, entry.source))


def _name(entry: Entry, variant: Variant, reduction: str, rank: int) -> str:
    """A name for the formula, distinct for distinct formulas."""
    parts = [entry.name]
    if variant.options - {"reduction"}:
        parts.append("with " + " and ".join(sorted(variant.options - {"reduction"})))
    if reduction != "mean" and ("reduce[" in variant.equations or "reduction" in variant.options):
        parts.append("summed")
    if rank != 2 and entry.kind != "penalty":
        parts.append(f"of rank {rank}")
    return " ".join(parts)


def _kind(name: str, integers: tuple[str, ...]) -> Kind:
    return "int" if name in integers else "float"


def _scalars(entry: Entry) -> dict[str, sp.Symbol]:
    runtime = {name: scalar(name, positive=True) for name in RUNTIME if name != entry.result}
    return {**runtime, **{o.name: _symbol(o) for o in entry.options if o.type in ("real", "integer")}}


def _symbol(option: Option) -> sp.Symbol:
    """The option as a symbol, with the sign that its interval proves."""
    nonnegative = option.low is not None and option.low >= 0
    positive = nonnegative and (option.low_open or option.low != 0)
    return scalar(option.name, positive=positive, nonnegative=nonnegative, integer=option.type == "integer")


@cache
def _callable_rows() -> Mapping[str, CallableRow]:
    """The elementwise rows that formulas may call, at their defaults."""
    rows = {}
    for entry in entries("activation"):
        if entry.parameters or entry.variants or "[" in entry.equations:
            continue
        defaults = {o.name: sp.nsimplify(o.default, rational=True) for o in entry.options if o.default is not None}
        rows[entry.name] = CallableRow(entry.equations, entry.argument, entry.result, defaults)
    return rows
