"""From a row of the catalog to a `Formula`: the variant that the options call for, at the ranks of its inputs.

A formula is read once for each row, variant and ranks; every block that needs it shares it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial

import sympy as sp

from symbp.catalog import entries
from symbp.catalog.entry import Entry, Option, Value, Variant
from symbp.formula.equation import Formula, Kind
from symbp.formula.expression import Element, element, elements, scalar
from symbp.formula.families import write_out
from symbp.formula.grammar import FormulaError
from symbp.formula.parse import read_formula
from symbp.formula.scope import CallableRow, Declared, Scope
from symbp.formula.syntax import assigned_names

RUNTIME = ("eta", "eta_0", "t", "fan_in", "fan_out")  # numbers that rows may read beside their options
WEIGHT = "loss_weight"  # of a loss among several


@dataclass(frozen=True)
class Row:
    """A row at work: its formula, and the variant whose parameters, constants and states it has.

    `inference` is its formula in inference, where that is another, and `update` what a step of training does to its
    states, from all that its formula computed.
    """

    entry: Entry
    variant: Variant
    formula: Formula
    inference: Formula | None = None
    update: Formula | None = None


def formula_of(
    entry: Entry,
    options: Mapping[str, Value],
    ranks: int | Sequence[int] | Mapping[str, int],
    output_rank: int | None = None,
    *,
    weighted: bool = False,
) -> Row:
    """The formula of a layer, activation, loss or penalty whose inputs have these ranks, in order or by name.

    `output_rank` is the rank of the result, where the equations leave it open (reshape). `weighted` multiplies a cost
    by the number `loss_weight`.
    Raises FormulaError where the equations cannot be read at these ranks.
    """
    given = _named(entry, ranks)
    optional = {name: True for name in given if f"{name}?" in entry.inputs}
    variant = entry.variant({**options, **optional})
    rank = next(iter(given.values()), 0)
    use = _Reading(
        variant,
        str(options.get("reduction", "mean")),
        entry.integer_tensors(options),
        tuple(given.items()),
        output_rank,
        _axis(options, rank) if entry.option("axis") else None,
        tuple((n, (0, *map(int, v))) for n, v in options.items() if isinstance(v, tuple) and _permutes(variant, n)),
        weighted,
    )
    return _read(entry, use)


@dataclass(frozen=True)
class _Reading:
    """Everything that tells one formula of a row from another."""

    variant: Variant
    reduction: str
    integers: tuple[str, ...]
    ranks: tuple[tuple[str, int], ...]
    output_rank: int | None
    axis: int | None
    orders: tuple[tuple[str, tuple[int, ...]], ...]
    weighted: bool


def _named(entry: Entry, ranks: int | Sequence[int] | Mapping[str, int]) -> dict[str, int]:
    """The ranks by the names that the equations read."""
    if isinstance(ranks, Mapping):
        return dict(ranks)
    ranks = (ranks,) if isinstance(ranks, int) else tuple(ranks)
    return dict(zip(entry.input_names(len(ranks)), ranks, strict=True))


def _axis(options: Mapping[str, Value], rank: int) -> int:
    """The axis that the option names, counted from 0; the batch is none."""
    axis = int(str(options["axis"]))
    if not (1 <= axis < rank or -rank < axis <= -1):
        behind = f"1 to {rank - 1}, or -{rank - 1} to -1" if rank > 1 else "an axis behind the batch"
        raise FormulaError(f"axis {axis} of an input with {rank} axes, the batch among them: expected {behind}")
    return axis % rank


def _permutes(variant: Variant, option: str) -> bool:
    return f", {option})" in variant.equations and "permute(" in variant.equations


@lru_cache(maxsize=1024)  # rows of a spec's own come and go
def _read(entry: Entry, use: _Reading) -> Row:
    variant, integers, rank = use.variant, use.integers, next((r for _, r in use.ranks), 0)
    tensors: dict[str, Declared] = {n: Declared(r, "input", _kind(n, integers)) for n, r in use.ranks}
    if entry.targeted and "y" not in tensors:
        tensors["y"] = Declared(rank - 1 if "y" in integers else rank, "target", _kind("y", integers))
    for noise in variant.random:
        rank_ = max(rank, len(noise.axes)) if "..." in noise.axes else len(noise.axes)
        tensors[noise.name] = Declared(rank_, "random", distribution=noise.distribution)
    if entry.kind in ("layer", "activation"):
        tensors |= {s.name: Declared(len(s.axes), "state") for s in variant.states}
    for parameter in variant.parameters:
        tensors[parameter.name] = Declared(len(parameter.axes), "parameter")
    for name, axes in variant.constants:
        tensors[name] = Declared(len(axes), "constant")
    if use.output_rank is not None:
        tensors[entry.result] = Declared(use.output_rank, "output")
    scope = Scope(
        tensors=tensors,
        scalars=_option_symbols(entry),
        outputs=(entry.result,),
        rows=callable_rows(),
        reduction=use.reduction,
        stated=dict(entry.sizes),
        axis=use.axis,
        orders=dict(use.orders),
        batched=entry.kind != "penalty",
    )

    def read(name: str, equations: str, scope: Scope) -> Formula:
        if entry.family:
            equations = write_out(equations, entry.family, len(use.ranks) - len(entry.inputs) + 1)
        return read_formula(name, equations, scope, entry.source)

    formula = read(_name(entry, use), variant.equations, scope)
    _check_reads(formula, entry, variant)
    inference = update = None
    if variant.inference:
        known = {name: declared for name, declared in tensors.items() if declared.role != "random"}
        try:
            inference = read(f"{formula.name} in inference", variant.inference, replace(scope, tensors=known))
        except FormulaError as error:
            raise FormulaError(f"in inference: {error.message}", error.line) from None
    if variant.update:
        states = tuple(s.name for s in variant.states)
        text = f"{variant.equations}\n{variant.update}"
        try:
            whole = read(f"{formula.name} after a step", text, replace(scope, states=states))
        except FormulaError as error:
            raise FormulaError(f"in the update: {error.message}", error.line) from None
        update = _update(formula, whole, states)
    return Row(entry, variant, _times_weight(formula) if use.weighted else formula, inference, update)


def _check_reads(formula: Formula, entry: Entry, variant: Variant) -> None:
    """FormulaError where a target or parameter cancels, or training reads what only inference and updates may."""
    if entry.targeted and "y" not in formula.tensors:
        instead = "a cost without a target leaves it out and states its `inputs`, as in `inputs: [a]`"
        raise FormulaError(f"`y`, the target, cancels, so that no equation depends on it; {instead}")
    for parameter in variant.parameters:
        if parameter.name not in formula.tensors:
            reason = "cancels, or stands in no equation of training, so that it cannot be trained"
            raise FormulaError(f"the parameter `{parameter.name}` {reason}; leave it out")
    for equation in formula.equations:
        for state in variant.states:
            if any(elements(equation.body, state.name)):
                raise FormulaError(
                    f"training reads the state `{state.name}`, which `inference` and `update` alone may read: "
                    "write what it stands for in terms of the batch",
                    equation.text,
                )


def _update(formula: Formula, whole: Formula, states: tuple[str, ...]) -> Formula:
    """What `whole` computes beyond the formula, from what that computed. The new value of a state `s` is named `s'`."""
    known = {e.target.tensor for e in formula.equations}
    late: dict[str, str] = {}

    def renamed(node: sp.Expr) -> sp.Expr:
        return node.replace(
            lambda n: isinstance(n, Element) and n.tensor in late, lambda n: element(late[n.tensor], *n.indices)
        )

    equations, tensors = [], dict(whole.tensors)
    for equation in whole.equations:
        name = equation.target.tensor
        if name in known:
            tensors[name] = replace(tensors[name], role="input")
            continue
        body = renamed(equation.body)
        if name in states:
            late[name] = f"{name}'"
            tensors[late[name]] = replace(tensors[name], name=late[name], role="output")
        equations.append(replace(equation, target=renamed(equation.target), body=body))
    missing = [name for name in states if name not in late]
    if missing:
        raise FormulaError(f"no equation of the update assigns the state `{missing[0]}`")
    used = {s for e in equations for s in e.body.free_symbols}
    scalars = {n: s for n, s in whole.scalars.items() if s in used}
    return replace(whole, equations=tuple(equations), tensors=tensors, scalars=scalars)


def _times_weight(formula: Formula) -> Formula:
    """The formula of a cost, multiplied by a number of its own."""
    weight = scalar(WEIGHT, nonnegative=True)
    equations = tuple(
        replace(e, body=weight * e.body, text="") if e.target.tensor == formula.output.name else e
        for e in formula.equations
    )
    return replace(formula, equations=equations, scalars={**formula.scalars, WEIGHT: weight})


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
    scope = Scope(tensors, _scalars(entry), outputs, callable_rows(), states=("w", "g", *states))
    return Row(entry, variant, read_formula(entry.name, variant.equations, scope, entry.source))


def scalars_of(entry: Entry, options: Mapping[str, Value]) -> Row:
    """The equations of a schedule or an initializer: numbers from numbers."""
    variant = entry.variant(options)
    outputs = (entry.result,) if entry.result else assigned_names(variant.equations)
    scope = Scope({}, _scalars(entry), outputs, callable_rows())
    return Row(entry, variant, read_formula(entry.name, variant.equations, scope, entry.source))


def _name(entry: Entry, use: _Reading) -> str:
    """A name for the formula, distinct for distinct formulas."""
    variant, ranks = use.variant, [r for _, r in use.ranks]
    parts = [entry.name]
    changed = sorted(variant.options - {"reduction"})
    without = [n for n in changed if (option := entry.option(n)) is not None and option.default is True]
    for word, names in (("with ", [n for n in changed if n not in without]), ("without ", without)):
        if names:
            parts.append(word + " and ".join(names))
    if use.reduction != "mean" and ("reduce[" in variant.equations or "reduction" in variant.options):
        parts.append("summed")
    if entry.family:
        parts.append(f"of {len(ranks)}")
    if set(ranks) != {2}:
        parts.append(f"of rank {' and '.join(map(str, ranks if len(set(ranks)) > 1 else ranks[:1]))}")
    if use.output_rank is not None and {use.output_rank} != set(ranks):
        parts.append(f"to rank {use.output_rank}")
    if entry.kind == "loss" and "y" in dict(use.ranks):
        parts.append("of a computed target")
    if use.axis is not None:
        parts.append(f"at axis {use.axis}")
    parts += [f"to {order[1:]}" for _, order in use.orders]
    if use.weighted:
        parts.append("weighted")
    return " ".join(parts)


def _kind(name: str, integers: tuple[str, ...]) -> Kind:
    return "int" if name in integers else "float"


def _scalars(entry: Entry) -> dict[str, sp.Symbol]:
    runtime = {name: scalar(name, positive=True) for name in RUNTIME if name != entry.result}
    return {**runtime, **_option_symbols(entry)}


def _option_symbols(entry: Entry) -> dict[str, sp.Symbol]:
    """The numbers that equations may read: options, and every name of a shape."""
    single = [(o.name, o) for o in entry.options if o.type in ("real", "integer")]
    return {name: _symbol(name, o) for name, o in (*single, *((n, o) for o in entry.options for n in o.names))}


def _symbol(name: str, option: Option) -> sp.Symbol:
    """The option as a symbol, with the sign that its interval proves."""
    nonnegative = option.low is not None and option.low >= 0
    positive = nonnegative and (option.low_open or option.low != 0)
    return scalar(name, positive=positive, nonnegative=nonnegative, integer=option.type != "real")


@cache
def callable_rows() -> Mapping[str, CallableRow]:
    """The elementwise rows that formulas may call, at their defaults."""
    rows = {}
    for entry in entries("activation"):
        if entry.parameters or entry.variants or entry.inference or "[" in entry.equations:
            continue
        defaults = {o.name: sp.Rational(str(o.default)) for o in entry.options if o.default is not None}
        rows[entry.name] = CallableRow(entry.equations, entry.argument, entry.result, defaults)
    return rows


def whole_rows() -> Mapping[str, Callable[[int], Formula]]:
    """The activations that keep a shape and read more of it than one element, at their defaults: formulas by rank."""
    others = callable_rows()
    return {
        entry.name: partial(_at_rank, entry)
        for entry in entries("activation")
        if not (entry.name in others or entry.parameters or entry.options or entry.inference or entry.sizes)
    }


def _at_rank(entry: Entry, rank: int) -> Formula:
    return formula_of(entry, {}, rank).formula
