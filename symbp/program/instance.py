"""Lowered once, used by every block of the same sizes: operations as templates, and a block's names put in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import sympy as sp

from symbp.derive.derivation import FormulaDerivation
from symbp.formula.equation import Equation
from symbp.forward.network import BATCH, Block
from symbp.program.affine import Numbers
from symbp.program.loops import lower_groups
from symbp.program.operands import READS, SEVERAL
from symbp.program.program import Array, ArrayKind, Loop, Op, Scalar, Statement, Storage

BATCH_SIZE = sp.Symbol("N", integer=True, positive=True)  # in scalars of a program: the number of examples
NAMES = ("out", *READS)


@dataclass(frozen=True)
class Template:
    """A formula's statements and loops, over the formula's own names and symbolic sizes.

    `margins` are those of the arrays that have one, `slices` the arrays that are views at a step of a loop. `parents`
    says of helper tensors of which tensor they hold a part.
    """

    forward: tuple[Statement | Loop, ...]
    backward: tuple[Statement | Loop, ...]
    arrays: Mapping[str, tuple[tuple[sp.Expr, ...], ArrayKind]]
    margins: Mapping[str, tuple[int, int]]
    slices: frozenset[str]
    parents: Mapping[str, str]
    cotangents: tuple[str, ...]  # the tensors whose cotangents the backward statements find


def template(derivation: FormulaDerivation, numbers: Numbers, batch_last: frozenset[str]) -> Template:
    """Lower every forward and backward equation of a formula, for these sizes, with the batch last in these tensors."""
    lowered = lower_groups(derivation, numbers, batch_last)
    return Template(
        tuple(lowered.forward),
        tuple(lowered.backward),
        lowered.arrays,
        lowered.margins,
        frozenset(lowered.slices),
        lowered.parents,
        tuple(g.tensor for g in derivation.backward),
    )


def sizes_of(block: Block, derivation: FormulaDerivation) -> dict[sp.Symbol, sp.Integer]:
    """The formula's sizes, but for the batch, and its integer options, in numbers."""
    tensors = derivation.formula.tensors.values()
    equations = (*derivation.forward, *(g.equation for g in derivation.backward))
    extents = [a for t in tensors for a in t.axes] + [a for e in equations for a in e.sizes.values()]
    numbers = {
        symbol: sp.Integer(block.sizes[str(symbol)])
        for extent in extents
        for symbol in extent.free_symbols
        if block.sizes[str(symbol)] != BATCH
    }
    options = {s: block.scalars[n] for n, s in derivation.formula.scalars.items() if s.is_integer}
    return numbers | {symbol: sp.Integer(int(value)) for symbol, value in options.items()}


class Instance:
    """A template at work in one block. `arrays` gathers every array that its operations mention."""

    def __init__(self, block: Block, made: Template, storage: Mapping[str, Storage]) -> None:
        self.block = block
        self.template = made
        self.storage = storage
        self.arrays: dict[str, Array] = {}
        self.numbers = {
            symbol: BATCH_SIZE if block.sizes[str(symbol)] == BATCH else sp.Integer(block.sizes[str(symbol)])
            for axes, _ in made.arrays.values()
            for axis in axes
            for symbol in axis.free_symbols
        }
        for equation in (e for item in made.forward for e in equations(item)):
            for extent in equation.sizes.values():
                for symbol in extent.free_symbols:
                    size = block.sizes[str(symbol)]
                    self.numbers[symbol] = BATCH_SIZE if size == BATCH else sp.Integer(size)
        self.numbers |= {
            block.formula.scalars[n]: sp.Float(v) for n, v in block.scalars.items() if n in block.formula.scalars
        }

    def forward(self, number: Mapping[str, int]) -> list[Statement | Loop]:
        """The forward statements, with the numbers of their tensors."""
        return [self.instantiate(item, {}, number) for item in self.template.forward]

    def backward(self, renamed: Mapping[str, str], number: Mapping[str, int]) -> list[Statement | Loop]:
        """The backward statements; `renamed` gives cotangents other names than `d_tensor`."""
        return [self.instantiate(item, renamed, number) for item in self.template.backward]

    def instantiate(
        self, item: Statement | Loop, renamed: Mapping[str, str], number: Mapping[str, int]
    ) -> Statement | Loop:
        if isinstance(item, Loop):
            return replace(
                item,
                block=self.block.name,
                extent=self.scalar(item.extent),
                slices=tuple(
                    replace(s, out=self.name(s.out, renamed), array=self.name(s.array, renamed)) for s in item.slices
                ),
                statements=tuple(self.statement(s, renamed, number) for s in item.statements),
                edges=tuple(
                    replace(e, array=self.name(e.array, renamed), source=self.name(e.source, renamed))
                    for e in item.edges
                ),
            )
        return self.statement(item, renamed, number)

    def statement(self, made: Statement, renamed: Mapping[str, str], number: Mapping[str, int]) -> Statement:
        tensor = made.equation.target.tensor
        of = self.template.parents.get(tensor, tensor)
        return Statement(self.block.name, made.equation, self.put(made.operations, renamed), number.get(of, 0))

    def put(self, operations: tuple[Op, ...], renamed: Mapping[str, str] | None = None) -> tuple[Op, ...]:
        return tuple(self._put(op, renamed or {}) for op in operations)

    def _put(self, op: Op, renamed: Mapping[str, str]) -> Op:
        changes: dict[str, Any] = {}
        for part in fields(op):
            value = getattr(op, part.name)
            if isinstance(value, Scalar):
                changes[part.name] = self.scalar(value)
            elif part.name in NAMES and isinstance(value, str):
                changes[part.name] = self.name(value, renamed)
            elif part.name in (*SEVERAL, "positions"):
                changes[part.name] = tuple(
                    self.scalar(v) if isinstance(v, Scalar) else v if v is None else self.name(v, renamed)
                    for v in value
                )
        return replace(op, **changes)

    def scalar(self, scalar: Scalar) -> Scalar:
        return Scalar(scalar.value.xreplace(self.numbers)) if scalar.value.free_symbols else scalar

    def name(self, local: str, renamed: Mapping[str, str]) -> str:
        """The network's name of one of the formula's arrays, which is noted."""
        binding = self.block.binding
        if local in binding:
            name = binding[local]
        elif local in renamed:
            name = renamed[local]
        elif local.startswith("d_") and local[2:] in binding:
            name = f"d_{binding[local[2:]]}"
        else:
            name = f"{self.block.name}.{local}"
        if name not in self.arrays:
            axes, kind = self.template.arrays[local]
            shape = tuple(int(a) if a.is_Integer else self.block.extent(a) for a in axes)
            usual: Storage = "slice" if local in self.template.slices else "workspace"
            margin = self.template.margins.get(local, (0, 0))
            self.arrays[name] = Array(name, shape, kind, self.storage.get(name, usual), margin)
        return name


def equations(item: Statement | Loop) -> tuple[Equation, ...]:
    """The equations that a statement or loop computes."""
    return tuple(s.equation for s in item.statements) if isinstance(item, Loop) else (item.equation,)
