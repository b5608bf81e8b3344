"""Expressions between matrices as trees: what is found in index notation, before it is text, mathematics or code.

    Leaf(name)  Identity  Ones  Scalar(e)      a tensor, I, a column of ones, a number without indices
    Transposed(x)                              of a matrix or a vector
    Product(x, y, ...)                         of matrices
    Elementwise(above, below)                  a product by elements, divided by another
    Total((sign, x), ...)                      a sum by elements
    Raised(x, e)  Applied(f, x, ...)           a power and a function by elements; trace, diag and sum too

A node has the index of its rows and of its columns; None stands for an axis of length 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import sympy as sp

Axis: TypeAlias = "sp.Symbol | None"
WHOLE = ("trace", "diag", "sum")  # functions that are not by elements


@dataclass(frozen=True)
class Node:
    """A matrix with these rows and columns."""

    rows: Axis
    columns: Axis

    @property
    def axes(self) -> frozenset[sp.Symbol]:
        """The indices that it depends on."""
        return frozenset(a for a in (self.rows, self.columns) if a is not None)


@dataclass(frozen=True)
class Leaf(Node):
    name: str


@dataclass(frozen=True)
class Identity(Node):
    size: sp.Expr


@dataclass(frozen=True)
class Ones(Node):
    size: sp.Expr


@dataclass(frozen=True)
class Scalar(Node):
    value: sp.Expr


@dataclass(frozen=True)
class Transposed(Node):
    body: Node


@dataclass(frozen=True)
class Product(Node):
    factors: tuple[Node, ...]


@dataclass(frozen=True)
class Elementwise(Node):
    above: tuple[Node, ...]
    below: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Total(Node):
    terms: tuple[tuple[int, Node], ...]


@dataclass(frozen=True)
class Raised(Node):
    base: Node
    exponent: sp.Expr


@dataclass(frozen=True)
class Applied(Node):
    function: str
    arguments: tuple[Node, ...]


def transposed(node: Node) -> Node:
    """The transpose, taken further in where that is shorter to say."""
    if node.rows is None and node.columns is None:
        return node
    if isinstance(node, Transposed):
        return node.body
    if isinstance(node, Identity):
        return replace(node, rows=node.columns, columns=node.rows)
    if isinstance(node, Product):
        factors = tuple(transposed(f) for f in reversed(node.factors))
        return Product(node.columns, node.rows, factors)
    if isinstance(node, Elementwise) and _mostly_transposed((*node.above, *node.below)):
        above, below = (tuple(map(transposed, side)) for side in (node.above, node.below))
        return Elementwise(node.columns, node.rows, above, below)
    if isinstance(node, Total) and _mostly_transposed(tuple(t for _, t in node.terms)):
        return Total(node.columns, node.rows, tuple((sign, transposed(t)) for sign, t in node.terms))
    if isinstance(node, Applied) and node.function == "diag" and len(node.axes) == 2:
        return replace(node, rows=node.columns, columns=node.rows)
    if isinstance(node, Raised):
        return Raised(node.columns, node.rows, transposed(node.base), node.exponent)
    if isinstance(node, Applied) and node.function not in WHOLE:
        return Applied(node.columns, node.rows, node.function, tuple(map(transposed, node.arguments)))
    return Transposed(node.columns, node.rows, node)


def _mostly_transposed(nodes: tuple[Node, ...]) -> bool:
    return 2 * sum(isinstance(n, Transposed) for n in nodes) >= sum(bool(n.axes) for n in nodes)


def product(left: Node, right: Node) -> Node:
    """The product of two matrices, flat."""
    factors = tuple(f for n in (left, right) for f in (n.factors if isinstance(n, Product) else (n,)))
    kept = tuple(f for f in factors if not isinstance(f, Identity))
    if len(kept) == 1:
        return kept[0]
    return Product(left.rows, right.columns, kept or factors[:1])


def elementwise(above: list[Node], below: list[Node] | None = None) -> Node:
    """The product by elements; numbers first."""
    below = below or []
    if len(above) == 1 and not below:
        return above[0]
    nodes = [*above, *below]
    rows = next((n.rows for n in nodes if n.rows is not None), None)
    columns = next((n.columns for n in nodes if n.columns is not None), None)
    flat = [f for n in above for f in (n.above if isinstance(n, Elementwise) and not n.below else (n,))]
    flat.sort(key=lambda n: bool(n.axes))
    return Elementwise(rows, columns, tuple(flat), tuple(below))
