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
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from symbp.forward.network import Dim
from symbp.program.program import Convolve, Windows
from symbp.targets.numpy import contractions, source
from symbp.targets.numpy.operations import cleared, lines
from symbp.targets.numpy.scope import Scope
from symbp.targets.numpy.windows import COUNT, START, Slices

Sizes = Mapping[str, Dim]


@lines.register
def _(op: Convolve, scope: Scope) -> list[str]:
    sizes: dict[str, Dim] = dict(op.extents)
    for axes, name in op.held:
        sizes |= dict(zip(axes, scope.arrays[name].shape, strict=True))
    inner = scope.deeper()
    block = {op.block: f"{START} : {START} + {COUNT}"}
    left, right, out = (
        "columns" if seen else scope.part(name, [block.get(a, ":") for a in axes])
        for seen, (axes, name) in zip(op.seen, op.sides, strict=True)
    )
    before, collect, after = list[str](), list[str](), list[str]()
    scratch: dict[str, str] = {}  # the letters of what a block needs
    for axes, name, places in op.columns[: sum(op.seen[:2])]:
        slices = Slices(Windows(axes, places), tuple(sizes[a] for a in axes), scope.arrays[name].shape, op.block)
        scratch["columns"] = axes
        columns = slices.of_plain("columns")
        part = scope.part(name, slices.windowed)
        collect += slices.looped([("=", columns if columns.endswith("]") else "columns[...]", part)], inner)
    if op.out_places or op.block not in op.out_axes:
        scratch["product"], out = op.out_axes, "product"
        before = cleared(scope[op.out], scope)
        after = _added(op, sizes, inner)
    dims = {a: COUNT if a == op.block else str(dim) for a, dim in sizes.items()}
    head, arguments = contractions.product(op, left, right, out, dims)
    return [
        *before,
        *source.comment(_told(op), scope.depth),
        *_rows(op.block, list(scratch.values()), sizes, scope),
        *scope.line(f"for {START} in range(0, {sizes[op.block]}, rows):"),
        *inner.line(f"{COUNT} = min(rows, {sizes[op.block]} - {START})"),
        *(line for word, axes in scratch.items() for line in _scratch(word, [dims[a] for a in axes], inner.depth)),
        *collect,
        *inner.call(head, *arguments),
        *after,
    ]


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
    held = scope.block(row + once, whole)
    free = f"({held}.size - {_sum(once)})" if once else f"{held}.size"
    needed = _sum(row)
    return scope.line(f"rows = {free} // {f'({needed})' if ' ' in needed else needed}")


def _scratch(word: str, dims: Sequence[str], depth: int) -> list[str]:
    """Columns at the start of the scratch, a product at its end."""
    count = source.product(dims)
    if " " in count:
        part = f": {count}" if word == "columns" else f"-({count}) :"
    else:
        part = f":{count}" if word == "columns" else f"-{count}:"
    return source.bracketed(f"{word} = ws.block[{part}].reshape({', '.join(dims)})", depth)


def _sum(shapes: Iterable[Sequence[Dim]]) -> str:
    return " + ".join(map(source.product, shapes))
