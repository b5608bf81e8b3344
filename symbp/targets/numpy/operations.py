"""One operation of a program as one line of NumPy, or as few as it takes; one function per kind of operation.

Every result goes to the array that holds it: through `out=`, or in place where the output is the first operand.
Nothing here allocates an array that grows with the batch, but for gathers and scatters at positions along several
axes, where NumPy does. Not here: comments, the order of statements, how arrays share buffers.
"""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch
from itertools import pairwise

import sympy as sp

from symbp.forward.network import BATCH, Dim
from symbp.program.cost import entries
from symbp.program.operands import is_stop
from symbp.program.operations import (
    Contract,
    Fill,
    Fold,
    Gather,
    Map,
    Offset,
    Op,
    Pick,
    Range,
    Scatter,
    Select,
    Shift,
    Stack,
    View,
)
from symbp.targets.numpy import blas, contractions, rows, source
from symbp.targets.numpy.scope import Scope, at

IN_PLACE = {"add": "+=", "subtract": "-=", "multiply": "*=", "divide": "/="}
MANY, ROW = 128, 32  # from so many numbers on, comparing with rows of so many takes less time than with a single number
COMMUTES = frozenset({"add", "multiply"})


@singledispatch
def lines(op: Op, scope: Scope) -> list[str]:
    """The operation in Python."""
    raise TypeError(f"no NumPy for the operation {type(op).__name__}")


@lines.register
def _(op: Map, scope: Scope) -> list[str]:
    out, operands = scope[op.out], _operands(op, scope)
    if op.function in IN_PLACE and op.where is None:
        if op.function in COMMUTES and operands[1] == out != operands[0]:
            operands.reverse()
        if operands[0] == out and not out.endswith("]"):  # `a[0] += b` would also write the sum back
            return scope.line(f"{out} {IN_PLACE[op.function]} {operands[1]}")
    if op.function == "erf":  # harmless where it is not wanted
        return scope.call("_erf", *operands, out)
    mask = [f"where={scope[op.where]}"] if op.where else []
    if op.function == "copy":
        if scope.same(op.operands[0], op.out):
            return []
        return rows.transposed(op, scope) or scope.call("np.copyto", out, *operands, *mask)
    if is_stop(op):
        return [*scope.line("if not ws.held:"), *scope.deeper().call("np.copyto", out, *operands)]
    if op.function == "reciprocal":  # three times as fast as np.reciprocal, which has no vector instructions
        return scope.call("np.divide", scope.number(sp.Integer(1)), *operands, f"out={out}", *mask)
    return scope.call(f"np.{op.function}", *operands, f"out={out}", *mask)


def _operands(op: Map | Select, scope: Scope) -> list[str]:
    """The operands in Python, numbers among floats as arrays.

    `np.maximum` and `np.minimum` have vector instructions for two arrays, not for an array and a number: where there
    are many numbers to compare, the one they are compared with is repeated over the last axes.
    """
    operands = op.operands if isinstance(op, Map) else (op.yes, op.no)
    names = [o for o in operands if isinstance(o, str)]
    if not all(scope.arrays[name].kind == "float" for name in names):
        return [scope.operand(o) for o in operands]
    repeated = isinstance(op, Map) and op.function in ("maximum", "minimum")
    shape = scope.arrays[names[0]].shape[names[0] in scope.rows :] if repeated else ()
    return [scope[o] if isinstance(o, str) else scope.number(o.value, _row(shape)) for o in operands]


def _row(shape: tuple[Dim, ...]) -> tuple[Dim, ...]:
    """The last axes that hold at least `ROW` numbers, of two examples if any; none where one has fewer than `MANY`."""
    if entries(shape, 1) < MANY or not shape:
        return ()
    return shape[max(at for at in range(len(shape)) if entries(shape[at:], 2) >= ROW) :]


@lines.register
def _(op: Select, scope: Scope) -> list[str]:
    out, condition = scope[op.out], scope[op.condition]
    yes, no = _operands(op, scope)
    copy = [] if scope.same(op.no, op.out) else scope.call("np.copyto", out, no)
    return copy + scope.call("np.copyto", out, yes, f"where={condition}")


@lines.register
def _(op: Contract, scope: Scope) -> list[str]:
    if op.later:
        return [
            *scope.line(f"if {scope.later}:"),
            *lines(replace(op, later=False), scope.deeper()),
            *scope.line("else:"),
            *scope.deeper().noted(cleared(scope[op.out], scope.deeper()), "a product with zeros"),
        ]
    if scope.blas == "scipy" and (code := blas.product(op, scope)):
        return code
    if op.base is not None:
        return _added(op, scope)
    sizes = {a: size for _, name, axes, _ in op.operands for a, size in zip(axes, scope.sizes(name), strict=True)}
    whole = all(map(scope.is_whole, (op.left, op.right, op.out)))
    head, arguments = contractions.product(op, scope[op.left], scope[op.right], scope[op.out], sizes, whole)
    return scope.call(head, *arguments)


@lines.register
def _(op: Fold, scope: Scope) -> list[str]:
    if op.function == "sum" and (product := _product_with_ones(op, scope)):
        return product
    if op.base is not None:
        return _added(op, scope)
    every = len(op.axes) == len(scope.arrays[op.operand].shape)
    axes = [] if every and op.function != "argmax" else [f"axis={op.axes[0] if len(op.axes) == 1 else op.axes}"]
    keep = ["keepdims=True"] if op.keepdims else []
    folded = scope.call(f"{scope[op.operand]}.{op.function}", *axes, *keep, f"out={scope[op.out]}")
    return [*folded, *lines(Map(op.out, "multiply", (op.out, op.factor)), scope)] if op.factor else folded


def _product_with_ones(op: Fold, scope: Scope) -> list[str]:
    """A sum over leading or trailing axes as a product with a row of ones, or of its factor, in a fraction of the time.

    A sum over all of several axes would need as many ones as there are numbers.
    """
    shape, first, last = scope.arrays[op.operand].shape, op.axes[0], op.axes[-1] + 1
    sizes = scope.sizes(op.operand)
    rest, cut = (*sizes[:first], *sizes[last:]), first or last
    at_an_end = op.axes == tuple(range(first, last)) and (first == 0 or last == len(shape))
    whole = all(map(scope.is_whole, (op.operand, op.out)))
    if op.keepdims or not at_an_end or not whole or (not rest and len(shape) > 1):
        return []
    if op.base is not None and not (scope.library.adds_products and rest):
        return []
    ones = scope.extras.ones(shape[first:last], op.factor)
    if not ones:
        return []
    operand, out = scope[op.operand], scope[op.out]
    if len(shape) > 2:
        operand += f".reshape({source.product(sizes[:cut])}, {source.product(sizes[cut:])})"
    if len(rest) > 1:
        out += f".reshape({source.product(rest)})"
    if scope.blas == "scipy":
        return blas.total(op, operand, ones, out, "only" if not rest else "first" if not first else "last", scope)
    one, other = (operand, ones) if first else (ones, operand)
    return scope.call(f"{one}.dot", other, f"out={out}")


def _added(op: Contract | Fold, scope: Scope) -> list[str]:
    """A sum in scratch, then added to what is there."""
    part, array = f"{op.out}.part", scope.arrays[op.out]
    arrays = {**scope.arrays, part: replace(array, name=part, storage="workspace")}
    inner = replace(scope, arrays=arrays, names={**scope.names, part: scope.extras.scratch(array.shape, "part")})
    code = lines(replace(op, out=part, base=None, keep=None, scale=None), inner)
    for name, factor in ((part, op.scale), (op.out, op.keep)):
        code += lines(Map(name, "multiply", (name, factor)), inner) if factor else []
    return code + lines(Map(op.out, "add", (op.out, part)), inner)


@lines.register
def _(op: View | Pick, scope: Scope) -> list[str]:
    return []  # stands in place, where it is read


@lines.register
def _(op: Range | Offset, scope: Scope) -> list[str]:
    return []  # made with the workspace


@lines.register
def _(op: Gather, scope: Scope) -> list[str]:
    out, held = scope[op.out], scope[op.source]
    if rows.picks_one_of_each(op.indices, scope):
        positions, code = rows.positions(op.source, op.indices[-1] or "", scope)
        return [*code, *scope.call(f"{held}.take", positions, f"out={out}", 'mode="clip"')]
    if op.indices[0] is not None and not any(op.indices[1:]):
        return rows.taken(op, scope)
    return scope.line(f"{out}[...] = {held}[{_index(op.indices, scope)}]")


@lines.register
def _(op: Scatter, scope: Scope) -> list[str]:
    out, added = scope[op.out], scope.operand(op.source)
    start = cleared(out, scope) if op.base is None else lines(Map(op.out, "copy", (op.base,)), scope)
    if op.distinct and rows.picks_one_of_each(op.indices, scope):
        positions, code = rows.positions(op.out, op.indices[-1] or "", scope)
        picked = scope.extras.picked(scope.arrays[op.out].shape[:-1])
        return [
            *start,
            *code,
            *scope.call(f"{out}.take", positions, f"out={picked}", 'mode="clip"'),
            *scope.line(f"{picked} += {added if isinstance(op.source, str) else scope.number(op.source.value)}"),
            *scope.call(f"{out}.put", positions, picked),
        ]
    if rows.adds_whole(op, scope):
        return rows.sorted_and_added(op, scope) if op.sorted else [*start, *rows.added_singly(op, scope)]
    last = max(axis for axis, name in enumerate(op.indices) if name is not None)
    places = ["slice(None)" if name is None else scope[name] for name in op.indices[: last + 1]]
    return start + scope.call("np.add.at", out, f"({', '.join(places)})" if last else places[0], added)


@lines.register
def _(op: Shift, scope: Scope) -> list[str]:
    """What is inside; the border was written when the array was made."""
    to: list[str] = []
    fro: list[str] = []
    for start, dim, held in zip(op.starts, scope.arrays[op.out].shape, scope.arrays[op.operand].shape, strict=True):
        if dim == BATCH or held == BATCH:
            to, fro = [*to, ":"], [*fro, ":"]
            continue
        low = max(0, -start)
        high = max(low, min(dim, held - start))
        to.append(":" if (low, high) == (0, dim) else f"{low or ''}:{high}")
        fro.append(":" if (low + start, high + start) == (0, held) else f"{low + start or ''}:{high + start}")
    return scope.call("np.copyto", scope.part(op.out, to), scope.part(op.operand, fro))


@lines.register
def _(op: Stack, scope: Scope) -> list[str]:
    out, extent = scope[op.out], scope.arrays[op.out].shape[op.axis]
    positions = [int(p.value) for p in op.positions]
    standing = {p for part, p in zip(op.parts, positions, strict=True) if part in scope.places}
    filled: set[int] = set()
    code: list[str] = []
    if op.base is not None:
        code += lines(Map(op.out, "copy", (op.base,)), scope)
        filled = set(positions)
    elif not standing:
        code += [] if {*range(int(extent))} == {*positions} else cleared(out, scope)
    else:
        for first, last in pairwise(sorted({-1, *positions, int(extent)})):
            if last - first > 1:
                run = f"{first + 1}:{last}" if last - first > 2 else first + 1
                code += scope.line(f"{at(out, op.axis, run)} = 0")
    for part, position in zip(op.parts, positions, strict=True):
        view = scope.stacked(op.out, op.axis, position)
        if part not in scope.places:
            add = ("np.add", view, scope[part], f"out={view}")
            code += scope.call(*(add if position in filled else ("np.copyto", view, scope[part])))
        filled.add(position)
    return code


@lines.register
def _(op: Fill, scope: Scope) -> list[str]:
    return scope.line(f"{scope[op.out]}.fill({scope.operand(op.value)})")


def cleared(out: str, scope: Scope) -> list[str]:
    """Zeros."""
    return scope.line(f"{out}.fill(0)")


def _index(indices: tuple[str | None, ...], scope: Scope) -> str:
    return ", ".join(":" if name is None else scope[name] for name in indices)
