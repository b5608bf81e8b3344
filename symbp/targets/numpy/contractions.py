"""Contractions as products of matrices: `sum left[..] * right[..]` through BLAS wherever there are matrices in it.

The letters of a contraction fall into four groups: the stack (a product of matrices for each of their values), only in
the left operand, only in the right, and summed. Lowering has laid the operands out so that each group is in one piece:
each operand is a stack of matrices after a reshape and a permutation, which are views. What has letters of the stack
and summed ones alone holds no matrix: rows are multiplied in pairs where the stack comes first in both operands, the
rest goes through `np.einsum` in its plain C loop. A letter that one operand alone has and the result lacks is not
supported: lowering folds it first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symbp.program.operations import Product
from symbp.targets.numpy import source


@dataclass(frozen=True)
class Groups:
    """The letters of a contraction by where they stand, each group in the order of its first operand."""

    stack: str
    left: str
    right: str
    summed: str


def groups(op: Product) -> Groups:
    """Sort the letters of the contraction."""
    left, right, out = op.left_axes, op.right_axes, op.out_axes
    if len(set(left)) < len(left) or len(set(right)) < len(right) or not set(left) ^ set(right) <= set(out):
        raise ValueError(f"contraction {left},{right}->{out}: a letter stands twice, or is summed in one operand alone")
    both = "".join(a for a in left if a in right and a in out and a not in op.stack)
    stack = op.stack + both
    return Groups(
        stack=stack,
        left="".join(a for a in left if a not in right and a not in stack),
        right="".join(a for a in right if a not in left and a not in stack),
        summed="".join(a for a in left if a in right and a not in out),
    )


def product(
    op: Product, left: str, right: str, out: str, sizes: Mapping[str, str], whole: bool = False
) -> tuple[str, list[str]]:
    """The function's name and its arguments: `x.dot`, `[W, out=z]`; `sizes` are the letters' sizes in Python.

    `dot`, which takes a third of the time of `np.matmul` for small matrices, is for one product of arrays that are
    `whole`: their numbers lie side by side, so that it copies none.
    """
    by = groups(op)
    if by.summed and (not by.stack or by.left or by.right):
        one, two = (left, op.left_axes), (right, op.right_axes)
        for a, b, rows, columns in ((one, two, by.left, by.right), (two, one, by.right, by.left)):
            for summed in dict.fromkeys((by.summed, "".join(x for x in op.right_axes if x in by.summed))):
                first = _matrices(*a, by.stack, rows, summed, sizes)
                second = _matrices(*b, by.stack, summed, columns, sizes)
                vector = any(
                    not group and not set(axes) & set(by.stack) for (_, axes), group in ((a, rows), (b, columns))
                )
                result = _matrices(out, op.out_axes, by.stack, rows, columns, sizes, vector)
                straight = not by.stack or op.out_axes.endswith(columns)
                if first and second and result and straight and _in_order(op.out_axes, rows, columns):
                    if whole and not by.stack:
                        return f"{first}.dot", [second, f"out={result}"]
                    return "np.matmul", [first, second, f"out={result}"]
    alike = op.left_axes == op.right_axes == by.stack + by.summed
    if alike and by.stack and by.summed:
        kept = ":, " * len(by.stack)  # a row and a column for each of its values
        pairs = (
            _spread(name, axes, len(by.stack), sizes) for name, axes in ((left, op.left_axes), (right, op.right_axes))
        )
        first, second = (f"{name}[{kept}{place}]" for name, place in zip(pairs, ("None, :", ":, None"), strict=True))
        return "np.matmul", [first, second, f"out={out}[{kept}None, None]"]
    return "np.einsum", [f'"{op.left_axes},{op.right_axes}->{op.out_axes}"', left, right, f"out={out}"]


def _spread(name: str, axes: str, kept: int, sizes: Mapping[str, str]) -> str:
    """The array with the axes behind the first `kept` as one."""
    if len(axes) == kept + 1:
        return name
    merged = (*(sizes[a] for a in axes[:kept]), source.product(sizes[a] for a in axes[kept:]))
    return f"{name}.reshape({', '.join(merged)})"


def _in_order(out: str, rows: str, columns: str) -> bool:
    """Whether the result holds the rows before the columns."""
    return not rows or not columns or out.index(rows[0]) < out.index(columns[0])


def _matrices(
    name: str, axes: str, stack: str, rows: str, columns: str, sizes: Mapping[str, str], vectors: bool = False
) -> str:
    """The array as a stack of matrices of rows and columns; empty where that is no view, or no matrix to BLAS.

    Without a stack, an array of rows or columns alone is a vector; with one, a matrix of one column or row, or one of
    `vectors`.
    """
    held = [a for a in stack if a in axes]
    order = _pieces(axes, [*held, *filter(None, (rows, columns))])
    if not order or order[-1] in held:
        return "" if axes else name
    matrices = bool(held) and not vectors
    wanted = [*held, rows, columns] if matrices else [*held, *filter(None, (rows, columns))]
    if matrices and not (rows and columns):
        order.insert(order.index(columns) if columns else order.index(rows) + 1, "")
    if any(len(piece) != 1 for piece in order):
        merged = (source.product(sizes[a] for a in piece) for piece in order)
        name += f".reshape({', '.join(merged)})"
    return name + _permuted(tuple(order.index(piece) for piece in wanted))


def _pieces(axes: str, groups: list[str]) -> list[str]:
    """The groups in the order in which the axes hold them; nothing where one of them is not in one piece."""
    order = sorted(groups, key=lambda group: axes.find(group))
    return order if "".join(order) == axes else []


def _permuted(order: tuple[int, ...]) -> str:
    """What follows a stack of matrices for its axes in this order."""
    stack, rows, columns = range(len(order) - 2), len(order) - 2, len(order) - 1
    return ".swapaxes(-1, -2)" if stack and order == (*stack, columns, rows) else source.transposed(order)
