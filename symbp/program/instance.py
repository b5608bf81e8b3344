"""Lowered once, used by every block of the same sizes: operations as templates, and a block's names put in."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from symbp.derive.derivation import FormulaDerivation
from symbp.formula.equation import Equation
from symbp.forward.network import BATCH, Block, Dim
from symbp.means import Without
from symbp.program.affine import Numbers
from symbp.program.loops import lower_groups
from symbp.program.operands import changed
from symbp.program.operations import Operand, Scalar
from symbp.program.program import Array, ArrayKind, Item, Loop, Statement, Storage
from symbp.program.values import LoweringError

BATCH_SIZE = sp.Symbol("N", integer=True, positive=True)  # in scalars of a program: the number of examples


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


def template(derivation: FormulaDerivation, numbers: Numbers, batch_last: frozenset[str], without: Without) -> Template:
    """Lower every forward and backward equation of a formula, for these sizes, with the batch last in these tensors."""
    lowered = lower_groups(derivation, numbers, batch_last, without)
    return Template(
        tuple(lowered.forward),
        tuple(lowered.backward),
        lowered.arrays,
        lowered.margins,
        frozenset(lowered.slices),
        lowered.parents,
        tuple(g.tensor for g in derivation.backward),
    )


def size_symbols(derivation: FormulaDerivation) -> frozenset[sp.Symbol]:
    """The symbols in the sizes of a formula."""
    tensors = derivation.formula.tensors.values()
    equations = (*derivation.forward, *(g.equation for g in derivation.backward))
    extents = {a for t in tensors for a in t.axes} | {a for e in equations for a in e.sizes.values()}
    return frozenset(symbol for extent in extents for symbol in extent.free_symbols)


def sizes_of(block: Block, symbols: Collection[sp.Symbol]) -> dict[sp.Symbol, sp.Integer]:
    """The sizes, but for the batch, and the formula's integer options, in numbers."""
    sizes = {symbol: block.sizes[symbol.name] for symbol in symbols}
    numbers = {symbol: sp.Integer(size) for symbol, size in sizes.items() if size != BATCH}
    options = {s: block.scalars[n] for n, s in block.formula.scalars.items() if s.is_integer}
    return numbers | {symbol: sp.Integer(int(value)) for symbol, value in options.items()}


@dataclass(frozen=True)
class Filled:
    """A template with every number put in, for all blocks that have the same: what remains is to name its arrays."""

    forward: tuple[Statement | Loop, ...]
    backward: tuple[Statement | Loop, ...]
    arrays: Mapping[str, Array]
    parents: Mapping[str, str]
    cotangents: tuple[str, ...]


def filled(made: Template, block: Block) -> Filled:
    """The template at the sizes and hyperparameters of a block."""
    symbols = {symbol for axes, _ in made.arrays.values() for axis in axes for symbol in axis.free_symbols}
    extents = (extent for item in made.forward for e in equations(item) for extent in e.sizes.values())
    symbols |= {symbol for extent in extents for symbol in extent.free_symbols}
    numbers: dict[sp.Symbol, sp.Expr] = {symbol: _number(block.sizes[symbol.name]) for symbol in symbols}
    numbers |= {s: sp.Float(block.scalars[n]) for n, s in block.formula.scalars.items() if n in block.scalars}

    def put(operand: Operand) -> Operand:
        if isinstance(operand, Scalar) and operand.value.free_symbols:
            return _in_numbers(operand, numbers, block.formula.name)
        return operand

    def numbered(item: Statement | Loop) -> Statement | Loop:
        if isinstance(item, Loop):
            item = replace(item, extent=Scalar(item.extent.value.xreplace(numbers)))
        return item.with_statements(statement)

    def statement(made: Statement) -> Statement:
        return replace(made, operations=tuple(changed(op, put) for op in made.operations))

    def array(local: str) -> Array:
        axes, kind = made.arrays[local]
        shape = tuple(int(axis) if axis.is_Integer else block.extent(axis) for axis in axes)
        usual: Storage = "slice" if local in made.slices else "workspace"
        return Array(local, shape, kind, usual, made.margins.get(local, (0, 0)))

    return Filled(
        tuple(map(numbered, made.forward)),
        tuple(map(numbered, made.backward)),
        {local: array(local) for local in made.arrays},
        made.parents,
        made.cotangents,
    )


def _in_numbers(scalar: Scalar, numbers: Mapping[sp.Symbol, sp.Expr], formula: str) -> Scalar:
    """The scalar with these numbers in it; LoweringError where they make it no real, finite number."""
    try:
        value = scalar.value.xreplace(dict(numbers))
        finite = all(map(math.isfinite, map(float, value.atoms(sp.Float))))
        value = _rounded_once(scalar.value, value, numbers) if finite else value
    except (ArithmeticError, TypeError, ValueError):  # 1/0.0, an order of complex numbers, exp(exp(1e300))
        finite = False
    if not finite or value.has(sp.I, sp.zoo, sp.nan):
        free = scalar.value.free_symbols
        known = [f"{s} = {float(v):g}" for s, v in numbers.items() if s in free and v.is_number]
        raise LoweringError(f"`{scalar.value}` is not a real, finite number for {', '.join(known)}", formula)
    return Scalar(value)


def _rounded_once(scalar: sp.Expr, value: sp.Expr, numbers: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    """The `value` of a scalar without the errors of its intermediate results: 784 times 1/(784 N) is 1/N."""
    number, rest = value.as_coeff_Mul()
    if not number.is_Float or scalar.is_Symbol:
        return value
    decimals = {s: sp.Rational(str(float(v))) if v.is_Float else v for s, v in numbers.items()}
    exact, other = scalar.xreplace(decimals).as_coeff_Mul()
    if not exact.is_Rational or rest != other:
        return value
    return (exact if rest != 1 and 1 in (abs(exact.p), exact.q) else sp.Float(float(exact))) * rest


def _number(size: Dim) -> sp.Expr:
    return BATCH_SIZE if size == BATCH else sp.Integer(size)


class Instance:
    """A template at work in one block. `arrays` gathers every array that its operations mention."""

    def __init__(self, block: Block, made: Filled, storage: Mapping[str, Storage]) -> None:
        self.block = block
        self.template = made
        self.storage = storage
        self.arrays: dict[str, Array] = {}

    def forward(self, number: Mapping[str, int]) -> list[Item]:
        """The forward statements, with the numbers of their tensors."""
        return self.named(self.template.forward, {}, number)

    def backward(self, renamed: Mapping[str, str], number: Mapping[str, int]) -> list[Item]:
        """The backward statements; `renamed` gives cotangents other names than `d_tensor`."""
        return self.named(self.template.backward, renamed, number)

    def named(
        self, items: Sequence[Statement | Loop], renamed: Mapping[str, str], number: Mapping[str, int]
    ) -> list[Item]:
        block, parents, names = self.block.name, self.template.parents, dict[str, str]()

        def name(operand: Operand) -> Operand:
            if isinstance(operand, Scalar):
                return operand
            if operand not in names:
                names[operand] = self.name(operand, renamed)
            return names[operand]

        def statement(made: Statement) -> Statement:
            tensor = made.equation.target.tensor
            operations = tuple(changed(op, name) for op in made.operations)
            return Statement(block, made.equation, operations, number.get(parents.get(tensor, tensor), 0))

        def item(made: Statement | Loop) -> Statement | Loop:
            if isinstance(made, Statement):
                return statement(made)
            slices = tuple(
                replace(s, out=self.name(s.out, renamed), array=self.name(s.array, renamed)) for s in made.slices
            )
            edges = tuple(
                replace(e, array=self.name(e.array, renamed), source=self.name(e.source, renamed)) for e in made.edges
            )
            return replace(made, block=block, slices=slices, edges=edges).with_statements(statement)

        return [item(made) for made in items]

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
            array = self.template.arrays[local]
            self.arrays[name] = replace(array, name=name, storage=self.storage.get(name, array.storage))
        return name


def equations(item: Item) -> tuple[Equation, ...]:
    """The equations that an item computes."""
    return tuple(statement.equation for statement in item.statements)
