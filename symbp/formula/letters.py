"""One size for each index letter of a formula: where a letter means another size further down, another takes its place.

z[n,j] = sum[i](x[n,i] * W[i,j]); y[n,i] = sum[j](z[n,j] * V[j,i])     the second i is no input: it becomes k
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import sympy as sp

from symbp.formula.equation import Equation
from symbp.formula.expression import index
from symbp.formula.indices import letter

POOL = "klmpqrstuvwefgabcdhijoxyz"


def one_size_each(
    equations: Iterable[Equation], letters: Mapping[str, sp.Expr], taken: Collection[str]
) -> tuple[tuple[Equation, ...], dict[str, sp.Expr]]:
    """The equations with such letters replaced, and the size of every letter; `taken` are names that are no letters."""
    known = dict(letters)
    done = []
    for equation in equations:
        renaming: dict[sp.Symbol, sp.Symbol] = {}
        own = {letter(s) for s in equation.sizes}
        for symbol, extent in equation.sizes.items():
            if known.setdefault(letter(symbol), extent) != extent:
                new = next(
                    (c for c in (*known, *POOL) if c not in own and c not in taken and known.get(c, extent) == extent),
                    f"{letter(symbol)}_",
                )
                own.add(new)
                known[new] = extent
                renaming[symbol] = index(new)
        done.append(_renamed(equation, renaming) if renaming else equation)
    return tuple(done), known


def _renamed(equation: Equation, renaming: Mapping[sp.Symbol, sp.Symbol]) -> Equation:
    sizes = {renaming.get(s, s): extent for s, extent in equation.sizes.items()}
    return Equation(
        equation.target.xreplace(dict(renaming)), equation.body.xreplace(dict(renaming)), sizes, equation.text
    )
