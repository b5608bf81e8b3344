"""Lowered once, used by every block of the same sizes: operations as templates, and a block's names put in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import sympy as sp

from symbp.derive.derivation import FormulaDerivation
from symbp.formula.equation import Equation, Tensor
from symbp.forward.network import BATCH, Block
from symbp.program.affine import Numbers
from symbp.program.layout import turned
from symbp.program.lower import Arrays, Shared, lower_equation
from symbp.program.operands import READS
from symbp.program.program import Array, ArrayKind, Op, Scalar, Statement, Storage

BATCH_SIZE = sp.Symbol("N", integer=True, positive=True)  # in scalars of a program: the number of examples
NAMES = ("out", *READS)


@dataclass(frozen=True)
class Template:
    """A formula's equations with their operations, over the formula's own names."""

    forward: tuple[tuple[Equation, tuple[Op, ...]], ...]
    backward: tuple[tuple[str, Equation, tuple[Op, ...]], ...]  # the tensor whose cotangent it is
    arrays: Mapping[str, tuple[tuple[sp.Expr, ...], ArrayKind]]


def template(derivation: FormulaDerivation, numbers: Numbers, batch_last: frozenset[str]) -> Template:
    """Lower every forward and backward equation of a formula, for these sizes, with the batch last in these tensors."""
    held = {t.name: replace(t, axes=_order(t, batch_last)) for t in derivation.formula.tensors.values()}
    tensors = {**held, **{f"d_{t.name}": Tensor(f"d_{t.name}", t.axes, t.role) for t in held.values()}}
    arrays: Arrays = {n: (t.axes, t.kind) for n, t in tensors.items()}
    shared = Shared()

    def lower(equation: Equation) -> tuple[Op, ...]:
        return lower_equation(turned(equation, batch_last), tensors, arrays, numbers, shared)

    forward = tuple((e, lower(e)) for e in derivation.forward)
    backward = tuple((g.tensor, g.equation, lower(g.equation)) for g in derivation.backward)
    arrays |= {n: (t.axes, t.kind) for n, t in tensors.items()}
    return Template(forward, backward, arrays)


def _order(tensor: Tensor, batch_last: frozenset[str]) -> tuple[sp.Expr, ...]:
    return (*tensor.axes[1:], tensor.axes[0]) if tensor.name in batch_last else tensor.axes


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
        for equation, _ in made.forward:
            for extent in equation.sizes.values():
                for symbol in extent.free_symbols:
                    size = block.sizes[str(symbol)]
                    self.numbers[symbol] = BATCH_SIZE if size == BATCH else sp.Integer(size)
        self.numbers |= {
            block.formula.scalars[n]: sp.Float(v) for n, v in block.scalars.items() if n in block.formula.scalars
        }

    def forward(self) -> list[Statement]:
        return [Statement(self.block.name, e, self.put(ops)) for e, ops in self.template.forward]

    def backward(self, renamed: Mapping[str, str], number: Mapping[str, int]) -> dict[str, Statement]:
        """The statement of each tensor's cotangent; `renamed` gives cotangents other names than `d_tensor`."""
        return {
            tensor: Statement(self.block.name, e, self.put(ops, renamed), number.get(tensor, 0))
            for tensor, e, ops in self.template.backward
        }

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
            elif part.name in ("operands", "indices"):
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
            self.arrays[name] = Array(name, shape, kind, self.storage.get(name, "workspace"))
        return name
