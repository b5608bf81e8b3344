"""Whether the examples of a batch have a part in each other's values, read off the formulas."""

from __future__ import annotations

from collections.abc import Collection

import sympy as sp

from symbp.formula.equation import Formula
from symbp.formula.expression import Element, MaxOver, SumOver, Winner, size

BATCH = "n"  # the index over the examples
EXAMPLES = size("N")  # how many there are
NAMES = frozenset({"N"})


def is_apart(formula: Formula, sizes: Collection[str] = NAMES) -> bool:
    """True where no example has a part in another's values, and a cost is a sum over examples.

    `sizes` are the names of the sizes that are that of the batch, where a network makes others so.
    """
    cost = "" if formula.output.axes else formula.output.name
    return _reads_own(formula, sizes) and all(
        _adds_examples(e.body) if e.target.tensor == cost else not _binds_batch(e.body) for e in formula.equations
    )


def is_mean(formula: Formula) -> bool:
    """True for a cost that is a mean over examples."""
    return not formula.output.axes and any(e.body.has(1 / EXAMPLES) for e in formula.equations)


def divides(formula: Formula, sizes: Collection[str] = NAMES) -> bool:
    """True where a batch can be computed in parts: costs are means of examples, so that those of the parts make the
    whole's, each weighed by its number of examples; no value depends on which place in the batch it has, and what is
    drawn is drawn for each example."""
    cost = "" if formula.output.axes else formula.output.name
    drawn = all(EXAMPLES in tensor.axes for tensor in formula.tensors.values() if tensor.distribution)
    counted = any(_counts_examples(e.body, formula) for e in formula.equations)
    numbered = any(e.body.has(size(name)) for e in formula.equations for name in sizes if size(name) != EXAMPLES)
    return (
        drawn
        and not counted
        and not numbered
        and _reads_own(formula, sizes)
        and all(
            _averages_examples(e.body)
            if e.target.tensor == cost
            else not (_binds_batch(e.body) or e.body.has(EXAMPLES))
            for e in formula.equations
        )
    )


def is_batch(index: sp.Basic) -> bool:
    """True for an index over the examples."""
    return isinstance(index, sp.Symbol) and bool(index.is_integer) and index.name.rstrip("'") == BATCH


def _reads_own(formula: Formula, sizes: Collection[str]) -> bool:
    """True where nothing is read of an example but by the index over the batch, whatever other index has its size."""
    reads = (read for e in formula.equations for read in e.body.atoms(Element))
    return all(
        is_batch(index)
        for read in reads
        for axis, index in zip(formula.tensors[read.tensor].axes, read.indices, strict=True)
        if str(axis) in sizes
    )


def _adds_examples(body: sp.Expr, *, alone: bool = False) -> bool:
    """True for what is linear in sums over the batch, each of terms of one example; `alone`, and has no other terms."""
    if not _binds_batch(body):
        return not alone
    if isinstance(body, sp.Add):
        return all(_adds_examples(term, alone=alone) for term in body.args)
    if isinstance(body, sp.Mul):
        (binding, *more), others = _parted(body)
        return not more and not any(f.has(Element) for f in others) and _adds_examples(binding, alone=alone)
    return isinstance(body, SumOver) and any(map(is_batch, body.bound)) and not _binds_batch(body.body)


def _parted(product: sp.Expr) -> tuple[list[sp.Expr], list[sp.Expr]]:
    """The factors that sum over the batch, and the others."""
    factors = sp.Mul.make_args(product)
    return [f for f in factors if _binds_batch(f)], [f for f in factors if not _binds_batch(f)]


def _averages_examples(body: sp.Expr) -> bool:
    """True for means over the batch of terms of one example, times anything but these, and what has no batch."""
    if not _binds_batch(body):
        return not body.has(EXAMPLES)
    if isinstance(body, sp.Add):
        return all(map(_averages_examples, body.args))
    total = body * EXAMPLES
    return not total.has(EXAMPLES) and _adds_examples(total, alone=True)


def _counts_examples(node: sp.Basic, formula: Formula) -> bool:
    """True where the place of an example is a number, as in `n * x[n,i]` or `W[n,i]`, besides what is read there."""
    if isinstance(node, Element):
        axes = formula.tensors[node.tensor].axes
        inner = [index for axis, index in zip(axes, node.indices, strict=True) if axis != EXAMPLES]
    else:
        inner = [node.body] if isinstance(node, SumOver | MaxOver | Winner) else list(node.args)
    return is_batch(node) or any(_counts_examples(each, formula) for each in inner)


def _binds_batch(body: sp.Expr) -> bool:
    return any(map(is_batch, (i for node in body.atoms(SumOver, MaxOver, Winner) for i in node.bound)))
