"""Edits of the whole right side of a claim: what may be missing around it, or be too much."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from symbp.audit.functions import activations
from symbp.audit.mistakes import Kind, Rename, factors, flipped, left_place, letters_in
from symbp.audit.setting import BATCH, Setting
from symbp.audit.syntax import PRIME, Statement
from symbp.audit.truth import subject
from symbp.formula.syntax import items_of


class Whole:
    """Edits of the whole right side."""

    def __init__(self, statement: Statement, setting: Setting) -> None:
        self.statement = statement
        self.setting = setting
        self.about = subject(statement, setting)
        self.matrix = statement.form == "matrix"

    def negated(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        if not isinstance(node, ast.UnaryOp):
            yield "sign", ast.UnaryOp(ast.USub(), node)

    def transposed(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        if not self.matrix:
            return
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            yield "transpose", ast.BinOp(flipped(node.right), ast.MatMult(), flipped(node.left))
        yield "transpose", flipped(node)

    def summed(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        """A sum over the examples put around, or a mean that should be one."""
        if self.matrix:
            for axis in (0, 1):
                yield "sum over the batch", ast.Call(ast.Name("sum"), [node, ast.Constant(axis)], [])
            return
        own = {n.id for n in letters_in(self.statement.left)}
        for letter in sorted({n.id for n in letters_in(node)} - own):
            kind: Kind = "sum over the batch" if self.over_batch(letter) else "missing term"
            yield kind, ast.Call(ast.Subscript(ast.Name("sum"), ast.Name(letter)), [node], [])

    def over_batch(self, letter: str) -> bool:
        """Whether an index runs over the examples."""
        for node in ast.walk(self.statement.right):
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
                found = self.setting.vocabulary.known(node.value.id)
                axes = self.setting.tensor(found.tensor).axes if found is not None else ()
                pairs = zip(items_of(node.slice), axes, strict=False)
                if any(isinstance(i, ast.Name) and i.id == letter and a == BATCH for i, a in pairs):
                    return True
        return False

    def exchanged(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        """Two indices of the left side, each in the place of the other."""
        letters = list(dict.fromkeys(n.id for n in letters_in(self.statement.left)))
        if not self.matrix and len(letters) == 2:
            one, other = letters
            moved = Rename(one, "_").visit(copy.deepcopy(node))
            moved = Rename(other, one).visit(moved)
            yield "index swapped", Rename("_", other).visit(moved)

    def slope(self) -> ast.expr | None:
        """The activation's derivative that the quantity has, if it is the delta of a layer with one."""
        if self.about.by not in activations(self.setting):
            return None
        place = left_place(self.statement.left)
        argument: ast.expr = ast.Name(self.about.by)
        if not self.matrix and place is not None:
            argument = ast.Subscript(argument, place)
        return ast.Call(ast.Name(f"f{PRIME}"), [argument], [])

    def replaced(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        """Factors that stand where the activation's derivative should."""
        slope = self.slope()
        first, rest = factors(node)
        if slope is not None and rest:
            yield "activation's derivative", ast.BinOp(first, ast.Mult(), slope)

    def sloped(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        """The activation's derivative, where a delta lacks it."""
        slope = self.slope()
        if not isinstance(slope, ast.Call):
            return
        if activations(self.setting)[self.about.by].is_indicator:
            indicator = ast.Subscript(ast.Constant(1), ast.Compare(slope.args[0], [ast.Gt()], [ast.Constant(0)]))
            yield "indicator", ast.BinOp(node, ast.Mult(), indicator)
        yield "activation's derivative", ast.BinOp(node, ast.Mult(), slope)

    def averaged(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        """Divided by the number of examples, or multiplied."""
        if self.setting.batched:
            yield "mean over the batch", ast.BinOp(node, ast.Div(), ast.Name("N"))
            yield "double averaging", ast.BinOp(node, ast.Mult(), ast.Name("N"))

    def multiplied(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        """A tensor of the same shape that is missing."""
        for name, tensor in self.setting.formula.tensors.items():
            if tensor.kind != "int" and tensor.role in ("input", "parameter"):
                place = left_place(self.statement.left)
                if self.matrix:
                    yield "missing factor", ast.BinOp(node, ast.Mult(), ast.Name(name))
                elif place is not None and isinstance(place, ast.Name) and len(tensor.axes) == 1:
                    yield "missing factor", ast.BinOp(node, ast.Mult(), ast.Subscript(ast.Name(name), place))
                elif not tensor.axes:
                    yield "missing factor", ast.BinOp(node, ast.Mult(), ast.Name(name))

    def rooted(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        """Divided by the root of how many values an index takes, as in attention."""
        if not self.matrix:
            for letter in dict.fromkeys(n.id for side in (self.statement.left, node) for n in letters_in(side)):
                size = ast.Call(ast.Name("size"), [ast.Name(letter)], [])
                yield "missing factor", ast.BinOp(node, ast.Div(), ast.Call(ast.Name("sqrt"), [size], []))
