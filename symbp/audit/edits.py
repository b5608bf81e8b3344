"""Small edits of a claim, each a classic mistake undone: what a claim may have been meant to say.

An edit changes one node of the right side, or one name wherever it stands. It says of which kind the mistake would be,
what stood there and what should.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from symbp.audit.evaluate import is_indicator
from symbp.audit.mistakes import Kind, Rename, Rewrite
from symbp.audit.nodes import Nodes
from symbp.audit.setting import Setting
from symbp.audit.syntax import DERIVATIVE, Statement
from symbp.audit.whole import Whole
from symbp.audit.written import written


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
    whole, nodes = Whole(statement, setting), Nodes(statement, setting)
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
    for rewrite in (nodes.weights, nodes.dropped, nodes.powers, nodes.inverses, whole.replaced):
        yield from _everywhere(statement, rewrite)
    yield from _at_root(statement, whole.averaged)
    yield from _at_root(statement, whole.multiplied)
    yield from _at_root(statement, whole.rooted)


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
    found = setting.vocabulary.known(name)
    return found is not None and setting.tensor(found.tensor).kind != "int"


def _renamed(statement: Statement, kind: Kind, swap: tuple[str, str]) -> Iterator[Edit]:
    """One name replaced wherever it stands, and where it stands several times also at each place alone."""
    old, new = swap
    places = [n for n in ast.walk(statement.right) if isinstance(n, ast.Name) and n.id == old]
    right = Rename(old, new).visit(copy.deepcopy(statement.right))
    yield Edit(kind, old, new, replace(statement, right=right))
    if len(places) > 1:

        def one(node: ast.expr) -> Iterator[tuple[Kind, ast.expr]]:
            if isinstance(node, ast.Name) and node.id == old:
                yield kind, ast.Name(new)
            elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == old:
                yield kind, ast.Subscript(ast.Name(new), node.slice)

        yield from _everywhere(statement, one)
