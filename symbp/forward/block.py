"""One block: a row of the catalog at the shapes that it meets, its tensors and parameters named within the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

from symbp.catalog.entry import Entry
from symbp.formula.equation import Formula
from symbp.formula.grammar import FormulaError
from symbp.forward.defined import written_rank
from symbp.forward.network import BATCH, Block, Dim, NetworkTensor, Parameter, State
from symbp.forward.parameters import parameter
from symbp.forward.rows import WEIGHT, Row, formula_of
from symbp.forward.sizes import SizeError, numbers_of, row_size, shown
from symbp.forward.solve import solve
from symbp.spec.model import Place, Problem, SpecError, Use

MAX_ENTRIES = 2**27  # numbers in one tensor for one example, and in all parameters together: a GiB in float64


@dataclass(frozen=True)
class Source:
    """What a block may read: a tensor, and who made it in the spec's words."""

    tensor: NetworkTensor
    maker: str


@dataclass(frozen=True)
class Wanted:
    """One block that a network is to have.

    `owner` names the block whose parameters it has; it is empty for a block that has its own. `result` and `target` are
    the network's names of what a loss computes and compares with; `weight` multiplies a loss.
    """

    name: str
    use: Use
    reads: Mapping[str, Source]
    where: str  # the block in the spec's words
    initializers: Mapping[str, Use] = field(default_factory=dict)
    owner: str = ""
    result: str = ""
    target: str = ""
    weight: float = 1.0


@dataclass
class Building:
    """What has been built so far; `sources` are what each layer, and each input of the network, computes."""

    tensors: dict[str, NetworkTensor] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    sources: dict[str, Source] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)  # of the blocks
    trainable: int = 0  # numbers in all parameters

    def fresh(self, name: str) -> str:
        """A name that no block has."""
        while name in self.names:
            name += "_"
        return name

    def add(self, wanted: Wanted) -> Source:
        """Append a block, its parameters and its tensors."""
        use, entry = wanted.use, wanted.use.entry
        given = {tensor: source.tensor for tensor, source in wanted.reads.items()}
        met = {n: t.shape for n, t in given.items()}
        ranks = {n: len(shape) for n, shape in met.items()}
        try:
            row = formula_of(entry, use.options, ranks, _output_rank(entry, use), weighted=wanted.weight != 1)
            _check_kinds(row, given)
            sizes = solve(row, row.formula, use, given)
            shapes = {t.name: sizes.shape(t.axes) for t in row.formula.tensors.values()}
            _check_output(row, shapes[row.formula.output.name])
        except (FormulaError, SizeError) as error:
            problem = Problem(use.place, f"{wanted.where} ({entry.name}) {_unfit(entry, wanted.reads, error)}")
            raise SpecError([problem]) from None
        _check_extents(shapes, use.place)
        binding = {t.name: _global_name(t.name, t.role, wanted) for t in row.formula.tensors.values()}
        binding |= {n: t.name for n, t in given.items()}
        constants = {n: use.options[n] for n, _ in row.variant.constants}
        for tensor in row.formula.tensors.values():
            shape, value = shapes[tensor.name], constants.get(tensor.name)
            if value is not None:
                value = tuple(map(float, value)) if isinstance(value, tuple | list) else (float(value),)
            made = NetworkTensor(
                binding[tensor.name], shape, tensor.role, tensor.kind, value, distribution=tensor.distribution
            )
            held = self.tensors.setdefault(made.name, made)
            if (held.shape, held.kind) != (made.shape, made.kind):
                raise SpecError([Problem(use.place, _differs(wanted, tensor.name, held, made))])
        if not wanted.owner:
            for p in row.variant.parameters:
                name, starts = binding[p.name], wanted.initializers
                fan = row_size(entry, p.fan_in, use.options, met) if p.fan_in else None
                fans = [row_size(entry, text, use.options, met) for text in p.fans]
                own = parameter(p, name, row.formula, sizes, starts, use.place, fan, fans)
                self.parameters.append(own)
                self.trainable += prod(own.shape)
        update = None if row.update is None else self.second(row, row.update, wanted, binding, "update")
        inference = None if row.inference is None else self.second(row, row.inference, wanted, binding, "inference")
        numbers = {str(symbol): value for symbol, value in sizes.values.items()}
        scalars = _scalars(row.formula, wanted)
        self.blocks.append(Block(wanted.name, entry.name, row.formula, binding, numbers, scalars, inference, update))
        self.names.add(wanted.name)
        if self.trainable > MAX_ENTRIES:
            count = f"{self.trainable} trainable numbers up to {wanted.where}"
            message = f"the network has {count}; at most {MAX_ENTRIES} are generated"
            raise SpecError([Problem(use.place, message)])
        return Source(self.tensors[binding[row.formula.output.name]], wanted.where)

    def second(self, row: Row, formula: Formula, wanted: Wanted, binding: Mapping[str, str], mode: str) -> Block:
        """The block with the formula of `inference`, or of the `update` of its states.

        Its own intermediate values have names of their own, so that each mode has its arrays. A state, and its new
        value, is the tensor of that name.
        """
        name, words = f"{wanted.name}.{mode}", {"inference": "in inference", "update": "in its update"}[mode]
        own = {t.name for t in formula.with_role("intermediate")}
        held = {s.name: _global_name(s.name, "state", wanted) for s in row.variant.states}
        bound = {n: f"{name}.{n}" if n in own else {**binding, **held}[n.removesuffix("'")] for n in formula.tensors}
        made = {t.name for t in formula.with_role("output")}
        known = {n: self.tensors[bound[n]] for n in formula.tensors if bound[n] in self.tensors and n not in made}
        given = {tensor: source.tensor for tensor, source in wanted.reads.items()}
        try:
            sizes = solve(row, formula, wanted.use, given, known)
            shapes = {tensor.name: sizes.shape(tensor.axes) for tensor in formula.tensors.values()}
            for state in row.variant.states:
                self.keep(held[state.name], shapes.get(state.name), float(state.initial))
            for result in formula.with_role("output"):
                there = self.tensors[bound[result.name]].shape
                if shapes[result.name] != there:
                    differs = f"has shape {shown(shapes[result.name])}, and {shown(there)} in training"
                    raise SizeError(f"`{result.name}` {differs}")
        except SizeError as error:
            problem = Problem(wanted.use.place, f"{wanted.where} ({row.entry.name}), {words}: {error}")
            raise SpecError([problem]) from None
        numbers = {str(symbol): value for symbol, value in sizes.values.items()}
        return Block(name, row.entry.name, formula, bound, numbers, _scalars(formula, wanted))

    def keep(self, name: str, shape: tuple[Dim, ...] | None, initial: float) -> None:
        """Note a state, where it is new and has a shape."""
        if shape is None or name in self.tensors:
            return
        if BATCH in shape:
            raise SizeError(f"the state `{name}` cannot have an axis over the batch; here it has shape {shown(shape)}")
        self.tensors[name] = NetworkTensor(name, shape, "state")
        self.states.append(State(name, tuple(int(d) for d in shape), initial))


def _scalars(formula: Formula, wanted: Wanted) -> dict[str, float]:
    """The numbers that a formula reads, by name."""
    met = {name: source.tensor.shape for name, source in wanted.reads.items()}
    options = {**numbers_of(wanted.use.entry, wanted.use.options, met), WEIGHT: wanted.weight}
    return {n: float(v) for n, v in options.items() if n in formula.scalars and isinstance(v, float | int)}


def _global_name(local: str, role: str, wanted: Wanted) -> str:
    if role == "target":
        return wanted.target or local
    if role == "output" and wanted.result:
        return wanted.result
    return f"{wanted.owner if role in ('parameter', 'state') and wanted.owner else wanted.name}.{local}"


def _differs(wanted: Wanted, local: str, held: NetworkTensor, made: NetworkTensor) -> str:
    """That a parameter that is shared, or a target that several losses have, is not the same to both."""
    what = {"int": "whole numbers", "float": "numbers", "bool": "truth values"}
    there, here = (f"{what[t.kind]} of shape {shown(t.shape)}" for t in (held, made))
    if held.role == "parameter":
        return (
            f"{wanted.where} cannot share the parameters of `{wanted.owner}`: `{local}` is {there} there, {here} here"
        )
    return f"{wanted.where} has the target `{held.name}`, which is {there} to another loss, and {here} to this one"


def _check_kinds(row: Row, given: Mapping[str, NetworkTensor]) -> None:
    """Whole numbers are read by those who count with them, and by nobody else."""
    for name, tensor in given.items():
        read = row.formula.tensors.get(name)
        if read is not None and read.kind != tensor.kind:
            if read.kind == "int":
                raise SizeError(f"`{name}` is a tensor of whole numbers, such as an input of `kind: integer`")
            raise SizeError(
                f"`{name}` is a tensor of real numbers, and those are whole; an `embedding` makes them real"
            )


def _unlike(entry: Entry, written: int, shape: tuple[Dim, ...]) -> str:
    """That a formula is written for another number of axes, and how to come to it."""
    axes, behind = "1 axis" if written == 1 else f"{written} axes", shape[1:]
    told = f"its formula is written for {axes}, the batch among them; here are {len(shape)}"
    if written == 2 and behind:
        return f"{told}; `flatten` makes one of those behind the batch"
    ones = [1] * (written - len(shape))
    if not ones:
        return told
    if "[n,t" in entry.equations and len(behind) == 1:
        steps = f"`reshape: {[*behind, *ones]}` before it makes {behind[0]} steps of one number"
        return f"{told}; {steps}, `reshape: {[*ones, *behind]}` one step of {behind[0]}"
    return f"{told}; `reshape: {[*ones, *behind]}` before it adds what is missing"


def _unfit(entry: Entry, reads: Mapping[str, Source], error: Exception) -> str:
    """That a row does not fit what it reads, and why."""
    first, *others = reads.values()
    written, met = written_rank(entry), len(first.tensor.shape)
    reason = str(error) if written in (None, met) or others else _unlike(entry, written, first.tensor.shape)
    if not others:
        has = "which has" if first.tensor.role == "input" else "whose output has"
        return f"does not fit {first.maker}, {has} shape {shown(first.tensor.shape)}: {reason}"
    listed = ", ".join(f"`{n}` is {s.maker} with shape {shown(s.tensor.shape)}" for n, s in reads.items())
    return f"does not fit its inputs ({listed}): {reason}"


def _check_output(row: Row, shape: tuple[Dim, ...]) -> None:
    """A loss computes one number; everything else has a row for each example."""
    name = row.formula.output.name
    if row.entry.kind in ("loss", "penalty"):
        if shape:
            raise SizeError(f"`{name}` has shape {shown(shape)}, expected one number; write `{name} = mean[...](...)`")
    elif shape[:1] != (BATCH,) or BATCH in shape[1:]:
        raise SizeError(f"`{name}` has shape {shown(shape)}, expected the batch `n` as its first axis and no other")


def _check_extents(shapes: Mapping[str, tuple[Dim, ...]], place: Place) -> None:
    for name, shape in shapes.items():
        count = prod(d for d in shape if d != BATCH)
        if count > MAX_ENTRIES:
            message = f"`{name}` has shape {shown(shape)}, {count} numbers; at most {MAX_ENTRIES} are generated"
            raise SpecError([Problem(place, message)])


def _output_rank(entry: Entry, use: Use) -> int | None:
    for letter, option in entry.sizes:
        if letter == "...":
            shape = use.options[option]
            assert isinstance(shape, tuple)
            return 1 + len(shape)
    return None
