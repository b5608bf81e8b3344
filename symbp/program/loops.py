"""Equations lowered group by group: one alone to a statement, those of a recurrence to a loop.

Where a formula has a recurrence, its own tensors hold their steps along the first axis, each step in one piece, and a
tensor that is read some steps away has a margin of zeros: the state before the first step is then a slice like any
other, and all states one step earlier are a view.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import sympy as sp

from symbp.derive.derivation import FormulaDerivation
from symbp.formula.equation import Equation, Tensor
from symbp.formula.expression import Element, element, elements, stop
from symbp.formula.indices import Names, bound_indices
from symbp.formula.recurrence import Group, in_groups
from symbp.means import NONE, Without
from symbp.program import neighbours
from symbp.program.affine import Numbers
from symbp.program.hoist import Hoisting
from symbp.program.inline import inlined
from symbp.program.lower import Arrays, Shared, lower_equation
from symbp.program.neighbours import without_neighbours
from symbp.program.operations import Offset, Op, Scalar
from symbp.program.program import Edge, Loop, Slice, Statement
from symbp.program.values import LoweringError

Margins = dict[str, tuple[int, int]]


@dataclass
class Lowered:
    """Statements and loops over a formula's own names; every array, and the margins of those that have one.

    `slices` are the arrays that are views at a step. `parents` says of helper tensors of which tensor they hold a part.
    """

    forward: list[Statement | Loop] = field(default_factory=list)
    backward: list[Statement | Loop] = field(default_factory=list)
    arrays: Arrays = field(default_factory=dict)
    margins: Margins = field(default_factory=dict)
    slices: set[str] = field(default_factory=set)
    parents: dict[str, str] = field(default_factory=dict)


def lower_groups(
    derivation: FormulaDerivation, numbers: Numbers, batch_last: frozenset[str], without: Without = NONE
) -> Lowered:
    """Lower every forward and backward equation of a formula, for these sizes, with the batch last in these tensors."""
    try:
        return _Lowering(derivation, numbers, batch_last, without).result()
    except LoweringError as error:
        raise LoweringError(str(error), derivation.formula.name) from None


class _Lowering:
    """The state of one formula's lowering. `orders` says in which order the axes of a tensor are stored."""

    def __init__(
        self, derivation: FormulaDerivation, numbers: Numbers, batch_last: frozenset[str], without: Without
    ) -> None:
        backward = tuple(g.equation for g in derivation.backward)
        (forward, backward), edges = without_neighbours([derivation.forward, backward])
        self.passes = in_groups(forward), in_groups(backward)
        self.edges = edges
        self.numbers = numbers
        self.batch_last = {name for tensor in batch_last for name in (tensor, f"d_{tensor}")}
        self.shared = Shared(without)
        self.done = Lowered()
        self.tensors: dict[str, Tensor] = {}
        self.orders: dict[str, tuple[int, ...]] = {}
        groups = [g for groups in self.passes for g in groups if g.direction]
        self.steps = {e.sizes[g.index(e)] for g in groups for e in g.equations}
        self.first = {name: axis for group in groups for name, axis in group.axes.items()}
        for tensor in derivation.formula.tensors.values():
            self.lay_out(tensor)
            self.lay_out(Tensor(f"d_{tensor.name}", tensor.axes, tensor.role))
        self.names = Names(self.tensors)
        self.named: dict[tuple[object, ...], str] = {}

    def lay_out(self, tensor: Tensor) -> None:
        """Store a tensor of the formula's own with its steps along the first axis."""
        order = [*range(1, len(tensor.axes)), 0] if tensor.name in self.batch_last else [*range(len(tensor.axes))]
        along = [axis for axis, extent in enumerate(tensor.axes) if extent in self.steps]
        if tensor.role == "intermediate" and along:
            self.first.setdefault(tensor.name, along[0])
        if tensor.name in self.first:
            order.remove(self.first[tensor.name])
            order.insert(0, self.first[tensor.name])
        self.orders[tensor.name] = tuple(order)
        self.tensors[tensor.name] = replace(tensor, axes=tuple(tensor.axes[axis] for axis in order))
        self.done.arrays[tensor.name] = (self.tensors[tensor.name].axes, tensor.kind)

    def result(self) -> Lowered:
        outside = [e for groups in self.passes for g in groups if not g.direction for e in g.equations]
        for groups, statements in zip(self.passes, (self.done.forward, self.done.backward), strict=True):
            for group in groups:
                if not group.direction:
                    statements.append(self.statement(group.equations[0]))
                    continue
                read = {r.tensor for e in (*outside, *self.others(group)) for r in elements(e.body)}
                hoisting = Hoisting(
                    inlined(group, read), {}, self.names, self.can_slice, "hoist" in self.shared.without
                )
                inside = hoisting.inside()
                for tensor in hoisting.tensors.values():
                    self.lay_out(tensor)
                self.done.parents |= hoisting.parents
                statements += [self.statement(e) for e in hoisting.before]
                edges = tuple(self.edge(e, statements) for e in self.edges if e.tensor in inside.axes)
                statements.append(replace(_Loop(self, inside, read).loop(), edges=edges))
        return self.done

    def edge(self, found: neighbours.Edge, statements: list[Statement | Loop]) -> Edge:
        """An edge from an array of its own, unless it is one as it stands; the statement that computes it is added."""
        self.widen(found.tensor, 1 if found.after else -1)
        order = [axis for axis in self.orders[found.tensor] if axis != self.first[found.tensor]]
        target = element(found.tensor, *found.equation.target.indices)
        wanted = tuple(target.indices[axis] for axis in order)
        value, sizes = found.value, found.equation.sizes
        axes = tuple(sizes[i] for i in wanted)
        if isinstance(value, Element) and self.stored(value) == wanted and self.tensors[value.tensor].axes == axes:
            return Edge(found.tensor, found.after, value.tensor)
        name = self.names.numbered(f"known_{found.tensor}")
        self.done.parents[name] = found.equation.target.tensor
        self.lay_out(Tensor(name, axes, "intermediate"))
        used = {i: e for i, e in sizes.items() if i in value.free_symbols or i in wanted}
        used |= {i: sizes[i] for i in bound_indices(value)}
        statements.append(self.statement(Equation(element(name, *wanted), value, used)))
        return Edge(found.tensor, found.after, name)

    def others(self, group: Group) -> Iterable[Equation]:
        """The equations of the other recurrences."""
        return (e for groups in self.passes for g in groups if g.direction and g != group for e in g.equations)

    def can_slice(self, equation: Equation, read: Element) -> bool:
        """Whether a step of the equation's recurrence may read the element from a slice."""
        index = equation.target.indices[self.first[equation.target.tensor]]
        places = self.stored(read)
        stepped = [axis for axis, place in enumerate(places) if place.has(index)]
        if any(place.has(Element) for place in places) or len(stepped) > 1:
            return False
        for axis in stepped:
            shift = places[axis] - index
            margin = read.tensor in self.first and axis == 0
            if self.tensors[read.tensor].axes[axis] != equation.sizes[index]:
                return False
            if not (shift == 0 or (shift.is_Integer and margin)):
                return False
        return True

    def stored(self, node: Element) -> tuple[sp.Expr, ...]:
        """The places of a read in the order in which the array is stored."""
        return tuple(node.indices[axis] for axis in self.orders[node.tensor])

    def lower(self, equation: Equation, tensors: dict[str, Tensor], shared: Shared) -> tuple[Op, ...]:
        return lower_equation(equation, tensors, self.done.arrays, self.numbers, shared)

    def name(self, wanted: str, *of: object) -> str:
        """A name for a view or a slice, always the same for the same."""
        if of not in self.named:
            self.named[of] = self.names.distinct(wanted)
        return self.named[of]

    def widen(self, name: str, shift: int) -> None:
        """Make the margin of an array reach so far."""
        before, after = self.done.margins.get(name, (0, 0))
        self.done.margins[name] = max(before, -shift), max(after, shift)

    def statement(self, equation: Equation) -> Statement:
        """An equation over all steps; reads some steps away are offsets."""
        offsets: dict[str, Offset] = {}
        tensors = dict(self.tensors)

        def stored(node: Element) -> Element:
            name, places = node.args[0], self.stored(node)
            shift, letter = self.shifted(equation, node)
            if shift:
                self.widen(node.tensor, shift)
                out = self.name(f"{node.tensor}_{_away(shift)}", node.tensor, shift, "whole")
                offsets[out] = Offset(out, node.tensor, shift)
                tensors[out] = replace(tensors[node.tensor], name=out)
                self.done.arrays[out] = self.done.arrays[node.tensor]
                name, places = sp.Symbol(out, **name.assumptions0), (letter, *places[1:])
            return Element(name, *places)

        target, body = _rewritten(equation.target, stored), _rewritten(equation.body, stored)
        operations = self.lower(replace(equation, target=target, body=body), tensors, self.shared)
        return Statement("", equation, (*offsets.values(), *operations))

    def shifted(self, equation: Equation, node: Element) -> tuple[int, sp.Symbol | None]:
        """By how many steps a read is away from an index that runs over all steps, and the index."""
        if node.tensor in self.first:
            place = self.stored(node)[0]
            letters = [i for i in place.free_symbols if equation.sizes.get(i) == self.tensors[node.tensor].axes[0]]
            if len(letters) == 1 and (place - letters[0]).is_Integer:
                return int(place - letters[0]), letters[0]
        return 0, None


class _Loop:
    """One recurrence as a loop. `read_outside` are tensors that other equations read."""

    def __init__(self, lowering: _Lowering, group: Group, read_outside: set[str]) -> None:
        self.lowering = lowering
        self.group = group
        self.shared = Shared(lowering.shared.without)
        self.slices: dict[Slice, None] = {}
        reads = [(e, r) for e in group.equations for r in elements(e.body) if r.tensor in group.axes]
        carried = {r.tensor for e, r in reads if group.shift(e, r)}
        held = {e.target.tensor for e in group.equations if isinstance(e.body, stop)}  # for all steps, by a check
        self.scratch = {n for n in group.axes if n not in carried | read_outside | held}
        self.tensors = dict(lowering.tensors)

    def loop(self) -> Loop:
        group = self.group
        statements = tuple(self.statement(e) for e in group.equations)
        first = group.equations[0]
        index = group.index(first)
        extent = Scalar(first.sizes[index])
        return Loop("", index.name, extent, statements, group.direction < 0, tuple(self.slices))

    def statement(self, equation: Equation) -> Statement:
        """The equation at one step: every read and the left side without the index of the steps."""
        index = self.group.index(equation)
        stepped = Equation(
            _rewritten(equation.target, lambda node: self.at_step(node, index)),
            _rewritten(equation.body, lambda node: self.at_step(node, index)),
            {i: extent for i, extent in equation.sizes.items() if i != index},
        )
        return Statement("", equation, self.lowering.lower(stepped, self.tensors, self.shared))

    def at_step(self, node: Element, index: sp.Symbol) -> Element:
        """The read of an array as it is stored, or of a slice of it."""
        places = self.lowering.stored(node)
        stepped = [axis for axis, place in enumerate(places) if place.has(index)]
        if not stepped:
            return Element(node.args[0], *places)
        (axis,) = stepped
        name = self.slice(node.tensor, axis, int(places[axis] - index), index)
        rest = [place for place in places if not place.has(index)]
        return Element(sp.Symbol(name, **node.args[0].assumptions0), *rest)

    def slice(self, name: str, axis: int, shift: int, index: sp.Symbol) -> str:
        """The name of a tensor at the step, which is noted."""
        lowering = self.lowering
        out = lowering.name(f"{name}_{_away(shift)}_{index.name}" if shift else f"{name}_{index.name}", name, shift)
        if out not in self.tensors:
            held = lowering.tensors[name]
            axes = (*held.axes[:axis], *held.axes[axis + 1 :])
            self.tensors[out] = Tensor(out, axes, "intermediate", held.kind)
            lowering.done.arrays[out] = (axes, held.kind)
            if name not in self.scratch:
                lowering.done.slices.add(out)
                self.slices[Slice(out, name, axis, shift)] = None
                if shift:
                    lowering.widen(name, shift)
        return out


def _rewritten(node: sp.Expr, change: Callable[[Element], Element]) -> sp.Expr:
    """The expression with every read changed, those among the indices of another read first."""
    if not node.args:
        return node
    node = node.func(*(_rewritten(a, change) for a in node.args))
    return change(node) if isinstance(node, Element) else node


def _away(shift: int) -> str:
    """`before`, `after_2`: where a number of steps away is."""
    word = "before" if shift < 0 else "after"
    return word if abs(shift) == 1 else f"{word}_{abs(shift)}"
