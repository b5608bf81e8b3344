"""Cotangents that have several parts: a tensor that is read several times collects a share from each reading.

A weight with a penalty, a skip connection, a layer that reads one tensor twice: ∂C/∂x is the sum of what each gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import sympy as sp

from symbp.derive.derivation import Derivation, Gradient
from symbp.explain import mathematics as m
from symbp.formula.equation import Equation
from symbp.formula.expression import Element
from symbp.formula.indices import Names, bound_indices, rename_bound
from symbp.forward.network import Block, Network

OTHERS = m.Number("…")  # shares that are not written out


@dataclass(frozen=True)
class Share:
    """What one block's reading of a tensor adds to its cotangent."""

    block: Block
    gradient: Gradient

    def same(self, other: Share) -> bool:
        """True for the same reading; nothing is compared but identities."""
        return self.block is other.block and self.gradient is other.gradient

    def at(self, indices: tuple[sp.Expr, ...]) -> Equation | None:
        """The share at other free indices, bound ones renamed out of their way; None where that cannot be said."""
        equation = self.gradient.equation
        old = equation.target.indices
        if old == indices:
            return equation
        if len(old) != len(indices) or any(not i.is_Symbol for i in (*old, *indices)):
            return None
        return _moved(equation.target, equation.body, indices)


@lru_cache(maxsize=256)
def _moved(target: Element, body: sp.Expr, indices: tuple[sp.Symbol, ...]) -> Equation:
    sizes = {i: i for i in bound_indices(body)}  # only names matter here
    renamed = rename_bound(body, Names([i.name for i in (*indices, *target.indices)]), sizes)
    moved = dict(zip(target.indices, indices, strict=True))
    return Equation(target.xreplace(moved), renamed.xreplace(moved), {})


def shares_of(derivation: Derivation) -> dict[str, tuple[Share, ...]]:
    """The shares of every tensor that leads to a parameter, in order of evaluation: last blocks first."""
    trained = _trained(derivation.network)
    found: dict[str, tuple[Share, ...]] = {}
    for block in reversed(derivation.network.blocks):
        for gradient in derivation.of(block).backward:
            tensor = block.binding.get(gradient.tensor, "")
            if tensor in trained:
                found[tensor] = (*found.get(tensor, ()), Share(block, gradient))
    return found


def summed(parts: Sequence[m.Math], *, more: bool = False) -> m.Math:
    """The parts added up, and dots where there are more."""
    terms = [term for part in parts for term in (part.terms if isinstance(part, m.Sum) else ((1, part),))]
    terms += [(1, OTHERS)] if more else []
    return terms[0][1] if len(terms) == 1 and terms[0][0] == 1 else m.Sum(tuple(terms))


def names(shares: Iterable[Share]) -> tuple[str, ...]:
    """The blocks that give the shares, each once, in order of the network."""
    return tuple(reversed(list(dict.fromkeys(share.block.name for share in shares))))


def _trained(network: Network) -> frozenset[str]:
    """The tensors that depend on a parameter, and the parameters."""
    found = {p.name for p in network.parameters}
    for block in network.blocks:
        if found & set(block.binding.values()):
            found |= {block.binding[t.name] for t in block.formula.with_role("output", "intermediate")}
    return frozenset(found)
