"""Which operations can be carried out for some rows of their arrays after the others, and what they read of each array.

A row is a position of the first axis of the result. Elementwise operations, folds over other axes, and products of two
rows need of an operand the same rows, or, where it lacks the axis, the whole.

Not here: products of matrices, which are fastest whole; what reads or writes at labels or windows.
"""

from __future__ import annotations

from collections.abc import Mapping

from symbp.program.operands import is_stop, reads
from symbp.program.operations import Contract, Fold, Map, Op, Select, View
from symbp.program.program import Array


def parts(op: Op, arrays: Mapping[str, Array]) -> frozenset[str] | None:
    """The arrays of which the operation needs the rows that it computes, its result among them; None where it cannot.

    Of a view that has other rows than its operand, or none, there are no parts: it is one of the whole.
    """
    shape = arrays[op.out].shape
    if isinstance(op, View):
        alike = shape[:1] == arrays[op.operand].shape[:1] and op.axes[:1] == (0,)
        return frozenset({op.out, op.operand} if alike else ())
    if not shape or shape[0] == 1 or any(arrays[name].margin != (0, 0) for name in (op.out, *reads(op))):
        return None
    if isinstance(op, Map | Select) and not is_stop(op):
        rows = {name for name in reads(op) if len(arrays[name].shape) == len(shape) and arrays[name].shape[0] != 1}
    elif isinstance(op, Fold) and 0 not in op.axes and op.base is None:
        rows = {op.operand}
    elif isinstance(op, Contract) and _of_rows(op):
        rows = {name for letters, name in op.sides if op.out_axes[0] in letters}
    else:
        return None
    return frozenset({op.out, *rows})


def _of_rows(op: Contract) -> bool:
    """Whether a product is one of rows, or of rows and one vector, the letter of rows standing first."""
    row = op.out_axes[:1]
    alone = [set(letters) - {*others, *op.stack} for _, _, letters, others in op.operands]
    first = all(letters.startswith(row) or row not in letters for letters, _ in op.sides)
    return op.base is None and first and not all(alone)
