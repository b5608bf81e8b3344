"""What a generated module may contain: the last look at the text before it leaves the target.

The module is parsed again, and refused where it imports something that is not listed, calls a builtin that is not
listed, reaches for a name with two leading underscores that is not listed, or has a syntax that no template uses.
This guards against a string that escaped its quotes; it is not a sandbox for modules of other origin.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable
from typing import Any

from symbp.errors import DefectError
from symbp.spec.model import Blas

IMPORTS = frozenset(
    {
        "__future__",
        "collections.abc",
        "concurrent.futures",
        "contextvars",
        "itertools",
        "math",
        "numpy",
        "numpy.typing",
        "os",
        "sys",
        "threading",
        "types",
        "typing",
    }
)
BLAS = "scipy.linalg"  # of which `blas` alone may be imported, where the spec asks for it
BUILTINS = frozenset(
    {
        *("bool", "dict", "float", "int", "object", "str", "tuple", "type", "list", "set"),
        *("abs", "all", "any", "enumerate", "getattr", "isinstance", "iter", "len", "max", "min", "next", "open"),
        *("print", "range", "repr", "reversed", "setattr", "slice", "sorted", "sum", "zip"),
        *("Exception", "KeyError", "ModuleNotFoundError", "RuntimeError", "TypeError", "ValueError"),
    }
)
DUNDERS = frozenset(
    {
        *("__init__", "__getitem__", "__iter__", "__len__", "__reduce__", "__setstate__", "__repr__"),
        *("__module__", "__name__"),
    }
)
_FOREIGN = frozenset(dir(builtins)) - BUILTINS - DUNDERS
ATTRIBUTES = {
    "os": frozenset({"PathLike", "fspath", "fsync", "getpid", "path", "replace", "unlink"}),
    "sys": frozenset({"exit"}),
    "threading": frozenset({"get_ident"}),
    "blas": frozenset({"sgemm", "dgemm", "sgemv", "dgemv", "sdot", "ddot", "saxpy", "daxpy"}),
}
REFUSED = (
    ast.AsyncFunctionDef,
    ast.Await,
    ast.Global,
    ast.Lambda,
    ast.Match,
    ast.Nonlocal,
    ast.While,
    ast.Yield,
    ast.YieldFrom,
)
_SUSPECTS = frozenset({ast.Import, ast.ImportFrom, *REFUSED})  # what may be objected to, beside names
_ENDS = (ast.Constant, ast.alias, ast.boolop, ast.cmpop, ast.expr_context, ast.operator, ast.unaryop)
_TEXT = frozenset({"arg", "attr", "ctx", "id", "kind", "module", "name", "op", "ops"})  # fields without such nodes
_PARTS = {  # of the other kinds of nodes, the fields that are looked into
    kind: tuple(field for field in kind._fields if field not in _TEXT)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST) and not issubclass(kind, _ENDS)
}


class UnsafeModuleError(DefectError):
    """A rendered module that holds what no generated module may hold."""


def inspect(text: str, blas: Blas = "numpy") -> None:
    """Raise `UnsafeModuleError` where the module holds anything that is not allowed."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise UnsafeModuleError(f"line {error.lineno}: {error.msg}") from error
    for node in _suspects(tree):
        if reason := _objection(node, blas):
            raise UnsafeModuleError(f"line {getattr(node, 'lineno', 0)}: {reason}")


def _suspects(tree: ast.AST) -> Iterable[ast.AST]:
    """The nodes of the tree that may be objected to; of those with the same name, or attribute of a name, one."""
    found: dict[object, ast.AST] = {}
    waiting: list[Any] = [tree]  # nodes, lists of them, and what else fields hold
    while waiting:
        node = waiting.pop()
        kind = type(node)
        if kind is list:
            waiting += node
        elif kind is ast.Name:
            found[node.id] = node
        elif kind is ast.Attribute:
            value = node.value
            found[value.id if type(value) is ast.Name else None, node.attr] = node
            waiting.append(value)
        elif kind in _PARTS:
            waiting += [getattr(node, part) for part in _PARTS[kind]]
            if kind in _SUSPECTS:
                found[node] = node
    return found.values()


def _objection(node: ast.AST, blas: Blas) -> str:
    """Why the node is refused, or nothing."""
    if isinstance(node, ast.Name | ast.Attribute):
        return _objection_to_name(node)
    if isinstance(node, ast.Import):
        return next((f"import of {a.name}" for a in node.names if a.name not in IMPORTS), "")
    if isinstance(node, ast.ImportFrom):
        if node.module == BLAS and blas == "scipy" and [(a.name, a.asname) for a in node.names] == [("blas", None)]:
            return ""
        return "" if node.module in IMPORTS and node.level == 0 else f"import from {node.module}"
    return f"syntax {type(node).__name__}"


def _objection_to_name(node: ast.Name | ast.Attribute) -> str:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        listed = ATTRIBUTES.get(node.value.id)
        if listed is not None and node.attr not in listed:
            return f"attribute {node.value.id}.{node.attr}"
    name = node.id if isinstance(node, ast.Name) else node.attr
    if name.startswith("__") and name not in DUNDERS:
        return f"name {name}"
    if isinstance(node, ast.Name) and name in _FOREIGN:
        return f"builtin {name}"
    return ""
