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
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from symbp.forward.network import Dim
from symbp.program.cost import NOMINAL, entries
from symbp.program.program import Convolve, Map, Windows
from symbp.targets.numpy import blas, contractions, source
from symbp.targets.numpy.extras import BLOCK
from symbp.targets.numpy.operations import cleared, lines
from symbp.targets.numpy.scope import Scope, at, transposed
from symbp.targets.numpy.windows import COUNT, START, Slices

Sizes = Mapping[str, Dim]
PART = f"{START} : {START} + {COUNT}"


@dataclass(frozen=True)
class _Step:
    """What is done with the columns of a block: its lines, the letters of the scratch for it.

    `adds` says that lines add the product to the result, which therefore starts as what it is added to.
    """

    lines: Sequence[str]
    scratch: Mapping[str, str]
    adds: bool = False


@lines.register
def _(op: Convolve, scope: Scope) -> list[str]:
    sizes: dict[str, Dim] = dict(op.extents)
    for axes, name in op.held:
        sizes |= dict(zip(axes, scope.arrays[name].shape, strict=True))
    inner = scope.deeper()
    collect, columns = list[str](), dict[str, str]()
    for axes, name, places in op.columns[: sum(op.seen[:2])]:
        slices = Slices(Windows(axes, places), tuple(sizes[a] for a in axes), scope.arrays[name].shape, op.block)
        columns = {"columns": axes}
        target = slices.of_plain("columns")
        part = scope.part(name, slices.windowed)
        collect += slices.looped([("=", target if target.endswith("]") else "columns[...]", part)], inner)
    step = (_with_scipy(op, sizes, columns, inner) if scope.blas == "scipy" else None) or _with_numpy(op, sizes, inner)
    scratch, dims = {**columns, **step.scratch}, _dims(op, sizes)
    return [
        *(_started(op, scope) if step.adds else []),
        *source.remark(_told(op), scope.depth),
        *_rows(op.block, list(scratch.values()), sizes, scope),
        *scope.line(f"for {START} in range(0, {sizes[op.block]}, rows):"),
        *inner.line(f"{COUNT} = min(rows, {sizes[op.block]} - {START})"),
        *(line for word, axes in scratch.items() for line in _scratch(word, [dims[a] for a in axes], columns, inner)),
        *collect,
        *step.lines,
    ]


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


def _with_scipy(op: Convolve, sizes: Sizes, columns: Mapping[str, str], scope: Scope) -> _Step | None:
    """The product of whole arrays, added up by the routine; None where it takes no such product."""
    ways = [(way, itself) for itself in (True, False) for way in (blas.seen_through, blas.as_named)]
    found = (_whole(op, sizes, columns, scope, *way) for way in ways if op.added_up or not way[1])
    return next((step for step in found if step), None)


def _whole(
    op: Convolve,
    sizes: Sizes,
    columns: Mapping[str, str],
    scope: Scope,
    way: Callable[[str, str, str, Scope], blas.Held],
    itself: bool,
) -> _Step | None:
    """As above, of arrays held in a `way`, the routine adding to the result `itself`."""
    stack = contractions.groups(op).stack
    if any({*axes[: len({*axes} & {*stack})]} - {*stack} for axes, _, _ in op.columns):
        return None  # one product's columns do not lie side by side
    scratch, before, after = dict[str, str](), list[str](), list[str]()
    held: list[blas.Held] = []
    for word, seen, (axes, name) in zip(blas.WORDS, op.seen, op.sides, strict=True):
        array = None if seen else way(word, name, axes, scope)
        if array and op.block in axes:
            array = None if {*axes} & {*stack} else _led(array, op.block)
        elif array and word == "out" and not itself:
            array = None
        if array is None:
            text = "product" if word == "out" else "columns" if seen else "part"
            order = axes if seen or op.block not in axes else "".join(sorted(axes, key=lambda a: a not in stack))
            array = blas.Held(word, text, {a: sizes[a] for a in order}, True)
            if text != "columns":
                scratch[text] = order
            if not seen and op.block in axes:
                part = _part(op, axes, name, scope) + transposed(tuple(map(axes.index, order)))
                after += scope.call("np.copyto", part, "product") if word == "out" else []
                before += scope.call("np.copyto", "part", part) if word != "out" else []
        held.append(array)
    adds = (op.added_up and not itself) or bool(op.out_places)
    product = op if itself else replace(op, base=None, keep=None)
    block = _sized(op, sizes, {**columns, **scratch})
    code = blas.multiplied(product, held, block, scope, START if itself else "")
    return _Step([*before, *code, *after, *(_added(op, sizes, scope) if adds else [])], scratch, adds) if code else None


def _part(op: Convolve, axes: str, name: str, scope: Scope) -> str:
    """The part of an array that a block is about."""
    return scope.part(name, [PART if a == op.block else ":" for a in axes])


def _led(array: blas.Held, block: str) -> blas.Held | None:
    """The part of an array that a block is about, where its numbers lie side by side: the letter leads."""
    place = [*array.sizes].index(block)
    if not array.whole or any(dim != 1 for dim in [*array.sizes.values()][:place]):
        return None
    return replace(array, text=at(array.text, place, PART))


def _sized(op: Convolve, sizes: Sizes, scratch: Mapping[str, str]) -> blas.Sizes:
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


def _scratch(word: str, dims: Sequence[str], columns: Mapping[str, str], scope: Scope) -> list[str]:
    """Columns at the start of the scratch, a part behind them, a product at its end."""
    count = source.product(dims)
    colon = " : " if " " in count else ":"  # as formatters write it
    all_of_it = f"({count})" if " " in count else count
    place = f"-{all_of_it}{colon}" if word == "product" else f"{colon}{count}"
    behind = "[columns.size :]" if word == "part" and columns else ""
    return source.bracketed(f"{word} = ws.block{behind}[{place.strip()}].reshape({', '.join(dims)})", scope.depth)


def _sum(shapes: Iterable[Sequence[Dim]]) -> str:
    return " + ".join(map(source.product, shapes))
