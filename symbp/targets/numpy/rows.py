"""Rows of arrays at labels, or one number of each: taken, and added, where NumPy has no fast way in one call.

`np.add.at` is fast along a single axis of single numbers. Where each label has many rows, it is faster to sort them:
rows of equal labels lie side by side then, and their sum is a product with ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from symbp.forward.network import BATCH
from symbp.program.operations import Gather, Map, Scatter
from symbp.targets.numpy import source
from symbp.targets.numpy.names import identifier
from symbp.targets.numpy.scope import Scope

BLOCK, LARGE = 16, 1 << 14  # rows that are copied at a time, from so many numbers on
FOLDED = 512  # rows of so many numbers, or a multiple, fall on the same places of the first cache


def transposed(op: Map, scope: Scope) -> list[str]:
    """A large matrix copied with rows as columns, a few rows at a time; nothing where one call takes no longer.

    A column of the matrix is read across its rows. Where these fall on the same places of the cache, a few of them stay
    there until all their columns are copied, and more do not.
    """
    operand, order = scope.permuted.get(str(op.operands[0]), ("", ()))
    shape = scope.arrays[op.out].shape
    if op.where is not None or not operand or BATCH in shape or not scope.is_whole(operand):
        return []
    first = len(order) - order[0]  # how many axes come first that were last
    rows, columns = (math.prod(map(int, part)) for part in (shape[:first], shape[first:]))
    if (
        order != (*range(order[0], len(order)), *range(order[0]))
        or rows % FOLDED
        or columns <= BLOCK
        or rows * columns < LARGE
    ):
        return []
    out, held = scope[op.out], scope[operand]
    if len(shape) > 2:
        out, held = f"{out}.reshape({rows}, {columns})", f"{held}.reshape({columns}, {rows})"
    return [
        *source.remark(f"{BLOCK} rows at a time: what is read then stays in the cache", scope.depth),
        *source.assignment(["copied", "held"], [out, held], scope.depth),
        *scope.line(f"for start in range(0, {columns}, {BLOCK}):"),
        *scope.deeper().call("np.copyto", f"copied[:, start : start + {BLOCK}]", f"held[start : start + {BLOCK}].T"),
    ]


def picks_one_of_each(indices: Sequence[str | None], scope: Scope) -> bool:
    """Whether these are the positions (n, label[n]), or (n, t, label[n,t]), along the last axis of an array."""
    *leading, last = indices
    if last is None or not leading or None in leading:
        return False
    rows = scope.arrays[last].shape
    return len(rows) == len(leading) and all(
        (name in scope.ranges or name in scope.views_of_ranges)
        and scope.arrays[name].shape == (dim, *(1 for _ in rows[axis + 1 :]))
        for axis, (name, dim) in enumerate(zip(leading, rows, strict=True))
    )


def positions(name: str, label: str, scope: Scope) -> tuple[str, list[str]]:
    """Where a label points to in each row of an array, among its numbers, and the lines that find out.

    What an argument points to is found once in a step: the backward pass reads it again. Integers of another type
    are added as positions are: NumPy would add uint64 and int64 as float64.
    """
    shape = scope.arrays[name].shape
    lasting = scope.arrays[label].storage == "argument" and scope.depth == 1
    word, more = (f"positions_of_{identifier(label)}_in", [shape[-1]]) if lasting else ("positions", [])
    why = "where labels point, among all numbers"
    found = scope.extras.positions(word, shape[:-1], *more, why=why)
    if lasting and scope.after_loss and found in scope.found:
        return found, []
    scope.found.update([found] if lasting else [])
    starts = scope.extras.row_starts(shape)
    return found, scope.call("np.add", starts, scope[label], f"out={found}", "dtype=np.intp")


def taken(op: Gather, scope: Scope) -> list[str]:
    """`out = held[label]`."""
    label = op.indices[0] or ""
    return scope.call(f"{scope[op.source]}.take", scope[label], "axis=0", f"out={scope[op.out]}", 'mode="clip"')


def adds_whole(op: Scatter, scope: Scope) -> bool:
    """Whether whole rows are added at labels, and all numbers lie side by side."""
    label, *others = op.indices
    if label is None or not others or any(others) or not isinstance(op.source, str):
        return False
    columns = scope.arrays[op.out].shape[1:]
    shown = (*scope.arrays[label].shape, *columns)
    fits = scope.arrays[op.source].shape == shown and BATCH not in columns
    return fits and scope.is_whole(op.source) and scope.is_whole(op.out)


def added_singly(op: Scatter, scope: Scope) -> list[str]:
    """Number by number, in a fifth of the time of rows."""
    label, columns = op.indices[0] or "", math.prod(map(int, scope.arrays[op.out].shape[1:]))
    rows, places, code = scope.arrays[label].shape, scope[label], list[str]()
    if columns > 1 or len(rows) > 1:
        code += source.remark("number by number: np.add.at is fast along a single axis", scope.depth)
        starts, places = scope.extras.positions("starts", rows), scope.extras.positions("places", (*rows, columns))
        code += scope.call("np.multiply", scope[label], str(columns), f"out={starts}", "dtype=np.intp")
        code += scope.call("np.add", f"{starts}[{':, ' * len(rows)}None]", scope.extras.range(columns), f"out={places}")
        places = f"{places}.reshape(-1)"
    out, added = (f"{name}.reshape(-1)" for name in (scope[op.out], scope.operand(op.source)))
    return [*code, *scope.call("np.add.at", out, places, added)]


def sorted_and_added(op: Scatter, scope: Scope) -> list[str]:
    """The rows of each label taken together, then their sum; what `out` holds stays only with a base.

    They are added while they are in the cache, where they are taken for one label at a time.
    """
    label, shape = op.indices[0] or "", scope.arrays[op.out].shape
    count, columns = int(shape[0]), math.prod(map(int, shape[1:]))
    held = scope.arrays[label].shape
    total = source.product(held)
    keys, room = scope.extras.keys(held), f"{scope.extras.taken_rows(held, columns)}[: end - start]"
    added, out = (
        name if len(scope.arrays[of].shape) == 2 else f"{name}.reshape({first}, {columns})"
        for of, name, first in (
            (str(op.source), scope.operand(op.source), total),
            (op.out, scope[op.out], str(count)),
        )
    )
    flat = keys if len(held) == 1 else f"{keys}.reshape({total})"
    inner = scope.deeper()
    head, arguments = f"{scope.extras.ones(held)}[: end - start].dot", ["taken"]
    if scope.blas == "scipy":  # whose functions refuse to sum nothing
        head, arguments = "np.add.reduce", ["taken", "axis=0"]
    line = inner.line(f"row += {head}({', '.join(arguments)})") if op.base else inner.call(head, *arguments, "out=row")
    bounds = scope.line(f"bounds = {flat}.searchsorted({scope.extras.least_keys(held, count)}).tolist()")
    return [
        *source.remark("in the order of their labels, rows of equal labels lie side by side", scope.depth),
        *scope.call("np.multiply", scope[label], total, f"out={keys}", "dtype=np.intp"),
        *scope.line(f"{keys} += {scope.extras.row_numbers(held)}"),
        *scope.line(f"{flat}.sort()"),
        *scope.noted(bounds, "where each label starts"),
        *scope.noted(scope.line(f"{keys} %= {total}"), "back to the places"),
        *source.assignment(["places", "rows"], [flat, added], scope.depth),
        *scope.line(f"for row, start, end in zip({out}, bounds[:-1], bounds[1:], strict=True):"),
        *inner.call("taken = rows.take", "places[start:end]", "axis=0", f"out={room}", 'mode="clip"'),
        *inner.noted(line, "their sum; 0 where there are none"),
    ]
