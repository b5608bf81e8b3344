"""The program: straight-line array operations, before any target's syntax.

    Map       out = function(operands...)          elementwise, broadcast as NumPy does; `where` limits it to a mask
    Select    out = yes where condition else no    elementwise
    Contract  out[..] = sum left[..] * right[..]   axes named by letters, as in "ni,ij->nj"
    Convolve  the same, with arrays seen through windows, a block of one letter at a time
    Fold      out = sum | max | argmax over axes   reduced axes are kept where `keepdims`; a sum has a factor
    View      out = the same numbers, axes permuted, inserted, merged or split; no copy wherever the layout allows
    Gather    out = source[indices]                `None` keeps an axis whole; others are integer arrays, broadcast
    Scatter   out = 0, or `base`, then out[indices] += source
    Shift     out[.., j, ..] = operand[.., j + start, ..], 0 where that is outside
    Pick      out = operand[.., position, ..], no copy
    Stack     out = 0, or `base`, and each part added at its position of one axis
    Offset    out[t, ..] = operand[t + start, ..], no copy: the operand has a margin of zeros there
    Range     out = 0, 1, 2, ... along one axis
    Fill      out = one number

Operands are names of arrays or `Scalar`s. Every array is written by one statement, and an operation may name its
output among its operands only where the verifier allows updates in place.

A `Loop` stands among statements: equations that read each other across steps of one index. Its statements work on
slices of arrays at the step and on scratch of a step; nothing else is carried from one step to the next.

A `Chain` goes over blocks of the first axis of its arrays: the same statements, carried out for some rows after
the others. What it computes for itself alone is held for the rows of one block.

Not here: NumPy, identifiers, comments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

import sympy as sp

from symbp.formula.equation import Equation, Kind
from symbp.forward.network import BATCH, Dim

ArrayKind = Kind | Literal["byte"]  # a byte holds a position within a window
Storage = Literal["argument", "parameter", "constant", "random", "gradient", "state", "running", "workspace", "slice"]


@dataclass(frozen=True)
class Rows:
    """A size: the rows of a chain's block, which are `most`, or as many as the batch has where those are fewer."""

    most: int


Size = Dim | Rows


@dataclass(frozen=True)
class Scalar:
    """A number, or an expression of numbers known when the step runs: the batch size `N`, a learning rate, the step."""

    value: sp.Expr


Operand = str | Scalar
Side = Literal["left", "right"]


@dataclass(frozen=True)
class Array:
    """A named array. `workspace` arrays belong to the pass; a `slice` is a view of another in a loop; the others come
    from, or go to, the caller. A `random` one is drawn before the pass, a `running` one is a state of the network.

    `margin` counts the positions before and after its first axis that hold zeros, or the edges that a loop puts there,
    and that only offsets and slices can read. With `rows`, it holds so many positions of its first axis: those that a
    chain is about.
    """

    name: str
    shape: tuple[Dim, ...]
    kind: ArrayKind
    storage: Storage
    margin: tuple[int, int] = (0, 0)
    rows: int = 0

    @property
    def held(self) -> tuple[Size, ...]:
        """The shape of what is held of it at a time, without its margin."""
        if not self.rows:
            return self.shape
        return (Rows(self.rows) if self.shape[0] == BATCH and self.rows > 1 else self.rows, *self.shape[1:])


@dataclass(frozen=True)
class Map:
    """Elementwise: `function` is a key of `symbp.program.functions.FUNCTIONS`."""

    out: str
    function: str
    operands: tuple[Operand, ...]
    where: str | None = None


@dataclass(frozen=True)
class Select:
    """`yes` where `condition`, else `no`, whose memory the result may have."""

    out: str
    condition: str
    yes: Operand
    no: Operand


@dataclass(frozen=True)
class Product:
    """A sum of products over the letters that `out_axes` lacks; letters name axes within the operation only.

    It is a product of matrices for each combination of the letters in `stack`, which an operand may lack. A `base` is
    `out` itself: the result is `keep` times what is there plus `scale` times the sum; None of these is 1.
    """

    out: str
    left: str
    right: str
    left_axes: str
    right_axes: str
    out_axes: str
    stack: str = ""
    base: str | None = None
    keep: Scalar | None = None
    scale: Scalar | None = None

    @property
    def sides(self) -> tuple[tuple[str, str], ...]:
        """The letters of left, right and out, and the array."""
        return (self.left_axes, self.left), (self.right_axes, self.right), (self.out_axes, self.out)

    @property
    def held(self) -> tuple[tuple[str, str], ...]:
        """Of the arrays that have an axis for each of their letters: the letters, and the array."""
        return self.sides

    @property
    def operands(self) -> tuple[tuple[Side, str, str, str], ...]:
        """Of left and right: which it is, the array, its letters, and the other's letters."""
        return (
            ("left", self.left, self.left_axes, self.right_axes),
            ("right", self.right, self.right_axes, self.left_axes),
        )

    def with_operand(self, side: Side, name: str, letters: str) -> Self:
        """The product of another array with these letters."""
        if side == "left":
            return replace(self, left=name, left_axes=letters)
        return replace(self, right=name, right_axes=letters)


@dataclass(frozen=True)
class Contract(Product):
    """A product of whole arrays.

    Of a loop's, one that comes `later` has an operand that is zeros at the first step, and so is the result there,
    which is not computed.
    """

    later: bool = False


@dataclass(frozen=True)
class Fold:
    """A reduction over whole axes; of a sum, `factor` times the sum, added to its `base` as a contraction is.

    A factor of None is 1.
    """

    out: str
    function: Literal["sum", "max", "argmax"]
    operand: str
    axes: tuple[int, ...]
    keepdims: bool = False
    factor: Scalar | None = None
    base: str | None = None
    keep: Scalar | None = None
    scale: Scalar | None = None


@dataclass(frozen=True)
class View:
    """Permute (`axes`; None inserts an axis of size 1), then reshape to the shape of `out`."""

    out: str
    operand: str
    axes: tuple[int | None, ...]


@dataclass(frozen=True)
class Gather:
    """`out = source[indices]`, one entry for each axis of `source`."""

    out: str
    source: str
    indices: tuple[str | None, ...]


@dataclass(frozen=True)
class Scatter:
    """`out = base` (0 where there is none), then `out[indices] += source`, one entry for each axis of `out`.

    Repeated positions add up; `distinct` says that there are none, `sorted` that rows at labels are many for each, so
    that they are sorted by label, and added at once.
    """

    out: str
    source: Operand
    indices: tuple[str | None, ...]
    base: str | None = None
    distinct: bool = False
    sorted: bool = False


@dataclass(frozen=True)
class Shift:
    """`out[.., j, ..] = operand[.., j + start, ..]` along every axis, `border` where the operand ends.

    Without a border every position is inside. The border is written once, when `out` is made, so `out` is never shared.
    """

    out: str
    operand: str
    starts: tuple[int, ...]
    border: Scalar | None = None


@dataclass(frozen=True)
class Place:
    """A position along an axis, always inside it: `start + sum(step * letter)`."""

    start: int
    steps: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Windows:
    """A place along each axis of an array for every combination of letters, no letter in two places.

    `axes` are the letters of the array on the other side, in order; `over` the letters that it lacks, with their
    extents. Letters name axes within the operation only.
    """

    axes: str
    places: tuple[Place, ...]
    over: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Columns:
    """`out[axes] = operand[places]`."""

    out: str
    operand: str
    windows: Windows


@dataclass(frozen=True)
class Convolve(Product):
    """A product of which arrays are seen through windows: those with places, whose letters are the ones they show.

    `out[..] = sum left[..] * right[places]`, or `out = 0`, then `out[places] += sum left[..] * right[..]`. It is
    carried out for a block of values of one letter at a time, so that neither columns nor what overlaps are ever whole.
    The other arrays hold that letter first in its group. `extents` are those of letters that only windows show. Only
    what is added up may have a base.
    """

    left_places: tuple[Place, ...] = ()
    right_places: tuple[Place, ...] = ()
    out_places: tuple[Place, ...] = ()
    block: str = ""
    extents: tuple[tuple[str, Dim], ...] = ()

    @property
    def added_up(self) -> bool:
        """Whether the result is the sum of the products of all blocks."""
        return self.block not in self.out_axes and not self.out_places

    @property
    def seen(self) -> tuple[bool, bool, bool]:
        """Whether left, right and out are seen through windows."""
        return bool(self.left_places), bool(self.right_places), bool(self.out_places)

    @property
    def held(self) -> tuple[tuple[str, str], ...]:
        """Of the arrays that are not: the letters, and the array."""
        return tuple(pair for pair, seen in zip(self.sides, self.seen, strict=True) if not seen)

    @property
    def columns(self) -> tuple[tuple[str, str, tuple[Place, ...]], ...]:
        """Of the arrays that are: the letters, the array, and the places."""
        places = self.left_places, self.right_places, self.out_places
        return tuple((*pair, at) for pair, at in zip(self.sides, places, strict=True) if at)


@dataclass(frozen=True)
class Pool:
    """`out[axes]`: the sum or maximum over the letters `over` of `operand[places]`."""

    out: str
    function: Literal["sum", "max"]
    operand: str
    windows: Windows


@dataclass(frozen=True)
class Winners:
    """`out[axes]`: the first position, counted row-major along `over`, where `operand[places] == best[axes]`."""

    out: str
    operand: str
    best: str
    windows: Windows


@dataclass(frozen=True)
class OverlapAdd:
    """`out = 0`, then `out[places] += source[axes]` for all letters: where the source lacks a letter, it is repeated.

    `chosen[axes]` limits the letters `over` to one position each, counted row-major.
    """

    out: str
    source: str
    windows: Windows
    chosen: str | None = None


@dataclass(frozen=True)
class Pick:
    """One position of an axis, which the result lacks."""

    out: str
    operand: str
    axis: int
    position: Scalar


@dataclass(frozen=True)
class Stack:
    """`out = base` (0 where there is none), then `out[.., position, ..] += part` for every part, along one axis."""

    out: str
    parts: tuple[str, ...]
    positions: tuple[Scalar, ...]
    axis: int
    base: str | None = None


@dataclass(frozen=True)
class Offset:
    """`out[t, ..] = operand[t + start, ..]`; where that is outside, the operand's margin holds it."""

    out: str
    operand: str
    start: int


@dataclass(frozen=True)
class Range:
    """0, 1, 2, ... of the size of `out`, which has one axis longer than 1, or none."""

    out: str


@dataclass(frozen=True)
class Fill:
    """One number everywhere."""

    out: str
    value: Scalar


Op = (
    Map | Select | Contract | Fold | View | Gather | Scatter | Shift | Pick | Stack | Offset | Range | Fill
    | Columns | Convolve | Pool | Winners | OverlapAdd
)  # fmt: skip


@dataclass(frozen=True)
class Statement:
    """The operations that compute one equation of one block; `number` is the derivation step it implements."""

    block: str
    equation: Equation
    operations: tuple[Op, ...]
    number: int = 0

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Itself alone, as loops and chains have several."""
        return (self,)

    def with_statements(self, change: Callable[[Statement], Statement]) -> Statement:
        """It changed."""
        return change(self)


@dataclass(frozen=True)
class Slice:
    """`out`, in a loop: the array at one position of an axis, `shift` positions from where the loop is.

    What is written to a slice is written to the array; only slices without a shift are written.
    """

    out: str
    array: str
    axis: int
    shift: int = 0


@dataclass(frozen=True)
class Edge:
    """What the first margin of an array holds in place of zeros: before its first position, or after its last."""

    array: str
    after: bool
    source: str


@dataclass(frozen=True)
class Repeated:
    """Statements of one block that are carried out for a part of an index after the other."""

    block: str
    index: str
    extent: Scalar
    statements: tuple[Statement, ...]

    @property
    def operations(self) -> tuple[Op, ...]:
        """The operations of one part, in order."""
        return tuple(op for statement in self.statements for op in statement.operations)

    def with_statements(self, change: Callable[[Statement], Statement]) -> Self:
        """The same with each statement changed."""
        return replace(self, statements=tuple(map(change, self.statements)))


@dataclass(frozen=True)
class Loop(Repeated):
    """Statements carried out at one position of an index after the other: the last first where `backwards`.

    `edges` are written into the margins of arrays that the loop writes before it starts.
    """

    backwards: bool
    slices: tuple[Slice, ...]
    edges: tuple[Edge, ...] = ()


@dataclass(frozen=True)
class Chain(Repeated):
    """Statements carried out for `rows` positions of an index at a time, so that what they share stays in the cache.

    They name whole arrays. Of the `parts` they take the positions that the block has along the first axis, of all
    others the whole: no block reads what another one writes.
    """

    rows: int
    parts: frozenset[str]


Item = Statement | Loop | Chain


@dataclass(frozen=True)
class Folding:
    """What became of the update's statement `into = keep*into + scale*g`: the backward pass does it.

    There, gradients are parts of `into`, which is a state of the optimizer or the parameters; a factor of None is 1.
    """

    statement: Statement
    into: str
    keep: Scalar | None
    scale: Scalar | None


@dataclass(frozen=True)
class Routine:
    """A named sequence of statements, loops and chains."""

    name: str
    statements: tuple[Item, ...]


@dataclass(frozen=True)
class Program:
    """Every array by name, and the routines, which are carried out in sequences.

    A network that is the same in inference, and keeps nothing, has one. Else both modes compute tensors of the same
    names, in arrays that are the same; what a sequence reads, it has computed itself, or what no data changes, which is
    computed once, before every sequence. With a `folding`, the backward pass adds to what the gradients hold.
    """

    arrays: Mapping[str, Array]
    routines: Mapping[str, Routine]
    folding: Folding | None = None

    @property
    def has_modes(self) -> bool:
        """Whether inference has routines of its own."""
        return "inference" in self.routines

    @property
    def sequences(self) -> tuple[tuple[str, ...], ...]:
        """The routines of a pass over the network, for each mode in order of execution."""
        return (TRAINING, INFERENCE) if self.has_modes else (BOTH,)

    def items(self, sequence: Sequence[str]) -> list[Item]:
        """The statements, loops and chains of a sequence of routines, as far as there are such."""
        return [item for name in sequence if name in self.routines for item in self.routines[name].statements]


ONCE = "once"  # before every sequence: what no data changes, which no sequence writes again
BOTH = (ONCE, "forward", "predict", "loss", "backward", "input")
TRAINING = (ONCE, "forward", "loss", "running", "backward", "input")
INFERENCE = (ONCE, "inference", "predict", "evaluation")
UPDATE = "."  # begins the names of the update's arrays, and those of no tensor of a network
PARAMETERS, GRADIENT = f"{UPDATE}w", f"{UPDATE}g"  # the vectors of all parameters and of all derivatives, in the update
