"""Contractions as products of matrices: `sum left[..] * right[..]` through one BLAS call wherever the layout allows.

The letters of a contraction fall into four groups: kept by both operands (a stack of products), only by the left, only
by the right, and summed. Where the operands hold each group in one piece, the contraction is a matrix product of
their reshaped forms; anything else is `np.einsum` in its plain C loop, with no search for an order. A letter that one
operand alone has and the result lacks is not supported: lowering folds it first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symbp.program.program import Contract


@dataclass(frozen=True)
class Groups:
    """The letters of a contraction by where they stand, each group in the order of its first operand."""

    stack: str
    left: str
    right: str
    summed: str


def groups(op: Contract) -> Groups:
    """Sort the letters of the contraction."""
    left, right, out = op.left_axes, op.right_axes, op.out_axes
    if len(set(left)) < len(left) or len(set(right)) < len(right) or not set(left) ^ set(right) <= set(out):
        raise ValueError(f"contraction {left},{right}->{out}: a letter stands twice, or is summed in one operand alone")
    return Groups(
        stack="".join(a for a in left if a in right and a in out),
        left="".join(a for a in left if a not in right),
        right="".join(a for a in right if a not in left),
        summed="".join(a for a in left if a in right and a not in out),
    )


def product(op: Contract, left: str, right: str, out: str, sizes: Mapping[str, str]) -> tuple[str, list[str]]:
    """The function's name and its arguments: `np.matmul`, `[x, W, out=z]`; `sizes` are the letters' sizes in Python."""
    by = groups(op)
    stack = len(by.stack)
    stacked = all(a.startswith(by.stack) for a in (op.left_axes, op.right_axes, op.out_axes))
    single = max(map(len, (by.left, by.right, by.summed))) <= 1
    fits = by.summed and stacked and (not stack or (single and by.left and by.right))
    one, two, result = (left, op.left_axes[stack:]), (right, op.right_axes[stack:]), op.out_axes[stack:]
    flip = ".swapaxes(-1, -2)" if stack else ".T"
    for a, b, rows, columns in ((one, two, by.left, by.right), (two, one, by.right, by.left)):
        first = _matrix(*a, rows, by.summed, flip, sizes)
        second = _matrix(*b, by.summed, columns, flip, sizes)
        if fits and first and second and result == rows + columns:
            return "np.matmul", [first, second, f"out={_matrix(out, result, rows, columns, flip, sizes)}"]
    return "np.einsum", [f'"{op.left_axes},{op.right_axes}->{op.out_axes}"', left, right, f"out={out}"]


def _matrix(name: str, axes: str, rows: str, columns: str, flip: str, sizes: Mapping[str, str]) -> str:
    """The array as a matrix of rows and columns; empty where its axes are neither `rows + columns` nor the reverse."""
    if axes == rows + columns:
        return name + _reshaped(rows, columns, sizes)
    if axes == columns + rows:
        return f"{name}{_reshaped(columns, rows, sizes)}{flip}"
    return ""


def _reshaped(rows: str, columns: str, sizes: Mapping[str, str]) -> str:
    """The call that makes one axis of each group, where a group has several."""
    if max(len(rows), len(columns)) <= 1:
        return ""
    merged = (" * ".join(sizes[a] for a in group) for group in (rows, columns) if group)
    return f".reshape({', '.join(merged)})"
