"""Questions about the syntax trees of equations: what stands in an index list, which names, which ranks."""

from __future__ import annotations

import ast

from symbp.formula.grammar import Line, read_lines


def assigned_names(text: str) -> tuple[str, ...]:
    """The tensors that the equations of a text assign, in order."""
    names = (line.left.value if isinstance(line.left, ast.Subscript) else line.left for line in read_lines(text))
    return tuple(dict.fromkeys(n.id for n in names if isinstance(n, ast.Name)))


def stated_rank(line: Line) -> tuple[str, int] | None:
    """The tensor that a line computes and its rank, where its indices say it."""
    if isinstance(line.left, ast.Subscript) and isinstance(line.left.value, ast.Name):
        places = items_of(line.left.slice)
        return None if any(map(has_ellipsis, places)) else (line.left.value.id, len(places))
    return None


def items_of(node: ast.expr) -> list[ast.expr]:
    return list(node.elts) if isinstance(node, ast.Tuple) else [node]


def is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def has_ellipsis(node: ast.expr) -> bool:
    return any(isinstance(n, ast.Constant) and n.value is ... for n in ast.walk(node))


def calls(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def names_in(line: Line) -> set[str]:
    return {n.id for side in (line.left, line.right) for n in ast.walk(side) if isinstance(n, ast.Name)}


def letters_in(line: Line) -> set[str]:
    """Names that stand only as indices: they may be used as the name of a bound index."""
    found: set[str] = set()
    for side in (line.left, line.right):
        for node in ast.walk(side):
            if isinstance(node, ast.Subscript):
                found |= {n.id for n in ast.walk(node.slice) if isinstance(n, ast.Name)}
    return found
