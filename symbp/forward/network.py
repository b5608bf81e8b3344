"""The network as blocks: what the forward stage hands on.

A block is one use of a formula: local tensor names bound to names of the network, symbolic sizes bound to numbers (or
to the batch), hyperparameters bound to values. Blocks are in topological order; a tensor is made by one block and
may be read by several.

Names of the network are `layer.tensor`: `dense_1.W`, `dense_1.z`, `relu_1.a`; the network's own are `x` (input),
`y` (target), or the names of several, and `C` (cost).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import sympy as sp

from symbp.formula.equation import Distribution, Formula, Kind, Role
from symbp.formula.expression import elements

BATCH: Literal["n"] = "n"
Dim = int | Literal["n"]  # a size in numbers, or the batch


@dataclass(frozen=True)
class NetworkTensor:
    """A tensor of the network: `shape` starts with `BATCH` where the tensor has a row for each example."""

    name: str
    shape: tuple[Dim, ...]
    role: Role
    kind: Kind = "float"
    value: tuple[float, ...] | None = None  # a constant's entries, row-major, such as class weights
    classes: int = 0  # of whole numbers: they run from 0 to classes - 1
    distribution: Distribution = ""  # of a random tensor


@dataclass(frozen=True)
class Parameter:
    """A trainable tensor: its place in the network, and how it is initialized.

    `initializer` is the name of a catalog entry, `options` its hyperparameters; `fan_in` and `fan_out` count the
    inputs that one output sums over and the outputs that one input reaches.
    `decays` says whether penalties and weight decay that are restricted to weights apply to it.
    """

    name: str
    shape: tuple[int, ...]
    initializer: str
    options: Mapping[str, float] = field(default_factory=dict)
    fan_in: int = 1
    fan_out: int = 1
    decays: bool = True


@dataclass(frozen=True)
class State:
    """A tensor that is kept from one step of training to the next, and its value before the first."""

    name: str
    shape: tuple[int, ...]
    initial: float = 0.0


@dataclass(frozen=True)
class Block:
    """One use of a formula in a network.

    `inference` is the block in inference, where that is another one; `update` what a step of training does to its
    states, of which it binds the old and the new value to the same tensor.
    """

    name: str  # the user's name of the layer, or kind_number
    kind: str  # the catalog entry
    formula: Formula
    binding: Mapping[str, str]  # the formula's tensors -> the network's
    sizes: Mapping[str, Dim]  # the formula's size symbols, by name
    scalars: Mapping[str, float]  # the formula's hyperparameters
    inference: Block | None = None
    update: Block | None = None

    def shape(self, tensor: str) -> tuple[Dim, ...]:
        """The shape, in numbers and the batch, of one of the formula's tensors."""
        return tuple(self.extent(axis) for axis in self.formula.tensors[tensor].axes)

    @property
    def batch_sizes(self) -> frozenset[str]:
        """The names of the formula's sizes that are that of the batch."""
        return frozenset(name for name, dim in self.sizes.items() if dim == BATCH)

    def extent(self, size: sp.Expr) -> Dim:
        """The number, or the batch, behind a symbolic size of the formula."""
        if size.is_Symbol:
            return self.sizes[str(size)]
        return int(size.xreplace({s: sp.Integer(self.sizes[str(s)]) for s in size.free_symbols}))


@dataclass(frozen=True)
class Head:
    """One result of a network: the tensor that `forward` returns, and the one that `predict` returns.

    `prediction` is made from `output` by the blocks of `link` (none where they are the same). `name` is the layer's in
    the spec.
    """

    name: str
    output: str
    prediction: str
    link: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Network:
    """The network in order of evaluation.

    The cost `C` is the sum of `costs`: losses, then penalties; `C` itself where a loss is alone. `heads` are what the
    network computes; `inputs` and `targets` are the tensors that its user gives.
    """

    name: str
    blocks: tuple[Block, ...]
    tensors: Mapping[str, NetworkTensor]
    parameters: tuple[Parameter, ...]
    heads: tuple[Head, ...]
    inputs: tuple[str, ...] = ("x",)
    targets: tuple[str, ...] = ("y",)
    costs: tuple[str, ...] = ("C",)
    states: tuple[State, ...] = ()

    @property
    def link(self) -> tuple[Block, ...]:
        """The blocks between outputs and predictions."""
        return tuple({block.name: block for head in self.heads for block in head.link}.values())

    @property
    def random(self) -> tuple[str, ...]:
        """The tensors that are drawn in every step of training, in order."""
        return tuple(tensor.name for tensor in self.tensors.values() if tensor.role == "random")

    @property
    def has_modes(self) -> bool:
        """Whether training and inference differ."""
        return any(block.inference or block.update for block in self.blocks)

    @property
    def updated(self) -> tuple[str, ...]:
        """The tensors that updates of states read."""
        blocks = [block.update for block in self.blocks if block.update]
        read = (b.binding[e.tensor] for b in blocks for q in b.formula.equations for e in elements(q.body))
        return tuple(dict.fromkeys(read))

    @property
    def inference(self) -> Network:
        """The network as it is in inference."""
        return replace(self, blocks=tuple(block.inference or replace(block, update=None) for block in self.blocks))

    @property
    def outside(self) -> frozenset[str]:
        """The tensors that the user of the network gives or receives."""
        results = {tensor for head in self.heads for tensor in (head.output, head.prediction)}
        return frozenset({*self.inputs, *self.targets, *results})

    @property
    def active(self) -> frozenset[str]:
        """The blocks through which the cost has derivatives."""
        return self._varying[0]

    @property
    def varies_with(self) -> frozenset[str]:
        """The tensors by which the cost has a derivative."""
        return self._varying[1]

    @cached_property
    def _varying(self) -> tuple[frozenset[str], frozenset[str]]:
        needed, found = set(self.costs), set[str]()
        for block in reversed(self.blocks):
            if needed & {block.binding[t.name] for t in block.formula.with_role("output", "intermediate")}:
                found.add(block.name)
                needed |= {block.binding[t] for t in block.formula.varies_with if t in block.binding}
        return frozenset(found), frozenset(needed)

    @property
    def differentiable_inputs(self) -> tuple[str, ...]:
        """The inputs that have a gradient: those of real numbers by which the cost has a derivative."""
        return tuple(n for n in self.inputs if self.tensors[n].kind == "float" and n in self.varies_with)
