"""Small edits of a claim, each a classic mistake undone: what a claim may have been meant to say.

An edit changes one node of the right side, or one name wherever it stands. It says of which kind the mistake would be,
what stood there and what should.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from symbp.audit.evaluate import is_indicator
from symbp.audit.functions import activations
from symbp.audit.setting import BATCH, Setting
from symbp.audit.syntax import DERIVATIVE, PRIME, Statement
from symbp.audit.truth import subject
from symbp.audit.vocabulary import UnknownNameError
from symbp.audit.written import written

Kind = Literal[
    "sign", "factor", "transpose", "elementwise product", "matrix product", "order of factors", "sum over the batch",
    "double averaging", "mean over the batch", "indicator", "activation's derivative", "saved value", "index swapped",
    "index", "missing term", "extra term", "extra factor", "layer", "power", "inverse", "missing factor",
    "Kronecker delta",
]  # fmt: skip
Rewrite = Callable[[ast.expr], Iterator[tuple[Kind, ast.expr]]]


@dataclass(frozen=True)
class Edit:
    """A claim after one edit, or after several: `before` and `after` are the node that the last of them changed."""

    kind: Kind
    before: str
    after: str
    statement: Statement

    def __str__(self) -> str:
        return f"`{self.before}` should be `{self.after}`"


def edits(statement: Statement, setting: Setting) -> Iterator[Edit]:
    """The claim after every single edit, the likeliest mistakes first."""
    whole, nodes = _Whole(statement, setting), _Nodes(statement, setting)
    for rewrite in (nodes.signs, nodes.transposes, nodes.indices):
        yield from _everywhere(statement, rewrite)
    yield from _at_root(statement, whole.negated)
    yield from _at_root(statement, whole.transposed)
    yield from _at_root(statement, whole.summed)
    yield from _at_root(statement, whole.exchanged)
    yield from _at_root(statement, whole.sloped)
    for rewrite in (nodes.products, nodes.order, nodes.conditions, nodes.axes, nodes.units, nodes.without):
        yield from _everywhere(statement, rewrite)
    for kind, swap in _names(statement, setting):
        yield from _renamed(statement, kind, swap)
    for rewrite in (nodes.dropped, nodes.powers, nodes.inverses, whole.replaced):
        yield from _everywhere(statement, rewrite)
    yield from _at_root(statement, whole.averaged)
    yield from _at_root(statement, whole.multiplied)


def _at_root(statement: Statement, rewrite: Rewrite) -> Iterator[Edit]:
    for kind, node in rewrite(statement.right):
        yield Edit(kind, written(statement.right), written(node), replace(statement, right=node))


def _everywhere(statement: Statement, rewrite: Rewrite) -> Iterator[Edit]:
    for kind, before, after, right in _variants(statement.right, rewrite):
        yield Edit(kind, written(before), written(after), replace(statement, right=right))


def _variants(node: ast.expr, rewrite: Rewrite) -> Iterator[tuple[Kind, ast.expr, ast.expr, ast.expr]]:
    """The tree with one node rewritten: the kind, the node before and after, and the whole."""
    for kind, new in rewrite(node):
        yield kind, node, new, new
    for name, place, child in _children(node):
        for kind, before, after, inner in _variants(child, rewrite):
            whole = copy.copy(node)
            if place is None:
                setattr(whole, name, inner)
            else:
                items = list(getattr(node, name))
                items[place] = inner
                setattr(whole, name, items)
            yield kind, before, after, whole


def _children(node: ast.expr) -> Iterator[tuple[str, int | None, ast.expr]]:
    """The subexpressions that are values; indices and names of functions are none."""
    if isinstance(node, ast.Subscript) and is_indicator(node) is None:
        return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == DERIVATIVE:
        return
    for name, value in ast.iter_fields(node):
        if name == "func":
            continue
        if isinstance(value, ast.expr):
            yield name, None, value
        elif isinstance(value, list):
            for k, item in enumerate(value):
                if isinstance(item, ast.expr):
                    yield name, k, item


class _Nodes:
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
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if len(items) == 2:
            yield "index swapped", ast.Subscript(node.value, ast.Tuple([items[1], items[0]]))
        letters = sorted({n.id for side in (self.statement.left, self.statement.right) for n in _letters(side)})
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
        first, rest = _factors(node)
        if len(rest) > 1:
            yield "extra factor", first

    def axes(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        """A sum along the other axis, or a sum for a mean."""
        match node:
            case ast.Call(func=ast.Name(id="sum" | "mean"), args=[inner, ast.Constant(value=0 | 1 as axis)]):
                yield "sum over the batch", ast.Call(node.func, [inner, ast.Constant(1 - axis)], [])
        if isinstance(node, ast.Call):
            other = _Rename("mean", "sum").visit(copy.deepcopy(node.func))
            if ast.dump(other) != ast.dump(node.func):
                yield "double averaging", ast.Call(other, node.args, [])

    def units(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        """A 1 that should be 1 only where two indices are equal."""
        letters = [n.id for n in _letters(self.statement.left)]
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


def _kind_of_factor(node: ast.expr) -> Kind:
    if is_indicator(node) is not None or isinstance(node, ast.Compare):
        return "indicator"
    if any(
        isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id.endswith(PRIME) for n in ast.walk(node)
    ):
        return "activation's derivative"
    return "factor" if isinstance(node, ast.Constant) else "extra factor"


class _Whole:
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
            yield "transpose", ast.BinOp(_transposed(node.right), ast.MatMult(), _transposed(node.left))
        yield "transpose", _transposed(node)

    def summed(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        """A sum over the examples put around, or a mean that should be one."""
        if self.matrix:
            for axis in (0, 1):
                yield "sum over the batch", ast.Call(ast.Name("sum"), [node, ast.Constant(axis)], [])
            return
        own = {n.id for n in _letters(self.statement.left)}
        for letter in sorted({n.id for n in _letters(node)} - own):
            kind: Kind = "sum over the batch" if self.over_batch(letter) else "missing term"
            yield kind, ast.Call(ast.Subscript(ast.Name("sum"), ast.Name(letter)), [node], [])

    def over_batch(self, letter: str) -> bool:
        """Whether an index runs over the examples."""
        for node in ast.walk(self.statement.right):
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
                try:
                    tensor = self.setting.vocabulary.find(node.value.id).tensor
                except UnknownNameError:
                    continue
                items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
                axes = self.setting.tensor(tensor).axes
                if any(
                    isinstance(i, ast.Name) and i.id == letter and a == BATCH for i, a in zip(items, axes, strict=False)
                ):
                    return True
        return False

    def exchanged(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        """Two indices of the left side, each in the place of the other."""
        letters = list(dict.fromkeys(n.id for n in _letters(self.statement.left)))
        if not self.matrix and len(letters) == 2:
            one, other = letters
            moved = _Rename(one, "_").visit(copy.deepcopy(node))
            moved = _Rename(other, one).visit(moved)
            yield "index swapped", _Rename("_", other).visit(moved)

    def slope(self) -> ast.expr | None:
        """The activation's derivative that the quantity has, if it is the delta of a layer with one."""
        if self.about.by not in activations(self.setting):
            return None
        place = _left_place(self.statement.left)
        argument: ast.expr = ast.Name(self.about.by)
        if not self.matrix and place is not None:
            argument = ast.Subscript(argument, place)
        return ast.Call(ast.Name(f"f{PRIME}"), [argument], [])

    def replaced(self, node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
        """Factors that stand where the activation's derivative should."""
        slope = self.slope()
        first, rest = _factors(node)
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
                place = _left_place(self.statement.left)
                if self.matrix:
                    yield "missing factor", ast.BinOp(node, ast.Mult(), ast.Name(name))
                elif place is not None and isinstance(place, ast.Name) and len(tensor.axes) == 1:
                    yield "missing factor", ast.BinOp(node, ast.Mult(), ast.Subscript(ast.Name(name), place))
                elif not tensor.axes:
                    yield "missing factor", ast.BinOp(node, ast.Mult(), ast.Name(name))


def _factors(node: ast.expr) -> tuple[ast.expr, list[ast.expr]]:
    """The first factor of a product by elements, and the others."""
    rest: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        rest.append(node.right)
        node = node.left
    return node, rest


def _transposed(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Attribute) else ast.Attribute(node, "T")


def _left_place(left: ast.expr) -> ast.expr | None:
    """The indices of the quantity."""
    if isinstance(left, ast.Subscript):
        return left.slice
    if isinstance(left, ast.Call) and isinstance(left.args[-1], ast.Subscript):
        return left.args[-1].slice
    return None


def _letters(node: ast.AST) -> Iterator[ast.Name]:
    for each in ast.walk(node):
        if isinstance(each, ast.Subscript) and is_indicator(each) is None:
            if isinstance(each.value, ast.Name) and each.value.id in ("sum", "mean", "max", "min"):
                continue
            items = each.slice.elts if isinstance(each.slice, ast.Tuple) else [each.slice]
            yield from (i for i in items if isinstance(i, ast.Name))


def _names(statement: Statement, setting: Setting) -> Iterator[tuple[Kind, tuple[str, str]]]:
    """Names that may stand for others: z for a, a for z, and those of the layers beside."""
    names = sorted({n.id for n in ast.walk(statement.right) if isinstance(n, ast.Name)})
    for name in names:
        if not _known(name, setting):
            continue
        other = {"a": "z", "z": "a", "A": "Z", "Z": "A"}.get(name[0])
        if other and _known(other + name[1:], setting):
            yield "saved value", (name, other + name[1:])
    for name in names:
        stem = re.fullmatch(r"([A-Za-z_]+?)(\d+)", name)
        if not stem or not _known(name, setting):
            continue
        for number in (int(stem[2]) - 1, int(stem[2]) + 1):
            near = f"{stem[1]}{number}"
            if near in ("a0", "A0"):
                near = "x"
            if number >= 0 and _known(near, setting):
                yield "layer", (name, near)
    for name in names:
        if _known(name, setting) and name in ("x", "X") and _known("a1", setting):
            yield "layer", (name, "a1")


def _known(name: str, setting: Setting) -> bool:
    try:
        return setting.tensor(setting.vocabulary.find(name).tensor).kind != "int"
    except UnknownNameError:
        return False


def _renamed(statement: Statement, kind: Kind, swap: tuple[str, str]) -> Iterator[Edit]:
    """One name replaced wherever it stands, and where it stands several times also at each place alone."""
    old, new = swap
    places = [n for n in ast.walk(statement.right) if isinstance(n, ast.Name) and n.id == old]
    right = _Rename(old, new).visit(copy.deepcopy(statement.right))
    yield Edit(kind, old, new, replace(statement, right=right))
    if len(places) > 1:

        def one(node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
            if isinstance(node, ast.Name) and node.id == old:
                yield kind, ast.Name(new)
            elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == old:
                yield kind, ast.Subscript(ast.Name(new), node.slice)

        yield from _everywhere(statement, one)


class _Rename(ast.NodeTransformer):
    def __init__(self, old: str, new: str) -> None:
        self.old = old
        self.new = new

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.new) if node.id == self.old else node
