"""Products with windows: for every block of columns few strided slices, a product of matrices, an addition.

    rows = ws.block.size // (16 * 5 * 5 * 10 * n)
    for start in range(0, 10, rows):
        count = min(rows, 10 - start)
        columns = ws.block[: 16 * 5 * 5 * count * 10 * n].reshape(16, 5, 5, count, 10, n)
        for u in range(5):
            for v in range(5):
                columns[:, u, v] = x[:, start + u : start + u + count, v : v + 10]
        np.matmul(W.reshape(32, 400), columns.reshape(400, ...), out=z[:, start : start + count].reshape(32, ...))

All blocks of a module share their scratch, whose size decides how many rows a block has: columns lie at its start, what
is added elsewhere at its end.

NumPy multiplies a part of an array as it lies. SciPy's routines take whole arrays: for them a part is copied to the
scratch, or the product from there. What the products of all blocks are added up to is whole, and they add to it.

        part = ws.block[columns.size :][: 32 * count * 10 * n].reshape(32, count, 10, n)
        np.copyto(part, d_z[:, start : start + count])
        ws.gemm(1.0, columns.T, part.T, trans_a=True, beta=1.0 if start else 0.0, c=d_W.T, overwrite_c=True)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from symbp.forward.network import Dim
from symbp.program.cost import NOMINAL, entries
from symbp.program.operations import Convolve, Map, Windows
from symbp.targets.numpy import blas, contractions, source
from symbp.targets.numpy.extras import BLOCK
from symbp.targets.numpy.operations import cleared, lines
from symbp.targets.numpy.scope import Scope, at
from symbp.targets.numpy.windows import COUNT, START, Slices

SLICE = f"{START} : {START} + {COUNT}"

Sizes = Mapping[str, Dim]
Scratch = Mapping[str, str]  # by what it is called, `columns`, `part` or `product`: its letters


@dataclass(frozen=True)
class _Step:
    """What is done with the columns of a block: its lines, the letters of the scratch for it.

    `adds` says that lines add the product to the result, which therefore starts as what it is added to.
    """

    lines: Sequence[str]
    scratch: Scratch
    adds: bool = False


@lines.register
def _(op: Convolve, scope: Scope) -> list[str]:
    sizes: dict[str, Dim] = dict(op.extents)
    for axes, name in op.held:
        sizes |= dict(zip(axes, scope.arrays[name].shape, strict=True))
    inner = scope.deeper()
    columns, collected = _collected(op, sizes, inner)
    step = (_with_scipy(op, sizes, columns, inner) if scope.blas == "scipy" else None) or _with_numpy(op, sizes, inner)
    scratch, dims = {**columns, **step.scratch}, _dims(op, sizes)
    return [
        *(_started(op, scope) if step.adds else []),
        *source.remark(_told(op), scope.depth),
        *_rows(op.block, list(scratch.values()), sizes, scope),
        *scope.line(f"for {START} in range(0, {sizes[op.block]}, rows):"),
        *inner.line(f"{COUNT} = min(rows, {sizes[op.block]} - {START})"),
        *(line for word, axes in scratch.items() for line in _scratch(word, [dims[a] for a in axes], columns, inner)),
        *collected,
        *step.lines,
    ]


def _collected(op: Convolve, sizes: Sizes, scope: Scope) -> tuple[Scratch, list[str]]:
    """The columns of a block, and the lines that copy them; nothing where neither operand is seen through windows."""
    if not any(op.seen[:2]):
        return {}, []
    axes, name, places = op.columns[0]
    slices = Slices(Windows(axes, places), tuple(sizes[a] for a in axes), scope.arrays[name].shape, op.block)
    target = slices.of_plain("columns")
    copied = ("=", target if target.endswith("]") else "columns[...]", scope.part(name, slices.windowed))
    return {"columns": axes}, slices.looped([copied], scope)


def _dims(op: Convolve, sizes: Sizes) -> dict[str, str]:
    """The sizes of a block's letters in Python."""
    return {a: COUNT if a == op.block else str(dim) for a, dim in sizes.items()}


def _with_numpy(op: Convolve, sizes: Sizes, scope: Scope) -> _Step:
    """The product of parts as they lie."""
    adds = op.added_up or bool(op.out_places)
    left, right, out = (
        "columns" if seen else _part(op, axes, name, scope)
        for seen, (axes, name) in zip(op.seen, op.sides, strict=True)
    )
    head, arguments = contractions.product(op, left, right, "product" if adds else out, _dims(op, sizes))
    multiplied = scope.call(head, *arguments)
    if not adds:
        return _Step(multiplied, {})
    scaled = scope.line(f"product *= {scope.operand(op.scale)}") if op.scale else []
    return _Step([*multiplied, *scaled, *_added(op, sizes, scope)], {"product": op.out_axes}, adds)


def _with_scipy(op: Convolve, sizes: Sizes, columns: Scratch, scope: Scope) -> _Step | None:
    """The product of whole arrays, added up by the routine where it can; None where no routine takes it."""
    for by_routine in (True, False) if op.added_up else (False,):
        for way in (blas.seen_through, blas.as_named):
            if step := _Whole(op, sizes, scope, way, by_routine).step(columns):
                return step
    return None


@dataclass(frozen=True)
class _Side:
    """An operand, or the result, as a routine takes it; where that is scratch with `letters`, its copies.

    Lines `before` the product fill an operand's scratch, lines `after` it take the result from its own.
    """

    held: blas.Held
    letters: str = ""
    before: Sequence[str] = ()
    after: Sequence[str] = ()


@dataclass(frozen=True)
class _Whole:
    """The product of a block as one of whole arrays, held in a `way`; `by_routine`, it adds to what it is added up to.

    np.copyto(part, d_z[:, start : start + count])     an operand in several pieces
    ws.gemm(1.0, columns.T, part.T, ..., c=d_W.T)      or c=product.T, and then
    np.copyto(z[:, start : start + count], product)    a result in several pieces
    d_W += product                                     what no routine adds up
    """

    op: Convolve
    sizes: Sizes
    scope: Scope
    way: Callable[[str, str, str, Scope], blas.Held]
    by_routine: bool

    @property
    def stack(self) -> set[str]:
        """The letters of the stack of matrices."""
        return {*contractions.groups(self.op).stack}

    def step(self, columns: Scratch) -> _Step | None:
        """These lines; None where no routine takes the product."""
        op, stack = self.op, self.stack
        if any({*axes[: len({*axes} & stack)]} - stack for axes, _, _ in op.columns):
            return None  # one product's columns do not lie side by side
        sides = [self.side(*each) for each in zip(blas.SIDES, op.seen, op.sides, strict=True)]
        scratch = {side.held.text: side.letters for side in sides if side.letters}
        sizes = _sized(op, self.sizes, {**columns, **scratch})
        product, later = (op, START) if self.by_routine else (replace(op, base=None, keep=None), "")
        multiplied = blas.multiplied(product, [side.held for side in sides], sizes, self.scope, later)
        if not multiplied:
            return None
        filled = [line for side in sides for line in side.before]
        emptied = [line for side in sides for line in side.after]
        adds = bool(op.out_places) or (op.added_up and not self.by_routine)
        added = _added(op, self.sizes, self.scope) if adds else []
        return _Step([*filled, *multiplied, *emptied, *added], scratch, adds)

    def side(self, word: str, seen: bool, held: tuple[str, str]) -> _Side:
        """An array in place where it is in one piece and no line adds to it, else the scratch for it."""
        op, (letters, name), is_result = self.op, held, word == "out"
        if seen and not is_result:
            return _Side(self.scratch(word, "columns", letters))
        if seen or (is_result and op.added_up and not self.by_routine):
            return _Side(self.scratch(word, "product", letters), letters)
        array = self.way(word, name, letters, self.scope)
        if op.block not in letters:
            return _Side(array)
        if not self.stack & {*letters} and (part := _led(array, op.block)):
            return _Side(part)
        return self.copied(word, letters, name)

    def copied(self, word: str, axes: str, name: str) -> _Side:
        """Scratch for the part of an array that a block is about, the letters of the stack first."""
        letters = "".join(sorted(axes, key=lambda a: a not in self.stack))
        part = _part(self.op, axes, name, self.scope) + source.transposed(tuple(map(axes.index, letters)))
        if word == "out":
            emptied = self.scope.call("np.copyto", part, "product")
            return _Side(self.scratch(word, "product", letters), letters, after=emptied)
        filled = self.scope.call("np.copyto", "part", part)
        return _Side(self.scratch(word, "part", letters), letters, before=filled)

    def scratch(self, word: str, text: str, letters: str) -> blas.Held:
        """Scratch of this name with these letters."""
        return blas.Held(word, text, {a: self.sizes[a] for a in letters}, True)


def _part(op: Convolve, axes: str, name: str, scope: Scope) -> str:
    """The part of an array that a block is about."""
    return scope.part(name, [SLICE if a == op.block else ":" for a in axes])


def _led(array: blas.Held, block: str) -> blas.Held | None:
    """The part of an array that a block is about, where its numbers lie side by side: the letter leads."""
    place = [*array.sizes].index(block)
    if not array.whole or any(dim != 1 for dim in [*array.sizes.values()][:place]):
        return None
    return replace(array, text=at(array.text, place, SLICE))


def _sized(op: Convolve, sizes: Sizes, scratch: Scratch) -> blas.Sizes:
    """The sizes of a block's letters, in Python and in numbers."""
    found = {a: blas.sized(dim) for a, dim in sizes.items()}
    row = sum(entries((sizes[a] for a in axes if a != op.block), NOMINAL) for axes in scratch.values())
    return {**found, op.block: (COUNT, min(found[op.block][1], max(1, BLOCK // row)))}


def _started(op: Convolve, scope: Scope) -> list[str]:
    """What the products of blocks are added to."""
    if op.base is None:
        return cleared(scope[op.out], scope)
    return lines(Map(op.out, "multiply", (op.out, op.keep)), scope) if op.keep else []


def _told(op: Convolve) -> str:
    """What a block does."""
    product = "the columns that windows show, their product" if any(op.seen[:2]) else "a product"
    end = ", added to windows" if op.out_places else ", added up" if op.block not in op.out_axes else ""
    return f"a block at a time, which stays in a cache: {product}{end}"


def _added(op: Convolve, sizes: Sizes, scope: Scope) -> list[str]:
    """The product of a block added to the result, or to its windows."""
    if not op.out_places:
        return scope.line(f"{scope[op.out]} += product")
    shape = tuple(sizes[a] for a in op.out_axes)
    slices = Slices(Windows(op.out_axes, op.out_places), shape, scope.arrays[op.out].shape, op.block)
    part = slices.of_plain("product") + slices.turned
    return slices.looped([("+=", scope.part(op.out, slices.windowed), part)], scope)


def _rows(block: str, scratch: Sequence[str], sizes: Sizes, scope: Scope) -> list[str]:
    """How many values of its letter a block has: as many as there is scratch for."""
    whole = [[sizes[a] for a in axes] for axes in scratch]
    row = [[sizes[a] for a in axes if a != block] for axes in scratch if block in axes]
    once = [[sizes[a] for a in axes] for axes in scratch if block not in axes]
    held = scope.extras.block(row + once, whole)
    free = f"({held}.size - {_sum(once)})" if once else f"{held}.size"
    needed = _sum(row)
    return scope.line(f"rows = {free} // {f'({needed})' if ' ' in needed else needed}")


def _scratch(word: str, dims: Sequence[str], columns: Scratch, scope: Scope) -> list[str]:
    """Columns at the start of the scratch, a part behind them, a product at its end."""
    count = source.product(dims)
    at_end = f"-({count})" if " " in count else f"-{count}"
    place = source.span(at_end, "") if word == "product" else source.span("", count)
    behind = "[columns.size :]" if word == "part" and columns else ""
    return source.bracketed(f"{word} = ws.block{behind}[{place}].reshape({', '.join(dims)})", scope.depth)


def _sum(shapes: Iterable[Sequence[Dim]]) -> str:
    return " + ".join(map(source.product, shapes))
