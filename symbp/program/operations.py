"""Operations on arrays, before any target's syntax.

    Map         out = function(operands...)          elementwise, broadcast as NumPy does; `where` limits it to a mask
    Select      out = yes where condition else no    elementwise
    Contract    out[..] = sum left[..] * right[..]   axes named by letters, as in "ni,ij->nj"
    Convolve    the same, with arrays seen through windows, a block of one letter at a time
    Columns     out[..] = operand[places]            one for each place of every window
    Pool        out = sum | max over windows         the same, reduced
    Winners     out = where in its window the best is, as a number
    OverlapAdd  out = 0, then out[places] += source[..]
    Fold        out = sum | max | argmax over axes   reduced axes are kept where `keepdims`; a sum has a factor
    View        out = the same numbers, axes permuted, inserted, merged or split; no copy wherever the layout allows
    Gather      out = source[indices]                `None` keeps an axis whole; others are integer arrays, broadcast
    Scatter     out = 0, or `base`, then out[indices] += source
    Shift       out[.., j, ..] = operand[.., j + start, ..], 0 where that is outside
    Pick        out = operand[.., position, ..], no copy
    Stack       out = 0, or `base`, and each part added at its position of one axis
    Offset      out[t, ..] = operand[t + start, ..], no copy: the operand has a margin of zeros there
    Range       out = 0, 1, 2, ... along one axis
    Fill        out = one number

Operands are names of arrays or `Scalar`s. An operation may name its output among its operands only where the verifier
allows updates in place.

Not here: NumPy, identifiers, comments; what holds operations is in `symbp.program.program`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Self

import sympy as sp

from symbp.forward.network import Dim


@dataclass(frozen=True)
class Scalar:
    """A number, or an expression of numbers known when the step runs: the batch size `N`, a learning rate, the step."""

    value: sp.Expr


Operand = str | Scalar
Side = Literal["left", "right"]


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
