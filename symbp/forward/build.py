"""From a `NetworkSpec` to a `Network`: each layer's formula at the rank and shapes it meets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

import sympy as sp

from symbp.catalog import lookup
from symbp.catalog.entry import Entry, ParameterRow
from symbp.formula.equation import Formula
from symbp.formula.expression import SumOver, elements
from symbp.formula.grammar import FormulaError
from symbp.forward.defined import definition_problems, written_rank
from symbp.forward.network import BATCH, Block, Dim, Network, NetworkTensor, Parameter
from symbp.forward.rows import Row, formula_of
from symbp.forward.sizes import SizeError, Sizes, row_size
from symbp.spec.model import NetworkSpec, Place, Problem, SpecError, Use

MAX_ENTRIES = 2**27  # numbers in one tensor for one example, and in all parameters together: a GiB in float64


@dataclass(frozen=True)
class _Source:
    """What a block may read: a tensor, and who made it in the spec's words."""

    tensor: NetworkTensor
    maker: str


@dataclass
class _Building:
    """What has been built so far; `sources` are what each layer, and each input of the network, computes."""

    penalized: bool = False  # whether the cost has terms beside the loss
    tensors: dict[str, NetworkTensor] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)
    sources: dict[str, _Source] = field(default_factory=dict)


def build_network(spec: NetworkSpec) -> Network:
    """The spec's network in blocks; SpecError where shapes do not fit or a formula cannot be read."""
    defined = definition_problems(spec)
    told = {use.place for use in (*(layer.use for layer in spec.layers), spec.loss) if use.entry in defined}
    problems = [problem for each in defined.values() for problem in each]
    try:
        network = _build(spec)
    except SpecError as error:
        problems += [p for p in error.problems if p.place not in told]
    if problems:
        raise SpecError(sorted(problems, key=lambda p: p.place.line))
    return network


def _build(spec: NetworkSpec) -> Network:
    building = _Building(penalized=bool(spec.penalties))
    building.tensors["x"] = NetworkTensor("x", (BATCH, *spec.input_shape), "input")
    last = building.sources["x"] = _Source(building.tensors["x"], "the input")
    for layer in spec.layers:
        reads = {name: building.sources[source] for name, source in layer.inputs.items()}
        reads = reads or {layer.use.entry.required[0]: last}
        last = building.sources[layer.name] = _add(building, layer.name, layer.use, layer.initializers, reads)
    output = prediction = last
    link: tuple[Block, ...] = ()
    if spec.loss.entry.link:
        name, use = _fresh(building, spec.loss.entry.link), _link_use(spec.loss)
        made = _add(building, name, use, {}, {use.entry.argument: output})
        link, prediction = (building.blocks[-1],), _Source(made.tensor, output.maker)
    costs = [_add(building, "loss", spec.loss, {}, {spec.loss.entry.argument: prediction}).tensor.name]
    for penalty in spec.penalties:
        for parameter in [p for p in building.parameters if p.decays]:
            name = _fresh(building, f"{penalty.name}_{parameter.name.replace('.', '_')}")
            weight = _Source(building.tensors[parameter.name], parameter.name)
            costs.append(_add(building, name, penalty, {}, {"w": weight}).tensor.name)
    return Network(
        spec.name, tuple(building.blocks), building.tensors, tuple(building.parameters), output.tensor.name,
        prediction.tensor.name, link, tuple(costs),
    )  # fmt: skip


def _link_use(loss: Use) -> Use:
    entry = lookup("activation", loss.entry.link)
    assert entry is not None, f"{loss.name} links to an activation that the catalog lacks"
    return Use(entry, {o.name: o.default for o in entry.options if o.default is not None}, frozenset(), loss.place)


def _fresh(building: _Building, name: str) -> str:
    taken = {b.name for b in building.blocks}
    while name in taken:
        name += "_"
    return name


def _add(
    building: _Building, name: str, use: Use, initializers: Mapping[str, Use], reads: Mapping[str, _Source]
) -> _Source:
    """Append one block, its parameters and its tensors."""
    entry = use.entry
    where = "the loss" if entry.kind == "loss" else f"layer `{name}`"
    given = {tensor: source.tensor for tensor, source in reads.items()}
    try:
        row = formula_of(entry, use.options, {n: len(t.shape) for n, t in given.items()}, _output_rank(entry, use))
        sizes = _solve(row, use, given)
        shapes = {t.name: sizes.shape(t.axes) for t in row.formula.tensors.values()}
        _check_output(row, shapes[row.formula.output.name])
    except (FormulaError, SizeError) as error:
        raise SpecError([Problem(use.place, f"{where} ({entry.name}) {_unfit(entry, reads, error)}")]) from None
    _check_extents(shapes, use.place)
    binding = {t.name: _global_name(t.name, t.role, entry, name, building) for t in row.formula.tensors.values()}
    binding |= {n: t.name for n, t in given.items()}
    constants = {n: use.options[n] for n, _ in row.variant.constants}
    for tensor in row.formula.tensors.values():
        shape, value = shapes[tensor.name], constants.get(tensor.name)
        if value is not None:
            value = tuple(map(float, value)) if isinstance(value, tuple | list) else (float(value),)
        building.tensors.setdefault(
            binding[tensor.name], NetworkTensor(binding[tensor.name], shape, tensor.role, tensor.kind, value)
        )
    for parameter in row.variant.parameters:
        building.parameters.append(_parameter(parameter, row.formula, sizes, binding, initializers, use.place))
    scalars = {n: float(v) for n, v in use.options.items() if n in row.formula.scalars and isinstance(v, float | int)}
    numbers = {str(symbol): value for symbol, value in sizes.values.items()}
    building.blocks.append(Block(name, entry.name, row.formula, binding, numbers, scalars))
    count = sum(prod(p.shape) for p in building.parameters)
    if count > MAX_ENTRIES:
        message = f"the network has {count} trainable numbers up to {where}; at most {MAX_ENTRIES} are generated"
        raise SpecError([Problem(use.place, message)])
    return _Source(building.tensors[binding[row.formula.output.name]], where)


def _unfit(entry: Entry, reads: Mapping[str, _Source], error: Exception) -> str:
    """That a row does not fit what it reads, and why."""
    first, *others = reads.values()
    written, met = written_rank(entry), len(first.tensor.shape)
    axes = "1 axis" if written == 1 else f"{written} axes"
    reason = (
        f"its formula is written for {axes}, the batch among them; here are {met}"
        if written not in (None, met) and not others
        else str(error)
    )
    if not others:
        has = "which has" if first.tensor.role == "input" else "whose output has"
        return f"does not fit {first.maker}, {has} shape {_shown(first.tensor.shape)}: {reason}"
    listed = ", ".join(f"`{n}` is {s.maker} with shape {_shown(s.tensor.shape)}" for n, s in reads.items())
    return f"does not fit its inputs ({listed}): {reason}"


def _check_output(row: Row, shape: tuple[Dim, ...]) -> None:
    """A loss computes one number; everything else has a row for each example."""
    name = row.formula.output.name
    if row.entry.kind in ("loss", "penalty"):
        if shape:
            raise SizeError(f"`{name}` has shape {_shown(shape)}, expected one number; write `{name} = mean[...](...)`")
    elif shape[:1] != (BATCH,) or BATCH in shape[1:]:
        raise SizeError(f"`{name}` has shape {_shown(shape)}, expected the batch `n` as its first axis and no other")


def _check_extents(shapes: Mapping[str, tuple[Dim, ...]], place: Place) -> None:
    for name, shape in shapes.items():
        count = prod(d for d in shape if d != BATCH)
        if count > MAX_ENTRIES:
            message = f"`{name}` has shape {_shown(shape)}, {count} numbers; at most {MAX_ENTRIES} are generated"
            raise SpecError([Problem(place, message)])


def _output_rank(entry: Entry, use: Use) -> int | None:
    for letter, option in entry.sizes:
        if letter == "...":
            shape = use.options[option]
            assert isinstance(shape, tuple)
            return 1 + len(shape)
    return None


def _solve(row: Row, use: Use, given: Mapping[str, NetworkTensor]) -> Sizes:
    formula, entry = row.formula, row.entry
    sizes = Sizes(formula)
    shapes = {name: tensor.shape for name, tensor in given.items()}
    first = next(iter(shapes.values()))
    for name, shape in shapes.items():
        if name not in formula.tensors:
            raise SizeError(f"no equation reads `{name}`")
        sizes.learn_shape(name, shape)
    if "N" not in map(str, sizes.values) and entry.kind != "penalty":
        lone = len(first) == 1
        raise SizeError("an axis beside the batch is needed" if lone else "the equations do not read the batch as `n`")
    for letter, text in entry.sizes:
        if letter == "...":
            wanted = use.options[text]
            assert isinstance(wanted, tuple)
            sizes.learn_shape(formula.output.name, (BATCH, *(int(s) for s in wanted)))
        elif letter in formula.letters:
            sizes.learn(formula.letters[letter], row_size(entry, text, use.options, shapes), f"`{letter}`")
    for less, more in entry.limits:
        low, high = (row_size(entry, text, use.options, shapes) for text in (less, more))
        if low > high:
            raise SizeError(f"`{less}` is {low}, and `{more}` only {high}")
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


def _global_name(local: str, role: str, entry: Entry, name: str, building: _Building) -> str:
    if role == "target":
        return local
    if entry.kind == "loss" and role == "output" and not building.penalized:
        return "C"
    return f"{name}.{local}"


def _parameter(
    row: ParameterRow,
    formula: Formula,
    sizes: Sizes,
    binding: Mapping[str, str],
    initializers: Mapping[str, Use],
    place: Place,
) -> Parameter:
    fan_in, fan_out = _fans(row.name, formula, sizes)
    chosen = initializers.get(row.name)
    if chosen is not None:
        name = chosen.name
        options = {k: float(v) for k, v in chosen.options.items() if isinstance(v, int | float)}
    else:
        name, options = row.initializer, {} if row.value is None else {"value": row.value}
        entry = lookup("initializer", name)
        if entry is None:
            raise SpecError([Problem(place, f"parameter `{row.name}` starts with `{name}`, which is no initializer")])
        options = {**{o.name: float(o.default) for o in entry.options if isinstance(o.default, int | float)}, **options}
    shape = sizes.shape(formula.tensors[row.name].axes)
    if BATCH in shape:
        raise SpecError([Problem(place, f"parameter `{row.name}` cannot have an axis over the batch")])
    numbers = tuple(int(d) for d in shape)
    return Parameter(binding[row.name], numbers, name, options, fan_in, fan_out, row.decays)


def _fans(parameter: str, formula: Formula, sizes: Sizes) -> tuple[int, int]:
    """How many inputs one output of the layer sums over, and how many outputs one input reaches.

    Read off the equation that uses the parameter: the indices it sums over beside a weight, and the indices of its
    left side that a weight has. A bias has the fans of the weights it stands beside.
    """
    for equation in formula.equations:
        if not any(elements(equation.body, parameter)):
            continue
        sums = [n for n in sp.preorder_traversal(equation.body) if isinstance(n, SumOver)]
        weights = [e for s in sums for e in elements(s.body) if formula.tensors[e.tensor].role == "parameter"]
        bound = {i for s in sums if any(elements(s.body)) for i in s.bound}
        free = {i for w in weights for i in w.indices if i in equation.target.indices}

        def product(symbols: set[sp.Symbol], equation_sizes: Mapping[sp.Symbol, sp.Expr] = equation.sizes) -> int:
            total = 1
            for symbol in symbols:
                value = sizes.value(equation_sizes[symbol])
                total *= int(value) if value != BATCH else 1
            return total

        return product(bound), product(free)
    return 1, 1


def _shown(shape: tuple[Dim, ...]) -> str:
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"
