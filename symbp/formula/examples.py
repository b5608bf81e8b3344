"""Whether the examples of a batch have a part in each other's values, read off the formulas."""

from __future__ import annotations

import sympy as sp

from symbp.formula.equation import Formula
from symbp.formula.expression import Element, MaxOver, SumOver, Winner, size

BATCH = "n"  # the index over the examples
EXAMPLES = size("N")  # how many there are


def is_apart(formula: Formula) -> bool:
    """True where no example has a part in another's values, and a cost is a sum over examples."""
    cost = "" if formula.output.axes else formula.output.name
    return all(
        _adds_examples(e.body) if e.target.tensor == cost else not _binds_batch(e.body) for e in formula.equations
    )


def is_mean(formula: Formula) -> bool:
    """True for a cost that is a mean over examples."""
    return not formula.output.axes and any(e.body.has(1 / EXAMPLES) for e in formula.equations)


def divides(formula: Formula) -> bool:
    """True where a batch can be computed in parts: costs are means of examples, so that those of the parts make the
    whole's, each weighed by its number of examples, and no value depends on which place in the batch it has."""
    cost = "" if formula.output.axes else formula.output.name
    return not any(_counts_examples(e.body) for e in formula.equations) and all(
        _averages_examples(e.body) if e.target.tensor == cost else not (_binds_batch(e.body) or e.body.has(EXAMPLES))
        for e in formula.equations
    )


def is_batch(index: sp.Basic) -> bool:
    """True for an index over the examples."""
    return isinstance(index, sp.Symbol) and bool(index.is_integer) and index.name.rstrip("'") == BATCH


def _adds_examples(body: sp.Expr) -> bool:
    """True for what is linear in sums over the batch, each of terms of one example, or without such sums."""
    if not _binds_batch(body):
        return True
    if isinstance(body, sp.Add):
        return all(map(_adds_examples, body.args))
    if isinstance(body, sp.Mul):
        return sum(bool(f.has(Element)) for f in body.args) == 1 and all(map(_adds_examples, body.args))
    return isinstance(body, SumOver) and any(map(is_batch, body.bound)) and not _binds_batch(body.body)


def _averages_examples(body: sp.Expr) -> bool:
    """True for means over the batch of terms of one example, times anything but these, and what has no batch."""
    if not _binds_batch(body):
        return not body.has(EXAMPLES)
    if isinstance(body, sp.Add):
        return all(map(_averages_examples, body.args))
    sums = [factor for factor in sp.Mul.make_args(body * EXAMPLES) if _binds_batch(factor)]
    others = sp.Mul(*(factor for factor in sp.Mul.make_args(body * EXAMPLES) if factor not in sums))
    return len(sums) == 1 and _adds_examples(sums[0]) and not others.has(EXAMPLES) and not sums[0].has(EXAMPLES)


def _counts_examples(node: sp.Basic) -> bool:
    """True where the place of an example is a number, as in `n * x[n,i]`, besides what is read there."""
    if isinstance(node, Element):
        return False
    inner = (node.body,) if isinstance(node, SumOver | MaxOver | Winner) else node.args
    return is_batch(node) or any(map(_counts_examples, inner))


def _binds_batch(body: sp.Expr) -> bool:
    return any(map(is_batch, (i for node in body.atoms(SumOver, MaxOver, Winner) for i in node.bound)))
