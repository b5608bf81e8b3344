"""The axes of an equation between matrices: indices that always stand side by side count as one.

z[n,t,j] = sum[i](x[n,t,i] * W[i,j])     (n,t), (i), (j): no tensor has more than two
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise

import sympy as sp

from symbp.formula.expression import Element, SumOver, elements

Axis = tuple[sp.Symbol, ...] | None  # indices that count as one axis; None: an axis of size 1


class NoMatrixFormError(Exception):
    """The expression is none that matrices can say."""


def _joined_axes(tuples: list[tuple[sp.Symbol, ...]], separate: list[frozenset[sp.Symbol]]) -> dict[sp.Symbol, Axis]:
    """The axis that each index belongs to, after joining neighbours until no tensor has more than two axes."""
    rows: list[list[tuple[sp.Symbol, ...]]] = [[(i,) for i in t] for t in tuples]
    while any(len(r) > 2 for r in rows):
        pairs = {(a, b) for r in rows for a, b in pairwise(r)}
        for a, b in sorted(pairs, key=str, reverse=True):
            together = all((a in r) == (b in r) and (a not in r or r.index(a) + 1 == r.index(b)) for r in rows)
            alike = all(bool(s & set(a)) == bool(s & set(b)) for s in separate)
            if together and alike:
                rows = [_joined(r, a, b) for r in rows]
                break
        else:
            raise NoMatrixFormError
    return {i: axis for r in rows for axis in r for i in axis}


@lru_cache(maxsize=4096)
def axes_of(target: Element, body: sp.Expr) -> Mapping[sp.Symbol, Axis] | None:
    """The axis that each index of an equation belongs to; None where it has no matrix form."""
    reads = [target, *elements(body)]
    if any(not i.is_Symbol for e in reads for i in e.indices):
        return None
    if any(len(set(e.indices)) != len(e.indices) for e in reads):
        return None
    try:
        return _joined_axes([tuple(e.indices) for e in reads], [frozenset(s.bound) for s in body.atoms(SumOver)])
    except NoMatrixFormError:
        return None


def _joined(
    row: list[tuple[sp.Symbol, ...]], one: tuple[sp.Symbol, ...], other: tuple[sp.Symbol, ...]
) -> list[tuple[sp.Symbol, ...]]:
    if one not in row:
        return row
    place = row.index(one)
    return [*row[:place], (*one, *other), *row[place + 2 :]]
