"""One equation as array operations: every index an axis, every subexpression an array over the indices it depends on.

    products under a sum     contractions (symbp.program.sums)
    deltas that stay         scatters     (symbp.program.scatter)
    piecewise expressions    maximum, minimum, masks or selections (symbp.program.pieces)

Not here: windows (indices like S*p + u - P) and recurrences; a `LoweringError` says so.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from symbp.formula.equation import Equation, Kind, Tensor
from symbp.formula.expression import Element, Flat, InRange, MaxOver, SumOver, Winner, elements, logistic, softplus
from symbp.formula.indices import bound_indices
from symbp.program import pieces, scatter, sums
from symbp.program.functions import ELEMENTWISE
from symbp.program.program import Op, View
from symbp.program.values import LOG_MAX, Builder, Value

Arrays = dict[str, tuple[tuple[sp.Expr, ...], Kind]]


def lower_equation(equation: Equation, tensors: dict[str, Tensor], arrays: Arrays) -> tuple[Op, ...]:
    """The operations that compute the equation; temporaries are added to `arrays`."""
    target = equation.target
    if any(elements(equation.body, target.tensor)) and equation.sizes and not _elementwise_update(equation):
        raise Builder(equation, {}, arrays).error("it reads its own earlier positions, which takes a loop")
    free = [s for i in target.indices for s in (i.args if isinstance(i, Flat) else (i,))]
    order = {s: k for k, s in enumerate(dict.fromkeys((*free, *bound_indices(equation.body), *equation.sizes)))}
    builder = Builder(equation, order, arrays)
    lowering = Lowering(builder, tensors)
    value = lowering.value(equation.body)
    _write(builder, value, tuple(free))
    return tuple(builder.operations)


def _elementwise_update(equation: Equation) -> bool:
    """Whether every read of the target is at the left side's own indices: an update in place."""
    own = elements(equation.body, equation.target.tensor)
    return all(read.indices == equation.target.indices for read in own)


def _write(builder: Builder, value: Value, free: tuple[sp.Symbol, ...]) -> None:
    """Give the value to the target: spread over its indices, merged where the left side is `flat`."""
    target = builder.equation.target
    name = target.tensor
    merged = any(isinstance(i, Flat) for i in target.indices)
    last = builder.operations[-1] if builder.operations else None
    if value.axes == free and not merged and last is not None and last.out == value.operand:
        builder.arrays.pop(value.array)
        builder.operations[-1] = _renamed(last, name)
        return
    if merged:
        if value.axes != free:
            value = _spread(builder, value, free)
        builder.operations.append(View(name, value.array, tuple(range(len(free)))))
        return
    builder.operations.append(scatter.copy_or_fill(builder, value, free, name))


def _spread(builder: Builder, value: Value, free: tuple[sp.Symbol, ...]) -> Value:
    out = builder.fresh("whole", free)
    builder.operations.append(scatter.copy_or_fill(builder, value, free, out))
    return Value(out, free)


def _renamed(op: Op, name: str) -> Op:
    return replace(op, out=name)


class Lowering:
    """Turns subexpressions into values; one method for each kind of node."""

    def __init__(self, builder: Builder, tensors: dict[str, Tensor]) -> None:
        self.builder = builder
        self.tensors = tensors

    def is_scalar(self, node: sp.Expr) -> bool:
        """Whether the node is a number once sizes and hyperparameters are known."""
        if node.has(Element, SumOver, MaxOver, Winner, InRange, sp.KroneckerDelta):
            return False
        return not node.free_symbols & set(self.builder.order)

    def value(self, node: sp.Expr) -> Value:
        """The node as an array over its indices, or a scalar."""
        builder = self.builder
        if self.is_scalar(node):
            return builder.scalar(node)
        if isinstance(node, Element):
            return self.element(node)
        if isinstance(node, sp.Add):
            return sums.add(self, node)
        if isinstance(node, sp.Mul):
            return sums.multiply(self, node)
        if isinstance(node, SumOver):
            return sums.sum_over(self, node)
        if isinstance(node, sp.Pow):
            return self.power(node)
        if isinstance(node, sp.Piecewise):
            return pieces.piecewise(self, node)
        if isinstance(node, MaxOver):
            return self.fold("max", node.body, node.bound)
        if isinstance(node, Winner):
            if len(node.bound) > 1:
                raise builder.error("the winner of a maximum over several indices")
            return self.fold("argmax", node.body, node.bound)
        if isinstance(node, logistic):
            return self.logistic(self.value(node.args[0]))
        if isinstance(node, softplus):
            return builder.map("logaddexp", builder.scalar(sp.Integer(0)), self.value(node.args[0]), word="softplus")
        if isinstance(node, sp.KroneckerDelta):
            return builder.map("equal", *(self.index(i) for i in node.args))
        if isinstance(node, InRange):
            place = self.index(node.args[0])
            above = builder.map("greater_equal", place, builder.scalar(sp.Integer(0)))
            below = builder.map("less", place, builder.scalar(node.args[1]))
            return builder.map("logical_and", above, below)
        if isinstance(node, sp.Symbol):
            return builder.range(node)
        function = ELEMENTWISE.get(type(node))
        if function is None:
            raise builder.error(f"`{node}` has no array operation")
        return builder.map(function, self.value(node.args[0]))

    def fold(self, function: str, body: sp.Expr, bound: tuple[sp.Symbol, ...]) -> Value:
        return self.builder.fold(function, self.value(body), bound)

    def logistic(self, x: Value) -> Value:
        """1/(1 + exp(-x)); the exponent is capped where the exponential would overflow and the result is 0."""
        builder = self.builder
        capped = builder.map("minimum", builder.map("negative", x), builder.scalar(LOG_MAX))
        return builder.map(
            "reciprocal", builder.map("add", builder.map("exp", capped), builder.scalar(sp.Integer(1))), word="logistic"
        )

    def power(self, node: sp.Pow) -> Value:
        """Squares, roots and reciprocals by their own functions; other exponents by `power`."""
        builder, exponent = self.builder, node.exp
        if exponent.could_extract_minus_sign():
            return builder.map("reciprocal", self.value(node.base**-exponent))
        base = self.value(node.base)
        if exponent == 2:
            return builder.map("square", base)
        if exponent == sp.Rational(1, 2):
            return builder.map("sqrt", base)
        if exponent == sp.Rational(3, 2):
            return builder.map("multiply", base, builder.map("sqrt", base))
        if exponent in (3, 4):
            square = builder.map("square", base)
            return builder.map("multiply", square, base) if exponent == 3 else builder.map("square", square)
        return builder.map("power", base, self.value(exponent))

    def index(self, node: sp.Expr) -> Value:
        """An integer expression as an array of integers."""
        if isinstance(node, Element):
            return self.element(node)
        if node.is_Symbol and node in self.builder.order:
            return self.builder.range(node)
        if self.is_scalar(node):
            return self.builder.scalar(node)
        return self.value(node)

    def element(self, read: Element) -> Value:
        """A read: as it stands, reshaped, shifted, or gathered."""
        builder, tensor = self.builder, self.tensors[read.tensor]
        places = read.indices
        sizes = tuple(builder.equation.sizes.get(p) for p in places)
        if sizes == tensor.axes and len(set(places)) == len(places):
            return Value(read.tensor, places, tensor.kind)
        if any(isinstance(p, Flat) for p in places):
            return self.reshaped(read, tensor)
        if any(p.has(Element) for p in places):
            return scatter.gather(self, read, tensor)
        return self.shifted(read, tensor)

    def reshaped(self, read: Element, tensor: Tensor) -> Value:
        builder = self.builder
        axes = tuple(s for p in read.indices for s in (p.args if isinstance(p, Flat) else (p,)))
        if not all(a.is_Symbol and a in builder.order for a in axes) or len(set(axes)) != len(axes):
            raise builder.error(f"`{read}` mixes `flat` with other indices")
        out = builder.fresh("split", axes, tensor.kind)
        builder.operations.append(View(out, read.tensor, tuple(range(len(read.indices)))))
        return Value(out, axes, tensor.kind)

    def shifted(self, read: Element, tensor: Tensor) -> Value:
        """`x[n, j + s]` with a shift that is a number, 0 where `j` has fewer or more values than the axis: one axis."""
        builder, source = self.builder, read.tensor
        axes: list[sp.Symbol] = []
        shifts: list[tuple[int, sp.Expr]] = []
        for axis, place in enumerate(read.indices):
            letters = [s for s in place.free_symbols if s in builder.order]
            if len(letters) != 1 or not self.is_scalar(place - letters[0]) or letters[0] in axes:
                raise builder.error(f"`{read}` reads through a window; strides and padding have no array operation")
            axes.append(letters[0])
            if place != letters[0] or tensor.axes[axis] != builder.equation.sizes[letters[0]]:
                shifts.append((axis, place - letters[0]))
        if len(shifts) != 1:
            raise builder.error(f"`{read}` is shifted along {len(shifts)} axes")
        return builder.shift(source, tuple(axes), *shifts[0])
