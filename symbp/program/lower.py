"""One equation as array operations: every index an axis, every subexpression an array over the indices it depends on.

    products under a sum     contractions (symbp.program.sums)
    deltas that stay         scatters     (symbp.program.scatter), or parts of a stack (symbp.program.parts)
    piecewise expressions    maximum, minimum, masks or selections (symbp.program.pieces)
    windows (S*p + u - P)    columns, pools (symbp.program.windows); their adjoints, overlaps (symbp.program.overlap)

Not here: recurrences; a `LoweringError` says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import sympy as sp

from symbp.formula.equation import Equation, Tensor
from symbp.formula.expression import (
    Element,
    First,
    Flat,
    InRange,
    MaxOver,
    Padded,
    SumOver,
    Winner,
    elements,
    logistic,
    softplus,
)
from symbp.formula.indices import bound_indices
from symbp.formula.roots import square_and_number
from symbp.means import NONE, Without
from symbp.program import parts, pieces, scatter, sums, windows
from symbp.program.affine import Numbers
from symbp.program.functions import ELEMENTWISE
from symbp.program.operands import is_alias
from symbp.program.operations import Map, Op, View
from symbp.program.program import ArrayKind
from symbp.program.values import LOG_MAX, SQRT_MAX, Builder, Value
from symbp.program.windows import Factor

Arrays = dict[str, tuple[tuple[sp.Expr, ...], ArrayKind]]


@dataclass(frozen=True)
class Shared:
    """What the equations of a formula tell each other: orders in which columns exist, and where maxima were found.

    `positions` holds the arrays of winning positions in windows; `winners` maps a tensor of winning indices to the one
    that it was read from, the index among the window's that it holds, and the sizes of the window's indices. `without`
    are the means that lowering leaves out.
    """

    without: Without = NONE
    columns: dict[tuple[object, ...], set[tuple[int, ...]]] = field(default_factory=dict)
    positions: dict[tuple[object, ...], str] = field(default_factory=dict)
    winners: dict[str, tuple[str, int, tuple[sp.Expr, ...]]] = field(default_factory=dict)


def lower_equation(
    equation: Equation,
    tensors: dict[str, Tensor],
    arrays: Arrays,
    numbers: Numbers | None = None,
    shared: Shared | None = None,
) -> tuple[Op, ...]:
    """The operations that compute the equation; temporaries are added to `arrays`.

    `numbers` are the sizes and integer options that are known; windows need all but the batch.
    """
    target = equation.target
    if any(elements(equation.body, target.tensor)) and equation.sizes and not _elementwise_update(equation):
        raise Builder(equation, {}, arrays).error("it reads its own earlier positions, which takes a loop")
    free = [s for i in target.indices for s in (i.args if isinstance(i, Flat) else (i,))]
    order = {s: k for k, s in enumerate(dict.fromkeys((*free, *bound_indices(equation.body), *equation.sizes)))}
    builder = Builder(equation, order, arrays, numbers or {})
    lowering = Lowering(builder, tensors, shared or Shared())
    value = lowering.value(equation.body)
    _write(builder, value, tuple(free), owned=tensors[target.tensor].role == "parameter")
    return tuple(builder.operations)


def _elementwise_update(equation: Equation) -> bool:
    """Whether every read of the target is at the left side's own indices: an update in place."""
    own = elements(equation.body, equation.target.tensor)
    return all(read.indices == equation.target.indices for read in own)


def _write(builder: Builder, value: Value, free: tuple[sp.Symbol, ...], owned: bool) -> None:
    """Give the value to the target: spread over its indices, merged where the left side is `flat`.

    The target may be a view of the value, unless its numbers have a place of their own (`owned`: gradients).
    """
    target = builder.equation.target
    name = target.tensor
    merged = any(isinstance(i, Flat) for i in target.indices)
    last = builder.operations[-1] if builder.operations else None
    alias = last is not None and is_alias(last)
    if value.axes == free and not merged and last is not None and last.out == value.operand and not (alias and owned):
        builder.arrays.pop(value.array)
        builder.operations[-1] = _renamed(last, name)
        return
    if merged:
        if value.axes != free:
            value = _spread(builder, value, free)
        out = builder.fresh("merged", (), value.kind, builder.shape(name)) if owned else name
        builder.operations.append(View(out, value.array, tuple(range(len(free)))))
        if owned:
            builder.operations.append(Map(name, "copy", (out,)))
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

    def __init__(self, builder: Builder, tensors: dict[str, Tensor], shared: Shared) -> None:
        self.builder = builder
        self.tensors = dict(tensors)  # and views of them
        self.shared = shared

    def is_scalar(self, node: sp.Expr) -> bool:
        """Whether the node is a number once sizes and hyperparameters are known."""
        if node.has(Element, Padded, SumOver, MaxOver, Winner, InRange, sp.KroneckerDelta):
            return False
        return not node.free_symbols & set(self.builder.order)

    def total(self, body: sp.Expr, bound: tuple[sp.Symbol, ...], last: sp.Symbol | None = None) -> Value:
        """The sum of a product over indices; with `last`, its axes come in any order that ends with this one."""
        return sums.total(self, body, bound, last)

    def value(self, node: sp.Expr) -> Value:
        """The node as an array over its indices, or a scalar."""
        builder = self.builder
        if self.is_scalar(node):
            return builder.scalar(node)
        if isinstance(node, Element | Padded):
            return windows.materialized(self, self.factor(node))
        if isinstance(node, First):
            return self.value(node.args[0])
        if isinstance(node, sp.Add):
            return sums.add(self, node)
        if isinstance(node, sp.Mul):
            return sums.multiply(self, node)
        if isinstance(node, SumOver):
            return self.folded(lambda: sums.sum_over(self, node))
        if isinstance(node, sp.Pow):
            return self.power(node)
        if isinstance(node, sp.Piecewise):
            return pieces.piecewise(self, node)
        if isinstance(node, MaxOver):
            return self.folded(lambda: windows.reduced(self, "max", self.factor(node.body), node.bound))
        if isinstance(node, Winner):
            return self.winner(node)
        if isinstance(node, logistic):
            return self.logistic(node.args[0])
        if isinstance(node, softplus):
            return self.softplus(self.value(node.args[0]))
        if isinstance(node, sp.KroneckerDelta):
            return builder.map("equal", *(self.index(i) for i in node.args))
        if isinstance(node, InRange):
            place = self.index(node.args[0])
            above = builder.map("greater_equal", place, builder.scalar(sp.Integer(0)))
            below = builder.map("less", place, builder.scalar(node.args[1]))
            return builder.map("logical_and", above, below)
        if isinstance(node, sp.Symbol):
            return builder.range(node)
        if isinstance(node, sp.floor):
            return self.floor(*sp.fraction(node.args[0], exact=True))
        function = ELEMENTWISE.get(type(node))
        if function is None:
            raise builder.error(f"`{node}` has no array operation")
        return builder.map(function, self.value(node.args[0]))

    def factor(self, node: sp.Expr) -> Factor:
        """The node as an array, or as what windows show of one."""
        if isinstance(node, Padded):
            return self.read(node.read, node.value)
        return self.read(node) if isinstance(node, Element) else self.value(node)

    def winner(self, node: Winner) -> Value:
        """The winning index: of one index by `argmax`, of several from the position in the window."""
        builder, factor = self.builder, self.factor(node.body)
        if len(node.bound) == 1 and isinstance(factor, Value):
            return builder.fold("argmax", factor, node.bound)
        position = windows.winners(self, factor, node.bound)
        number = node.bound.index(node.which)
        sizes = tuple(builder.equation.sizes[b] for b in node.bound)
        self.shared.winners[builder.equation.target.tensor] = (position.array, number, sizes)
        after, own = sp.Mul(*sizes[number + 1 :]), sizes[number]
        if len(node.bound) == 1:
            return builder.copied(position, position.axes, "index")
        if after != 1:
            position = builder.map("floor_divide", position, builder.scalar(after))
        if number:
            position = builder.map("remainder", position, builder.scalar(own))
        return position

    def folded(self, lower: Callable[[], Value]) -> Value:
        """What is lowered within a fold, whatever the order of its axes on the way."""
        outer, self.builder.folding = self.builder.folding, True
        value = lower()
        self.builder.folding = outer
        return value

    def floor(self, over: sp.Expr, under: sp.Expr) -> Value:
        """A quotient rounded down: by a division, since t*(1/49) is below 1 at t = 49."""
        value = self.value(over)
        return self.builder.map("floor", value if under == 1 else self.builder.map("divide", value, self.value(under)))

    def logistic(self, x: sp.Expr) -> Value:
        """exp(x)/(1 + exp(x)), which is 0 where the exponential is, so that a product with any x is.

        The exponent is capped where the exponential would overflow and the result is 1.
        """
        builder, one = self.builder, self.builder.scalar(sp.Integer(1))
        exponential = builder.map("exp", builder.map("minimum", self.value(x), builder.scalar(LOG_MAX)))
        return builder.map("divide", exponential, builder.map("add", exponential, one), word="logistic")

    def softplus(self, x: Value) -> Value:
        """log1p(exp(-|x|)) + max(x, 0), faster together than `logaddexp`, which has no vector instructions."""
        builder, rest = self.builder, self.log1p_exp(x)
        return builder.map("add", rest, builder.map("maximum", x, builder.scalar(sp.Integer(0))), word="softplus")

    def log1p_exp(self, x: Value) -> Value:
        """log1p(exp(-|x|)), what softplus(x) is more than max(x, 0)."""
        builder = self.builder
        return builder.map("log1p", builder.map("exp", builder.map("negative", builder.map("absolute", x))))

    def power(self, node: sp.Pow) -> Value:
        """Squares, roots and reciprocals by their own functions; other exponents by `power`."""
        builder, exponent = self.builder, node.exp
        if exponent.could_extract_minus_sign():
            return builder.map("reciprocal", self.value(node.base**-exponent))
        if exponent == sp.Rational(1, 2) and (found := square_and_number(node.base)):
            return self.hypotenuse(self.value(found[0]), found[1])
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

    def hypotenuse(self, x: Value, number: sp.Expr) -> Value:
        """sqrt(x**2 + number), which is |x| where the square would overflow; faster than `hypot`."""
        builder = self.builder
        size = builder.map("absolute", x)
        square = builder.map("square", builder.map("minimum", size, builder.scalar(SQRT_MAX)))
        root = builder.map("sqrt", builder.map("add", square, builder.scalar(number)))
        return builder.map("maximum", root, size)

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
        """A read in an array."""
        return windows.materialized(self, self.read(read))

    def read(self, read: Element, border: sp.Expr = sp.S.Zero) -> Factor:
        """A read: as it stands, at one position of an axis, split, moved, gathered at labels, or through windows."""
        builder = self.builder
        picked = parts.picked(self, read)
        if picked is None:
            return builder.scalar(border)
        read, tensor, places = picked, self.tensors[picked.tensor], picked.indices
        sizes = tuple(builder.equation.sizes.get(p) for p in places)
        if sizes == tensor.axes and len(set(places)) == len(places):
            return Value(read.tensor, places, tensor.kind)
        if any(p.has(Element) for p in places):
            return scatter.gather(self, read, tensor)
        array = read.tensor
        if any(isinstance(p, Flat) for p in places):
            array, places = self.split(read, tensor)
        return windows.read(self, read, array, places, tensor.kind, border)

    def split(self, read: Element, tensor: Tensor) -> tuple[str, tuple[sp.Expr, ...]]:
        """The tensor with every axis that is read at `flat(...)` split, and the places along all axes then."""
        builder, sizes = self.builder, self.builder.equation.sizes
        places: list[sp.Expr] = []
        shape: list[sp.Expr] = []
        for place, extent in zip(read.indices, tensor.axes, strict=True):
            if isinstance(place, Flat) and not all(a.is_Symbol and a in builder.order for a in place.args):
                raise builder.error(f"`{read}` reads merged axes at places that are not plain indices")
            places += place.args if isinstance(place, Flat) else (place,)
            shape += [sizes[a] for a in place.args] if isinstance(place, Flat) else [extent]
        out = builder.fresh("split", (), tensor.kind, tuple(shape))
        builder.operations.append(View(out, read.tensor, tuple(range(len(read.indices)))))
        return out, tuple(places)
