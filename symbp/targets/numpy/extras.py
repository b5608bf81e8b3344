"""What NumPy's calls need besides the program's arrays, as it turns out while they are printed: numbers and ranges that
are made once, scratch, routines of SciPy's BLAS. What is asked for twice is one; what differs has names that differ, as
`two_784`, with which numbers are compared, and `twos_784`, a factor of a sum.

Not here: what the program's own arrays are called (`scope`), and the class that holds them all (`workspace`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import sympy as sp

from symbp.errors import DefectError
from symbp.forward.network import BATCH, Dim
from symbp.program.operations import Scalar
from symbp.program.program import ArrayKind
from symbp.targets.numpy import constants, source

BLOCK = 1 << 17  # numbers in a block of columns, which is to stay in a cache
COMPARED = "compares faster than a number"
Entries = tuple[int, int]  # a count, and one for each example


@dataclass(frozen=True)
class Extra:
    """An array: how it is made, its shape and kind; what it is for, where its name does not say so."""

    made: str
    shape: tuple[Dim, ...]
    kind: ArrayKind
    why: str = ""


@dataclass
class Extras:
    """`arrays` of the workspace by name, `blocks` of rows in its scratch, and `routines`, which a trainer may hold.

    `taken` are the names of the program's arrays there.
    """

    has_workspace: bool = True
    taken: frozenset[str] = frozenset()
    arrays: dict[str, Extra] = field(default_factory=dict)
    blocks: set[tuple[Entries, Entries]] = field(default_factory=set)  # what one row needs, and what all need
    routines: set[str] = field(default_factory=set)

    def range(self, length: Dim) -> str:
        """0, 1, 2, ..."""
        return self._array(f"range_{length}", f"np.arange({length})", (length,), "int")

    def number(self, value: sp.Expr, shape: tuple[Dim, ...] = ()) -> str:
        """A number without axes or of this shape: `ws.zero`, `ws.zero_512`; nothing for a long one."""
        named = constants.named(value)
        if named is None or not self.has_workspace:
            return ""
        name, made = named
        if shape and value == 0:
            zeros = f"np.zeros({source.shape(shape)}, dtype)"
            return self._array(_named(name, *shape), zeros, shape, "float", COMPARED)
        _, why = constants.BOUNDS.get(name, ("", ""))
        single = self._array(name, f"np.array({made}, dtype)", (), "float", why)
        if not shape:
            return single
        row = f"np.full({source.shape(shape)}, {single.replace('ws.', 'self.')}, dtype)"
        return self._array(_named(name, *shape), row, shape, "float", COMPARED)

    def ones(self, shape: tuple[Dim, ...], factor: Scalar | None = None) -> str:
        """As many ones, times a factor, as an array of this shape has numbers, in a row; nothing for a long factor."""
        value = sp.Integer(1) if factor is None else factor.value
        named = constants.named(value)
        if named is None or not self.has_workspace:
            return ""
        word, number = named
        shape = tuple(sorted(shape, key=lambda dim: (dim == BATCH, dim)))
        count = source.product(shape)
        if value == 1:
            return self._array(_named("ones", *shape), f"np.ones({count}, dtype)", shape, "float")
        word = "mean" if constants.is_share(value, shape) else constants.plural(word)
        return self._array(_named(word, *shape), f"np.full({count}, {number}, dtype)", shape, "float")

    def row_starts(self, shape: tuple[Dim, ...]) -> str:
        """Where each row of an array of this shape starts among its numbers."""
        *rows, columns = shape
        reshaped = "" if len(rows) == 1 else f".reshape{source.shape(rows)}"
        made = f"np.arange(0, {source.product(shape)}, {columns}){reshaped}"
        why = f"where rows of {columns} numbers start"
        return self._array(_named("row_starts", *_of_each(tuple(rows)), columns), made, tuple(rows), "int", why)

    def positions(self, word: str, shape: tuple[Dim, ...], *more: Dim, why: str = "") -> str:
        """Scratch for positions among the numbers of an array; `more` is part of its name."""
        made = f"np.empty({_shape(shape)}, np.intp)"
        return self._array(_named(word, *_of_each(shape), *more), made, shape, "int", why)

    def row_numbers(self, shape: tuple[Dim, ...]) -> str:
        """The place of each label among all."""
        made = f"np.arange({source.product(shape)})" + (f".reshape{source.shape(shape)}" if len(shape) > 1 else "")
        return self._array(_named("row_numbers", *shape), made, shape, "int", "the place of each label among all")

    def keys(self, shape: tuple[Dim, ...]) -> str:
        """Scratch for labels that keep their places when they are sorted."""
        why = f"a label and its place, in one number: label * ({source.product(shape)}) + place"
        return self.positions("keys", shape, why=why)

    def least_keys(self, shape: tuple[Dim, ...], count: int) -> str:
        """The least key of each of so many labels, and one beyond the last."""
        made = f"np.arange({count + 1}) * ({source.product(shape)})"
        why = "the least key that each label can have, and one beyond all"
        return self._array(_named("least_keys", count, *shape), made, (count + 1,), "int", why)

    def taken_rows(self, shape: tuple[Dim, ...], columns: int) -> str:
        """Scratch for the rows of one label, which may be all; the labels are of this shape."""
        made = f"np.empty(({source.product(shape)}, {columns}), dtype)"
        return self._array(_named("taken_rows", *shape, columns), made, (*shape, columns), "float", "rows of one label")

    def picked(self, shape: tuple[Dim, ...]) -> str:
        """Scratch for a number of each row of an array, the rows being of this shape."""
        made, why = f"np.empty({_shape(shape)}, dtype)", "one number of each row: taken, changed, put back"
        return self._array(_named("picked", *_of_each(shape)), made, shape, "float", why)

    def mask(self, shape: tuple[Dim, ...], word: str = "mask") -> str:
        """Scratch for truth values."""
        return self._array(_named(word, *shape), f"np.empty({source.shape(shape)}, np.bool_)", shape, "bool")

    def scratch(self, shape: tuple[Dim, ...], word: str = "scratch") -> str:
        """Scratch for numbers."""
        return self._array(_named(word, *shape), f"np.empty({source.shape(shape)}, dtype)", shape, "float")

    def block(self, row: Sequence[Sequence[Dim]], whole: Sequence[Sequence[Dim]]) -> str:
        """Scratch for a block of rows: for arrays of these shapes at once."""
        self.blocks.add((_entries(row), _entries(whole)))
        return "ws.block"

    def routine(self, name: str) -> str:
        """A function of SciPy's BLAS for the dtype, of the workspace or of the trainer."""
        self.routines.add(name)
        return f"ws.{name}" if self.has_workspace else f"self._{name}"

    def _array(self, name: str, made: str, shape: tuple[Dim, ...], kind: ArrayKind, why: str = "") -> str:
        """The array as a routine reads it. DefectError where another one has its name."""
        while name in self.taken:
            name += "_"
        asked = Extra(made, shape, kind, why)
        if self.arrays.setdefault(name, asked) != asked:
            raise DefectError(f"two arrays are called ws.{name}: {self.arrays[name].made} and {made}")
        return f"ws.{name}"


def _named(word: str, *dims: object) -> str:
    """`row_starts_10`; `row_starts_5_10` where rows have several axes."""
    return "_".join((word, *map(str, dims)))


def _shape(shape: tuple[Dim, ...]) -> str:
    """As `np.empty` takes it."""
    return "n" if shape == (BATCH,) else source.shape(shape)


def _of_each(shape: tuple[Dim, ...]) -> tuple[object, ...]:
    """What names say of a shape: the axes of one example; of what is the same for all of them, that it is `fixed`."""
    if BATCH not in shape:
        return "fixed", *shape
    return shape[1:] if shape[0] == BATCH else shape


def _entries(shapes: Iterable[Sequence[Dim]]) -> Entries:
    """Of arrays of these shapes together."""
    fixed, of_each = 0, 0
    for shape in shapes:
        count = math.prod(int(dim) for dim in shape if dim != BATCH)
        fixed, of_each = (fixed, of_each + count) if BATCH in shape else (fixed + count, of_each)
    return fixed, of_each
