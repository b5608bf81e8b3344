"""Equations and formulas: what the stages hand to each other before anything is an array.

    Equation   one line of index notation, `z[n,j] = sum[i](x[n,i]*W[i,j]) + b[j]`, and the size of every index
    Tensor     a name, the symbolic sizes of its axes, its role
    Formula    the equations of one layer, activation or loss, in order, over symbolic sizes

A formula never holds numbers for sizes or hyperparameters, nor the names of a network's layers: it is derived once
and used by every block that has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import sympy as sp

from symbp.formula.expression import Element, elements, stop

Role = Literal["input", "target", "parameter", "constant", "random", "intermediate", "output", "state"]
Kind = Literal["float", "int", "bool"]
Distribution = Literal["", "uniform", "normal"]  # of a random tensor: on [0, 1), or of mean 0 and deviation 1


@dataclass(frozen=True)
class Equation:
    """`target = body`; both sides have the same free indices.

    `sizes` gives the size of every index, free or bound. `text` is the line as a person wrote it, where one did.
    Every index of `target` is a distinct index symbol, or a `Flat` of such.
    """

    target: Element
    body: sp.Expr
    sizes: Mapping[sp.Symbol, sp.Expr]
    text: str = ""

    def __str__(self) -> str:
        return f"{self.target} = {self.body}"

    @cached_property
    def reads(self) -> tuple[Element, ...]:
        """Every distinct element that the right side reads."""
        return tuple(elements(self.body))

    @cached_property
    def symbols(self) -> frozenset[sp.Basic]:
        """The free symbols of the right side."""
        return frozenset(self.body.free_symbols)

    @cached_property
    def varies_with(self) -> frozenset[str]:
        """The tensors by which the right side has a derivative: those that it reads, none where it is `stop(...)`."""
        return frozenset() if isinstance(self.body, stop) else frozenset(e.tensor for e in self.reads)


@dataclass(frozen=True)
class Tensor:
    """A named tensor of a formula; `axes` are the symbolic sizes of its axes, outermost first.

    A `random` one has entries drawn from its `distribution`, each on its own; to a formula they are given quantities.
    """

    name: str
    axes: tuple[sp.Expr, ...]
    role: Role
    kind: Kind = "float"
    distribution: Distribution = ""


@dataclass(frozen=True)
class Formula:
    """What one layer, activation or loss computes.

    `scalars` are its hyperparameters as symbols (their values belong to the block that uses the formula).
    `tensors` holds every tensor that the equations mention, in order of appearance. `letters` says which size each
    index letter of the text runs over. `line` may name where a person wrote the formula.
    """

    name: str
    equations: tuple[Equation, ...]
    tensors: Mapping[str, Tensor]
    scalars: Mapping[str, sp.Symbol] = field(default_factory=dict)
    letters: Mapping[str, sp.Expr] = field(default_factory=dict)
    source: str = ""

    def with_role(self, *roles: Role) -> tuple[Tensor, ...]:
        """The tensors that have one of these roles, in order of appearance."""
        return tuple(t for t in self.tensors.values() if t.role in roles)

    @property
    def output(self) -> Tensor:
        """The tensor that the formula computes."""
        return self.with_role("output")[0]

    @cached_property
    def varies_with(self) -> frozenset[str]:
        """The tensors by which the output has a derivative, through others too, and the output."""
        found = {t.name for t in self.with_role("output")}
        count = 0
        while len(found) > count:
            count = len(found)
            found.update(*(e.varies_with for e in self.equations if e.target.tensor in found))
        return frozenset(found)
