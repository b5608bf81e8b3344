"""Kinds of mistakes, and what edits of trees have in common."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Literal

from symbp.audit.evaluate import is_indicator
from symbp.formula.syntax import items_of

Kind = Literal[
    "sign", "factor", "transpose", "elementwise product", "matrix product", "order of factors", "sum over the batch",
    "double averaging", "mean over the batch", "indicator", "activation's derivative", "saved value", "index swapped",
    "index", "missing term", "extra term", "extra factor", "layer", "power", "inverse", "missing factor",
    "Kronecker delta",
]  # fmt: skip
Rewrite = Callable[[ast.expr], Iterator[tuple[Kind, ast.expr]]]


def factors(node: ast.expr) -> tuple[ast.expr, list[ast.expr]]:
    """The first factor of a product by elements, and the others."""
    rest: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        rest.append(node.right)
        node = node.left
    return node, rest


def flipped(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Attribute) else ast.Attribute(node, "T")


def left_place(left: ast.expr) -> ast.expr | None:
    """The indices of the quantity."""
    if isinstance(left, ast.Subscript):
        return left.slice
    if isinstance(left, ast.Call) and isinstance(left.args[-1], ast.Subscript):
        return left.args[-1].slice
    return None


def letters_in(node: ast.AST) -> Iterator[ast.Name]:
    for each in ast.walk(node):
        if isinstance(each, ast.Subscript) and is_indicator(each) is None:
            if isinstance(each.value, ast.Name) and each.value.id in ("sum", "mean", "max", "min"):
                continue
            yield from (i for i in items_of(each.slice) if isinstance(i, ast.Name))


class Rename(ast.NodeTransformer):
    def __init__(self, old: str, new: str) -> None:
        self.old = old
        self.new = new

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.new) if node.id == self.old else node
