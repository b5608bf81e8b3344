"""The opening of an explanation: the convention, the symbols used, and the tables of blocks, tensors and parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod

import sympy as sp

from symbp.explain import mathematics as m
from symbp.explain.document import Code, Heading, Inline, Paragraph, Part, Table
from symbp.explain.naming import COST, ERROR
from symbp.explain.notation import write_number
from symbp.explain.view import View
from symbp.formula.expression import Flat, Padded, elements
from symbp.forward.network import BATCH, Block, Dim, NetworkTensor

_N, _I, _J = m.Name("n"), m.Name("i"), m.Name("j")
_Z, _W, _X, _B, _C = m.Name("z"), m.Name("W"), m.Name("x"), m.Name("b"), m.Name(COST)
_SINGLE = m.Relation((_Z, m.Sum(((1, m.Product((m.Transposed(_W), _X), "matrices")), (1, _B)))), ("=",))
_ROWS = m.Relation(
    (
        m.Name("Z", matrix=True),
        m.Sum(
            (
                (1, m.Product((m.Name("X", matrix=True), m.Name("W", matrix=True)), "matrices")),
                (1, m.Product((m.Ones(), _B), "matrices")),
            )
        ),
    ),
    ("=",),
)
_ERROR = m.Relation((m.Name(ERROR, (_N, _J)), m.Derivative(_C, m.Name("z", (_N, _J)))), ("=",))


def opening(view: View) -> list[Part]:
    """The convention and the symbols, then what the network consists of."""
    return [*_conventions(), *_indices(view), *_blocks(view), *_tensors(view)]


def _conventions() -> list[Part]:
    return [
        Heading(1, ("Convention",)),
        Paragraph(
            (
                "The convention is the article’s: a layer of neurons computes ", _SINGLE, " with ", _W,
                " of shape (inputs, outputs), so ", m.Name("W", (_I, _J)), " leads from neuron ", _I,
                " of one layer to neuron ", _J, " of the next. A batch is rows, one example each: ", _ROWS, ", where ",
                m.Ones(), " is a column of ones and vectors over neurons are rows. ", _C,
                " is the cost of the whole batch, by default the mean over its ", m.Name("N"), " examples.",
            )
        ),
        Paragraph(
            (
                "The error of a weighted input is ", _ERROR, ". ", m.Indicator(m.Words("condition")),
                " is 1 where the condition holds, else 0. Between matrices ",
                m.Product((m.Name("A", matrix=True), m.Name("B", matrix=True)), "elementwise"),
                " is the elementwise product, and functions act on every element. A superscript counts layers. "
                "Numbers in brackets are those that the generated code quotes.",
            )
        ),
    ]  # fmt: skip


def _indices(view: View) -> list[Part]:
    """What is said about indices that are more than letters, where there are such."""
    bodies = [e.body for d in view.formulas() for e in (*d.forward, *(g.equation for g in d.backward))]
    bodies += [g.equation.target for d in view.formulas() for g in d.backward]
    said: list[list[str | m.Math | Code]] = []
    if any(body.has(Flat) for body in bodies):
        said.append([m.Tuple((_I, _J)), " is the row-major position of ", _I, " and ", _J, " together."])
    if any(isinstance(i, sp.Add) for body in bodies for e in elements(body) for i in e.indices):
        said.append(["What is read outside a tensor is 0."])
    if any(body.has(Padded) for body in bodies):
        said.append([m.Call("padded", (_X, m.Name("c"))), " is ", _X, ", but ", m.Name("c"), " outside."])
    if any(len(tensor.axes) > 2 for d in view.formulas() for tensor in d.formula.tensors.values()):
        said.append(["Between matrices, axes that stand side by side wherever they occur count as one."])
    pieces = [piece for sentence in said for piece in (" ", *sentence)]
    return [Paragraph(tuple(pieces[1:]))] if said else []


def _blocks(view: View) -> list[Part]:
    rows: list[tuple[Inline, ...]] = []
    branched = _is_branched(view)
    for block in view.blocks:
        output = view.derivation.network.tensors.get(block.binding.get(block.formula.output.name, ""))
        sizes = {name: m.Name("N") if value == BATCH else write_number(value) for name, value in block.sizes.items()}
        values = {name: write_number(value) for name, value in block.scalars.items()} | sizes
        rows.append(
            (
                (Code(block.name),),
                (block.formula.name,),
                *([_reads(view, block)] if branched else []),
                _shape(output.shape) if output else ("",),
                _values(values),
            )
        )
    read: tuple[Inline, ...] = (("Reads",),) if branched else ()
    last: tuple[Inline, ...] = (("Shape of its output",), ("Sizes and hyperparameters",))
    header: tuple[Inline, ...] = (("Block",), ("Formula",), *read, *last)
    return [Heading(1, ("The network",)), Table(header, tuple(rows))]


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
    network, pieces = view.derivation.network, list[str | m.Math | Code]()
    for tensor in block.formula.with_role("input"):
        name = block.binding[tensor.name]
        maker = next((b.name for b in network.blocks if b.binding.get(b.formula.output.name) == name), name)
        pieces.extend([", " if pieces else "", Code(maker)])
    for tensor in block.formula.with_role("parameter"):
        owner = block.binding[tensor.name].rpartition(".")[0]
        if owner != block.name:
            return (*pieces, ", parameters of ", Code(owner))
    return tuple(pieces) or ("–",)


def _values(values: Mapping[str, m.Math]) -> Inline:
    pieces: list[str | m.Math | Code] = []
    for name, value in values.items():
        if name != "N":
            pieces.extend([", " if pieces else "", m.Relation((m.Name(name), value), ("=",))])
    return tuple(pieces) or ("–",)


def _tensors(view: View) -> list[Part]:
    network = view.derivation.network
    used = {name for block in view.blocks for name in block.binding.values()}
    shown = [t for t in network.tensors.values() if t.name in used]
    rows = tuple(_tensor_row(view, tensor) for tensor in shown)
    header: tuple[Inline, ...] = (("Symbol",), ("Tensor",), ("Shape",), ("Role",))
    parameters = [p for p in network.parameters if p.name in used]
    count = sum(prod(p.shape) for p in parameters)
    held = f"{len(parameters)} tensors hold {count:,} trainable parameters." if parameters else "Nothing is trainable."
    return [Table(header, rows), Paragraph((held,))]


def _tensor_row(view: View, tensor: NetworkTensor) -> tuple[Inline, ...]:
    letter = view.letters[tensor.name]
    matrix = len(tensor.shape) == 2
    base = letter.base.upper() if matrix and len(letter.base) == 1 else letter.base
    symbol = m.Name(base, layer=letter.layer, matrix=matrix)
    return (symbol,), (Code(tensor.name),), _shape(tensor.shape), (_role(tensor),)


def _role(tensor: NetworkTensor) -> str:
    return f"{tensor.role}, integers" if tensor.kind == "int" else f"{tensor.role} {tensor.distribution}".rstrip()


def _shape(shape: Iterable[Dim]) -> Inline:
    pieces: list[str | m.Math | Code] = []
    for dim in shape:
        if pieces:
            pieces.append(" × ")
        pieces.append(m.Name("N") if dim == BATCH else str(dim))
    return tuple(pieces) or ("a number",)
