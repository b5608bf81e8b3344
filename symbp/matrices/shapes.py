"""The shape of every part of an expression between matrices: stated, found from what stands beside it, or asked for.

A shape is rows x columns; a vector is a column, a number is 1 x 1. Axes that must be as long as each other are joined
as the tree is walked. A capital is a matrix. A small letter is a number or a vector: a vector where it is multiplied by
a matrix, transposed, summed, or added to a vector; a number where it can be nothing else, or is called as numbers are
(`SCALARS`). Where a product by elements would fit either, the shape is asked for.

Elementwise operations repeat what is 1 long along an axis, as NumPy does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from symbp.formula.grammar import NAME, RESERVED, FormulaError

SCALARS = frozenset(
    (
        *("c", "s", "t", "lam", "lambda_", "eps", "alpha", "beta", "gamma", "epsilon", "zeta", "eta", "theta", "kappa"),
        *("mu", "nu", "rho", "sigma", "tau", "phi", "chi", "psi", "omega"),
    )
)
SIZES = "mnpqrstuvw"  # names for sizes that are not stated


class Dim:
    """The length of an axis; joined with others, it is theirs. `one` is None where it may be 1 or not."""

    def __init__(self, one: bool | None = None, name: str = "", of: Sequence[str] = ()) -> None:
        self.one = one
        self.name = name
        self.of = set(of)  # vectors that are numbers if this is 1
        self._joined: Dim | None = None

    @property
    def root(self) -> Dim:
        return self if self._joined is None else self._joined.root

    def __str__(self) -> str:
        root = self.root
        return "1" if root.one else root.name or "?"


class DimsDifferError(Exception):
    """Two axes that must be as long as each other and are not."""


def join(a: Dim, b: Dim) -> Dim:
    """Both, as one; DimsDifferError where they cannot be."""
    a, b = a.root, b.root
    if a is b:
        return a
    if (a.name and b.name and a.name != b.name) or {a.one, b.one} == {True, False}:
        raise DimsDifferError
    a.one = b.one if a.one is None else a.one
    a.name = a.name or b.name
    a.of |= b.of
    b._joined = a
    return a


def settle(a: Dim, one: bool) -> None:
    """Let the axis be 1 long, or longer."""
    a = a.root
    if a.one is not None and a.one != one:
        raise DimsDifferError
    a.one = one


@dataclass(frozen=True)
class Shape:
    """Rows and columns."""

    rows: Dim
    columns: Dim

    @property
    def transposed(self) -> Shape:
        return Shape(self.columns, self.rows)

    @property
    def dims(self) -> tuple[Dim, Dim]:
        return self.rows.root, self.columns.root

    @property
    def is_number(self) -> bool:
        return all(d.one for d in self.dims)

    @property
    def is_matrix(self) -> bool:
        return all(d.one is False for d in self.dims)

    def __str__(self) -> str:
        return "a number" if self.is_number else f"{self.rows} x {self.columns}"


def number() -> Shape:
    return Shape(Dim(True), Dim(True))


def supposed(name: str) -> Shape:
    """The shape of a name of which nothing is stated: a matrix, or a vector or a number."""
    if name[0].isupper():
        return Shape(Dim(False), Dim(False))
    return Shape(Dim(None, of=(name,)), Dim(True))


def stated_shapes(stated: Mapping[str, Sequence[str]]) -> dict[str, Shape]:
    """Shapes given as names of sizes: () a number, (n,) a column, (1, n) a row, (m, n) a matrix."""
    sizes: dict[str, Dim] = {}
    found = {}
    for name, axes in stated.items():
        if len(axes) > 2:
            raise FormulaError(f"`{name}` has {len(axes)} axes; between matrices there are two, else write indices")
        for axis in axes:
            if axis != "1" and (not NAME.fullmatch(axis) or axis in RESERVED):
                raise FormulaError(
                    f"`{axis[:60]}` of the shape of `{name}` is no size; sizes are letters such as m, or 1"
                )
        dims = [Dim(True) if a == "1" else sizes.setdefault(a, Dim(False, a)) for a in axes]
        found[name] = Shape(*dims, *(Dim(True) for _ in range(2 - len(dims))))
    return found


@dataclass(frozen=True)
class Broadcast:
    """`out` is as long as `one` and `other`, one of which may be 1 long. The shapes are those of both operands."""

    one: Dim
    other: Dim
    out: Dim
    shapes: tuple[Shape, Shape]
    product: bool
    text: str


class Constraints:
    """Axes whose broadcasting is not known yet, settled one after the other."""

    def __init__(self, error: Callable[[str], FormulaError]) -> None:
        self.error = error
        self.waiting: list[Broadcast] = []

    def broadcast(self, left: Shape, right: Shape, *, product: bool, text: str) -> Shape:
        rows, columns = (
            self._dim(Broadcast(a, b, Dim(), (left, right), product, text))
            for a, b in zip(left.dims, right.dims, strict=True)
        )
        return Shape(rows, columns)

    def _dim(self, wanted: Broadcast) -> Dim:
        if not self._settled(wanted):
            self.waiting.append(wanted)
        return wanted.out

    def _settled(self, wanted: Broadcast) -> bool:
        one, other = wanted.one.root, wanted.other.root
        if one is other or one.one:
            self._join(wanted, wanted.out, other)
        elif other.one:
            self._join(wanted, wanted.out, one)
        elif one.one is False and other.one is False:
            self._join(wanted, one, other)
            self._join(wanted, wanted.out, one)
        else:
            return False
        return True

    def _join(self, wanted: Broadcast, one: Dim, other: Dim) -> None:
        try:
            join(one, other)
        except DimsDifferError:
            left, right = wanted.shapes
            raise self.error(
                f"`{wanted.text}` is by elements, of what is {left} and what is {right}; expected equal shapes, or an "
                "axis of length 1 that is repeated"
            ) from None

    def solve(self) -> None:
        """Settle every axis. FormulaError where an operand may be a number or a vector, and both would do."""
        while self.waiting:
            left = [w for w in self.waiting if not self._settled(w)]
            if len(left) == len(self.waiting):
                done = next((w for w in left if self._guess(w)), None) or left[0]
                if done is left[0] and not self._settled(done):
                    self._alike(done)
                left.remove(done)
            self.waiting = left

    def _guess(self, wanted: Broadcast) -> bool:
        """Numbers are called as numbers are; what is added to a vector is a vector."""
        for mine, shape in ((wanted.one.root, wanted.shapes[1]), (wanted.other.root, wanted.shapes[0])):
            if mine.one is not None or not mine.of:
                continue
            if mine.of <= SCALARS:
                mine.one = True
                return self._settled(wanted)
            beside = [d.one for d in shape.dims]
            if not wanted.product and beside == [False, True]:
                mine.one = False
                return self._settled(wanted)
            if False in beside and None not in beside:
                name = min(mine.of)
                raise self.error(
                    f"`{name}` may be a number or a vector in `{wanted.text}`, which is by elements with what is "
                    f"{shape} (a product of matrices is `@`); say so with --shape {name}=1, "
                    f"--shape {name}=n (a column) or --shape {name}=1,n (a row)"
                )
        return False

    def _alike(self, wanted: Broadcast) -> None:
        self._join(wanted, wanted.one, wanted.other)
        self._join(wanted, wanted.out, wanted.one)


def named_sizes(shapes: Sequence[Shape], taken: Sequence[str]) -> None:
    """A name for every length that has none, in order of appearance; what may still be 1 is."""
    used = {d.name for s in shapes for d in s.dims} | set(taken)
    pool = iter([*(c for c in SIZES if c not in used), *(f"n{k}" for k in range(1, 200))])
    for shape in shapes:
        for dim in shape.dims:
            if dim.one is None:
                dim.one = True
            if not dim.one and not dim.name:
                dim.name = next(pool)
