"""Edits of one node of a claim: what may have stood there."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from symbp.audit.evaluate import is_indicator
from symbp.audit.mistakes import Kind, Rename, factors, letters_in
from symbp.audit.setting import Setting
from symbp.audit.syntax import PRIME, Statement
from symbp.formula.syntax import items_of


class Nodes:
    """Edits of one node."""

    def __init__(self, statement: Statement, setting: Setting) -> None:
        self.statement = statement
        self.setting = setting
        self.matrix = statement.form == "matrix"

    def signs(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        match node:
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                yield "sign", ast.BinOp(right, ast.Sub(), left)
                yield "sign", ast.BinOp(left, ast.Add(), right)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                yield "sign", ast.BinOp(left, ast.Sub(), right)
                yield "sign", ast.BinOp(right, ast.Sub(), left)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                yield "sign", inner

    def transposes(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        if not self.matrix:
            return
        if isinstance(node, ast.Attribute):
            yield "transpose", node.value
        elif isinstance(node, ast.Name) or (isinstance(node, ast.BinOp) and node is not self.statement.right):
            yield "transpose", ast.Attribute(node, "T")

    def indices(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        if not isinstance(node, ast.Subscript) or is_indicator(node) is not None:
            return
        items = items_of(node.slice)
        if len(items) == 2:
            yield "index swapped", ast.Subscript(node.value, ast.Tuple([items[1], items[0]]))
        letters = sorted({n.id for side in (self.statement.left, self.statement.right) for n in letters_in(side)})
        for k, item in enumerate(items):
            for letter in letters:
                if isinstance(item, ast.Name) and item.id != letter:
                    changed = [*items[:k], ast.Name(letter), *items[k + 1 :]]
                    place = changed[0] if len(changed) == 1 else ast.Tuple(changed)
                    yield "index", ast.Subscript(node.value, place)

    def products(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        if self.matrix and isinstance(node, ast.BinOp):
            if isinstance(node.op, ast.MatMult):
                yield "matrix product", ast.BinOp(node.left, ast.Mult(), node.right)
            elif isinstance(node.op, ast.Mult):
                yield "elementwise product", ast.BinOp(node.left, ast.MatMult(), node.right)

    def order(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            yield "order of factors", ast.BinOp(node.right, ast.MatMult(), node.left)

    def conditions(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        if isinstance(node, ast.Compare):
            opposite = {ast.Gt: ast.Lt, ast.Lt: ast.Gt, ast.GtE: ast.LtE, ast.LtE: ast.GtE}.get(type(node.ops[0]))
            if opposite is not None:
                yield "indicator", ast.Compare(node.left, [opposite()], node.comparators)

    def dropped(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        """One operand alone: a term or a factor that is too many."""
        if not isinstance(node, ast.BinOp):
            return
        pair = ((node.left, node.right), (node.right, node.left))
        for kept, gone in pair:
            if isinstance(node.op, ast.Add) or (isinstance(node.op, ast.Sub) and kept is node.left):
                yield "extra term", kept
            elif isinstance(node.op, ast.Mult) or (isinstance(node.op, ast.Div) and kept is node.left):
                yield _kind_of_factor(gone), kept

    def without(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        """Several factors at once that are too many."""
        first, rest = factors(node)
        if len(rest) > 1:
            yield "extra factor", first

    def axes(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        """A sum along the other axis, or a sum for a mean."""
        match node:
            case ast.Call(func=ast.Name(id="sum" | "mean"), args=[inner, ast.Constant(value=0 | 1 as axis)]):
                yield "sum over the batch", ast.Call(node.func, [inner, ast.Constant(1 - axis)], [])
        if isinstance(node, ast.Call):
            other = Rename("mean", "sum").visit(copy.deepcopy(node.func))
            if ast.dump(other) != ast.dump(node.func):
                yield "double averaging", ast.Call(other, node.args, [])

    def units(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        """A 1 that should be 1 only where two indices are equal."""
        letters = [n.id for n in letters_in(self.statement.left)]
        if isinstance(node, ast.Constant) and node.value == 1 and len(set(letters)) == 2:
            yield "Kronecker delta", ast.Call(ast.Name("delta"), [ast.Name(x) for x in letters[:2]], [])

    def powers(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            yield "power", node.left
            if isinstance(node.right, ast.Constant) and isinstance(node.right.value, int):
                yield "power", ast.BinOp(node.left, ast.Pow(), ast.Constant(node.right.value + 1))
                yield "power", ast.BinOp(node.left, ast.Pow(), ast.Constant(node.right.value - 1))
        elif isinstance(node, ast.Name | ast.Subscript) and is_indicator(node) is None:
            yield "power", ast.BinOp(node, ast.Pow(), ast.Constant(2))

    def inverses(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            yield "inverse", ast.BinOp(node.left, ast.Mult(), node.right)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            yield "inverse", ast.BinOp(node.left, ast.Div(), node.right)

    def weights(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        """One term of several twice as large, or half."""
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Add | ast.Sub):
            return
        for above, below in ((2, 1), (1, 2)):
            yield "factor", ast.BinOp(node.left, node.op, _scaled(node.right, above, below))
            if not (isinstance(node.left, ast.BinOp) and isinstance(node.left.op, ast.Add | ast.Sub)):
                yield "factor", ast.BinOp(_scaled(node.left, above, below), node.op, node.right)


def _scaled(node: ast.expr, above: int, below: int) -> ast.expr:
    """A term times `above / below`: the number that it begins with, where it does."""
    changed = _number_changed(node, above, below)
    if changed is not None:
        return changed
    return (
        ast.BinOp(node, ast.Div(), ast.Constant(below))
        if above == 1
        else ast.BinOp(ast.Constant(above), ast.Mult(), node)
    )


def _number_changed(node: ast.expr, above: int, below: int) -> ast.expr | None:
    match node:
        case ast.BinOp(left=ast.Constant(value=int(number)), op=ast.Mult(), right=right) if not number * above % below:
            times = number * above // below
            return right if times == 1 else ast.BinOp(ast.Constant(times), ast.Mult(), right)
        case ast.BinOp(left=left, op=ast.Mult() | ast.MatMult() as op, right=right):
            first = _number_changed(left, above, below)
            return first and ast.BinOp(first, op, right)
    return None


def _kind_of_factor(node: ast.expr) -> Kind:
    if is_indicator(node) is not None or isinstance(node, ast.Compare):
        return "indicator"
    if any(
        isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id.endswith(PRIME) for n in ast.walk(node)
    ):
        return "activation's derivative"
    return "factor" if isinstance(node, ast.Constant) else "extra factor"
