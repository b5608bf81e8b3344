"""Products of matrices through SciPy's BLAS: `gemm`, `gemv` and `dot` for the dtype of the workspace.

BLAS holds a matrix by columns, NumPy by rows: what one calls `a` the other sees as `a.T`, as it lies in memory. So
out = a b is computed as out.T = b.T a.T, in place. SciPy copies what does not lie as BLAS reads it, and would then
write the result to the copy: arrays whose numbers do not lie side by side go through scratch of the workspace here, so
that nothing is copied unseen. A stack of products is a loop over them; products of blocks are added up by `beta`.

Small products of a stack stay with NumPy, all in one call: its own BLAS computes each of them with one thread, so that
no threads of two libraries get in each other's way.

Not here: which letters make a matrix (`contractions`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from symbp.forward.network import BATCH, Dim
from symbp.program.cost import NOMINAL
from symbp.program.operations import Contract, Fold, Product
from symbp.targets.numpy import source
from symbp.targets.numpy.contractions import groups
from symbp.targets.numpy.names import LOOPS
from symbp.targets.numpy.scope import Scope

ALONE = 2**18  # multiplications of a product of matrices that OpenBLAS computes with one thread
ALONE_IN_ROWS = 10_000  # those of two vectors
SIDES = ("left", "right", "out")

Factors = tuple[str, list[str]]  # of a product, and of what it is added to
Sizes = Mapping[str, tuple[str, int]]  # of letters: in Python, and about so many


@dataclass(frozen=True)
class Held:
    """An operand as it lies in memory: its name in Python, its axes by letter, whether its numbers are side by side.

    `word` names scratch for it.
    """

    word: str
    text: str
    sizes: Mapping[str, Dim]
    whole: bool

    def without(self, stack: str) -> str:
        """The letters of one product, in order."""
        return "".join(a for a in self.sizes if a not in stack)


@dataclass(frozen=True)
class _Matrix:
    """An operand of one product, by rows, which have the letters `first`; or a vector, which has no others.

    `before` the loop over a stack it is reshaped; `fills` and `empties` are scratch's.
    """

    text: str
    first: str
    before: Sequence[str] = ()
    fills: Sequence[str] = ()
    empties: Sequence[str] = ()


def of_dtype(owner: str, routines: Iterable[str], dtype: str) -> list[str]:
    """The routines for a dtype, of which the owner holds those that are needed."""
    return [f"{owner}{name} = blas.s{name} if {dtype} == np.float32 else blas.d{name}" for name in sorted(routines)]


def product(op: Contract, scope: Scope) -> list[str]:
    """The lines; none for what is no product of matrices, or a stack of small ones."""
    for way in (seen_through, as_named):
        held = [way(word, name, axes, scope) for word, (axes, name) in zip(SIDES, op.held, strict=True)]
        sizes = {a: sized(dim) for each in held for a, dim in each.sizes.items()}
        if op.out in scope.rows:
            sizes[op.out_axes[0]] = scope.rows[op.out], NOMINAL
        if code := multiplied(op, held, sizes, scope):
            return code
    return []


def multiplied(op: Product, held: Sequence[Held], sizes: Sizes, scope: Scope, later: str = "") -> list[str]:
    """The lines for left, right and out as they are held; none as for a product.

    Where `later` is true, in Python, the product is added to what is there, and not to the base.
    """
    left, right, out = held
    axes = ["".join(each.sizes) for each in held]
    by = groups(replace(op, left_axes=axes[0], right_axes=axes[1], out_axes=axes[2]))
    one, other, made = (each.without(by.stack) for each in (left, right, out))
    orders = (by.summed, "".join(a for a in other if a in by.summed))
    summed = next((s for s in orders if _fits(one, by.left, s) and _fits(other, by.right, s)), "")
    if not summed or not _fits(made, by.left, by.right) or ((op.base or later) and not (made and out.whole)):
        return []
    least = ALONE if by.left or by.right else ALONE_IN_ROWS
    if by.stack and math.prod(sizes[a][1] for a in by.left + by.right + summed) <= least:
        return []
    names = dict(zip(by.stack, (name for name in LOOPS if name not in scope.names.values()), strict=False))
    inner = scope
    loops: list[str] = []
    for letter, name in names.items():
        loops += inner.line(f"for {name} in range({sizes[letter][0]}):")
        inner = inner.deeper()
    a = _matrix(left, by.left, summed, sizes, names, scope, inner)
    b = _matrix(right, summed, by.right, sizes, names, scope, inner)
    c = _matrix(out, by.left, by.right, sizes, names, scope, inner)
    called = _called(_factors(op, scope, later), a, b, c, by.left, by.right, inner)
    return [*a.before, *b.before, *c.before, *loops, *a.fills, *b.fills, *called, *c.empties]


def total(
    op: Fold, operand: str, ones: str, out: str, axis: Literal["only", "first", "last"], scope: Scope
) -> list[str]:
    """The sum over an axis of a vector or a matrix, as a product with ones."""
    if axis == "only":
        return scope.line(f"{out}[...] = {scope.extras.routine('dot')}({ones}, {operand})")
    scale, keep = _factors(op, scope)
    turned = ["trans=True"] if axis == "last" else []
    operands = scale, f"{operand}.T", ones
    return scope.call(scope.extras.routine("gemv"), *operands, *turned, *keep, f"y={out}", "overwrite_y=True")


def _factors(op: Product | Fold, scope: Scope, later: str = "") -> Factors:
    """What the product is multiplied with; what the result was, where it is added to that."""
    scale = scope.operand(op.scale) if op.scale else "1.0"
    beta = (scope.operand(op.keep) if op.keep else "1.0") if op.base else "0.0"
    if later and beta != "1.0":
        beta = f"1.0 if {later} else {beta}"
    return scale, [] if beta == "0.0" else [f"beta={beta}"]


def _called(factors: Factors, a: _Matrix, b: _Matrix, c: _Matrix, rows: str, columns: str, scope: Scope) -> list[str]:
    """c = a b, or c.T = a b where that is how c lies: by rows, out.T = b.T a.T."""
    if not rows and not columns:
        target = c.text if c.text.endswith("]") else f"{c.text}[...]"
        return scope.line(f"{target} = {scope.extras.routine('dot')}({a.text}, {b.text})")
    scale, keep = factors
    if not rows or not columns:
        matrix, vector, kept = (a, b, rows) if rows else (b, a, columns)
        turned = ["trans=True"] if matrix.first == kept else []
        return scope.call(
            scope.extras.routine("gemv"),
            scale,
            f"{matrix.text}.T",
            vector.text,
            *turned,
            *keep,
            f"y={c.text}",
            "overwrite_y=True",
        )
    first, second, kept, others = (a, b, rows, columns) if c.first == rows else (b, a, columns, rows)
    turned = [*(["trans_a=True"] if second.first == others else []), *([] if first.first == kept else ["trans_b=True"])]
    operands = f"{second.text}.T", f"{first.text}.T"
    gemm = scope.extras.routine("gemm")
    return scope.call(gemm, scale, *operands, *turned, *keep, f"c={c.text}.T", "overwrite_c=True")


def as_named(word: str, name: str, letters: str, scope: Scope) -> Held:
    """An array or a view."""
    sizes = dict(zip(letters, scope.arrays[name].shape, strict=True))
    return Held(word, scope[name], sizes, scope.is_whole(name))


def seen_through(word: str, name: str, letters: str, scope: Scope) -> Held:
    """An array; of a view that permutes axes, the one that it looks into."""
    while name in scope.permuted:
        name, order = scope.permuted[name]
        letters = "".join(letters[order.index(axis)] for axis in range(len(order)))
    return as_named(word, name, letters, scope)


def _fits(letters: str, one: str, other: str) -> bool:
    return letters in (one + other, other + one)


def sized(dim: Dim) -> tuple[str, int]:
    """The size of a letter."""
    return str(dim), NOMINAL if dim == BATCH else int(dim)


def _matrix(
    held: Held, one: str, other: str, sizes: Sizes, names: Mapping[str, str], scope: Scope, inner: Scope
) -> _Matrix:
    """The operand of one product of a stack, whose letters have `names`; `inner` is the scope of the loop's body."""
    letters = held.without("".join(names))
    pieces = [p for p in ((one, other) if letters == one + other else (other, one)) if p]
    merged = any(len(piece) > 1 for piece in pieces)
    shape = tuple(source.product(sizes[a][0] for a in piece) for piece in pieces)
    stack = [a for a in held.sizes if a in names]
    first = pieces[0] if pieces else ""
    if held.whole and list(held.sizes)[: len(stack)] == stack:
        text, before = held.text, list[str]()
        if merged:
            text = f"{held.text}.reshape({', '.join([*(sizes[a][0] for a in stack), *shape])})"
            if stack:
                text, before = held.word, scope.line(f"{held.word} = {text}")
        return _Matrix(text + (f"[{', '.join(names[a] for a in stack)}]" if stack else ""), first, before)
    part = held.text + (f"[{', '.join(names.get(a, ':') for a in held.sizes)}]" if stack else "")
    scratch = inner.extras.scratch(tuple(held.sizes[a] for a in letters), held.word)
    fills = [] if held.word == "out" else inner.call("np.copyto", scratch, part)
    empties = inner.call("np.copyto", part, scratch) if held.word == "out" else []
    return _Matrix(f"{scratch}.reshape({', '.join(shape)})" if merged else scratch, first, (), fills, empties)
