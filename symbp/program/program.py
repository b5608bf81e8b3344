"""The program: arrays, and straight-line operations on them in statements, loops and chains.

Every array is written by one statement, whose operations are those of `symbp.program.operations`.

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

from symbp.formula.equation import Equation, Kind
from symbp.forward.network import BATCH, Dim
from symbp.program.operations import Op, Scalar

ArrayKind = Kind | Literal["byte"]  # a byte holds a position within a window
Storage = Literal["argument", "parameter", "constant", "random", "gradient", "state", "running", "workspace", "slice"]


@dataclass(frozen=True)
class Rows:
    """A size: the rows of a chain's block, which are `most`, or as many as the batch has where those are fewer."""

    most: int


Size = Dim | Rows


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

    A step of training is one, and what inference shows another, by the same forward pass unless the network has modes.
    Both compute tensors of the same names, in arrays that are the same; what a sequence reads, it has computed itself,
    or what no data changes, which is computed once, before every sequence. With a `folding`, the backward pass adds to
    what the gradients hold.
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
        """The routines of a step of training and of inference, in order of execution."""
        return TRAINING, (ONCE, "inference" if self.has_modes else "forward", "predict", "evaluation")

    def items(self, sequence: Sequence[str]) -> list[Item]:
        """The statements, loops and chains of a sequence of routines, as far as there are such."""
        return [item for name in sequence if name in self.routines for item in self.routines[name].statements]


ONCE = "once"  # before every sequence: what no data changes, which no sequence writes again
TRAINING = (ONCE, "forward", "loss", "running", "backward", "input")
UPDATE = "."  # begins the names of the update's arrays, and those of no tensor of a network
PARAMETERS, GRADIENT = f"{UPDATE}w", f"{UPDATE}g"  # the vectors of all parameters and of all derivatives, in the update
