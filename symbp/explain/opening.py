"""The opening of an explanation: the convention, the symbols used, and the tables of blocks, tensors and parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod

import sympy as sp

from symbp.explain import mathematics as m
from symbp.explain.convention import convention
from symbp.explain.document import Code, Heading, Inline, Link, Paragraph, Part, Table
from symbp.explain.naming import OWN
from symbp.explain.notation import write, write_number
from symbp.explain.picture import picture
from symbp.explain.view import View
from symbp.explain.words.language import Filling
from symbp.formula.expression import Flat, Padded, elements, log1p, logistic, positive_part, softplus, stop
from symbp.forward.network import BATCH, Block, Dim, NetworkTensor

_N, _I, _J = m.Name("n"), m.Name("i"), m.Name("j")
_X = m.Name("x")
_x = sp.Symbol("x", real=True)
_STABLE = {  # functions that only stable forms have, where no identity of a step defines them
    logistic: (logistic(_x), sp.exp(_x) / (1 + sp.exp(_x))),
    softplus: (softplus(_x), positive_part(_x) + log1p(sp.exp(-sp.Abs(_x)))),
}


def opening(view: View) -> list[Part]:
    """The convention and the symbols, then what the network consists of."""
    return [*convention(view), *_indices(view), *_blocks(view), *_tensors(view)]


def _indices(view: View) -> list[Part]:
    """What is said about indices that are more than letters, where there are such."""
    bodies = [e.body for d in view.formulas() for e in (*d.forward, *(g.equation for g in d.backward))]
    bodies += [g.equation.target for d in view.formulas() for g in d.backward]
    said: list[Inline] = []
    if any(body.has(Flat) for body in bodies):
        said.append(view.say("convention.flat", flat=m.Tuple((_I, _J)), i=_I, j=_J))
    if any(isinstance(i, sp.Add) for body in bodies for e in elements(body) for i in e.indices):
        said.append(view.say("convention.outside"))
    if any(body.has(Padded) for body in bodies):
        c = m.Name("c")
        said.append(view.say("convention.padded", padded=m.Call("padded", (_X, c)), x=_X, c=c))
    if any(body.has(stop) for body in bodies):
        said.append(view.say("convention.stop", stop=m.Call("stop", (_X,)), x=_X))
    defined = [pair for function, pair in _STABLE.items() if any(body.has(function) for body in bodies)]
    if defined:
        equal = (m.Relation((write(left, OWN), write(right, OWN)), ("=",)) for left, right in defined)
        said.append(view.say("convention.stable", equal=view.language.listed(equal)))
    if any(len(tensor.axes) > 2 for d in view.formulas() for tensor in d.formula.tensors.values()):
        said.append(view.say("convention.axes"))
    return [Paragraph(view.language.sentences(said))] if said else []


def _blocks(view: View) -> list[Part]:
    rows: list[tuple[Inline, ...]] = []
    branched = _is_branched(view)
    for block in view.blocks:
        output = view.derivation.network.tensors.get(block.binding.get(block.formula.output.name, ""))
        sizes = {name: m.Name("N") if value == BATCH else write_number(value) for name, value in block.sizes.items()}
        values = {name: write_number(value) for name, value in block.scalars.items()} | sizes
        rows.append(
            (
                (Link(block.name, f"layer {block.name}"),),
                (Link(view.called(block.formula.name), f"formula {block.formula.name}", plain=True),),
                *([_reads(view, block)] if branched else []),
                _shape(view, view.whole.layout.shape(output.name, output.shape)) if output else ("",),
                _values(view, values),
            )
        )
    columns = ("block", "formula", *(("reads",) if branched else ()), "output", "values")
    drawn = [picture(view.derivation.network, view.called, view.whole.layout)] if view.complete else []
    return [Heading(1, view.say("network.heading")), *drawn, Table(_header(view, columns), tuple(rows))]


def _header(view: View, columns: Iterable[str]) -> tuple[Inline, ...]:
    return tuple(view.say(f"network.{column}") for column in columns)


def _is_branched(view: View) -> bool:
    """Whether any block reads more, or something else, than what the one before it computes."""
    network = view.derivation.network
    before = network.inputs[:1]
    for block in network.blocks:
        reads = tuple(block.binding[t.name] for t in block.formula.with_role("input"))
        parameter = any(network.tensors[name].role == "parameter" for name in reads)
        if not parameter and reads != before:  # a penalty reads a parameter
            return True
        before = before if parameter else (block.binding[block.formula.output.name],)
    return len(network.inputs) > 1


def _reads(view: View, block: Block) -> Inline:
    """The blocks whose results a block reads, or the inputs of the network, and whose parameters it has."""
    network, read = view.derivation.network, list[Filling]()
    for tensor in block.formula.with_role("input"):
        name = block.binding[tensor.name]
        maker = next((b.name for b in network.blocks if b.binding.get(b.formula.output.name) == name), name)
        read.append(Code(maker))
    owners = [block.binding[tensor.name].rpartition(".")[0] for tensor in block.formula.with_role("parameter")]
    other = next((owner for owner in owners if owner != block.name), None)
    read += [view.say("network.parameters_of", owner=Code(other))] if other else []
    return view.language.listed(read, last="list.comma") or view.say("network.none")


def _values(view: View, values: Mapping[str, m.Math]) -> Inline:
    equal = [m.Relation((m.Name(name), value), ("=",)) for name, value in values.items() if name != "N"]
    return view.language.listed(equal, last="list.comma") or view.say("network.none")


def _tensors(view: View) -> list[Part]:
    network = view.derivation.network
    used = {name for block in view.blocks for name in block.binding.values()}
    shown = [t for t in network.tensors.values() if t.name in used]
    rows = tuple(_tensor_row(view, tensor) for tensor in shown)
    parameters = [p for p in network.parameters if p.name in used]
    count = sum(prod(p.shape) for p in parameters)
    held = view.say("network.count", tensors=str(len(parameters)), numbers=f"{count:,}")
    nothing = view.say("network.nothing") if view.complete else view.say("network.nothing_here")
    header = _header(view, ("symbol", "tensor", "shape", "role"))
    return [Table(header, rows), Paragraph(held if parameters else nothing)]


def _tensor_row(view: View, tensor: NetworkTensor) -> tuple[Inline, ...]:
    naming = view.whole
    shape = naming.layout.shape(tensor.name, tensor.shape)
    symbol = naming.tensor(tensor.name, matrix=len(shape) == 2 and view.notation.matrices)
    return (symbol,), (Code(tensor.name),), _shape(view, shape), _role(view, tensor)


def _role(view: View, tensor: NetworkTensor) -> Inline:
    role = view.say(f"role.{tensor.role}")
    kind = "integers" if tensor.kind == "int" else tensor.distribution
    return view.say(f"role.{kind}", role=role) if kind else role


def _shape(view: View, shape: Iterable[Dim]) -> Inline:
    pieces: list[str | m.Math | Code] = []
    for dim in shape:
        if pieces:
            pieces.append("\u00a0×\u00a0")
        pieces.append(m.Name(view.notation.examples) if dim == BATCH else str(dim))
    return tuple(pieces) or view.say("network.scalar")
