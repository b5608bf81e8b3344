"""A text as a formula: in index notation where it has indices, else between matrices.

    sum[i](log(1 + exp(-y[i]*sum[j](X[i,j]*w[j]))))      ranks are read off the indices; the rest are numbers
    norm2(X @ w - y)**2 + c * w.T @ w                    shapes are found (symbp.matrices)

In index notation several equations are separated by `;`, and the last is what is differentiated. What has free indices
says so on the left: `y[i] = sum[k](A[i,k]*x[k])`. Tensors that stand in an index (`E[tok[n],d]`) are whole numbers.
Activations of the catalog may be called.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence

from symbp.errors import UserError
from symbp.formula.equation import Formula
from symbp.formula.grammar import NAME, RESERVED, FormulaError, Line, read_lines
from symbp.formula.parse import read_formula
from symbp.formula.scope import Declared, Scope
from symbp.formula.syntax import calls, items_of
from symbp.formula.typed import as_typed
from symbp.forward.inline import inlined
from symbp.forward.rows import callable_rows, whole_rows
from symbp.matrices import read_matrices

RESULTS = ("C", "f", "g", "h", "y", "result")  # what a result is called: the first that the text does not have
_INDEXED = re.compile(r"\w\s*\[")
_ASSIGNED = re.compile(r"\s*[A-Za-z]\w*\s*(\[[^\]]*\])?\s*=(?!=)")
_INTERNAL = re.compile(r"(d|t|D)_|.*_(inv|det)$")


def read_expression(text: str, shapes: Mapping[str, Sequence[str]] | None = None) -> Formula:
    """The formula of an expression; UserError where it cannot be read."""
    text = as_typed(text)
    words = set(re.findall(r"[A-Za-z]\w*", text))
    result = next((name for name in RESULTS if name not in words), "result_")
    if not _INDEXED.search(text):
        functions, wholes = {w: f for w in words if (f := inlined(w)) is not None}, whole_rows()
        formula = read_matrices(text, shapes, functions=functions, wholes=wholes, result=result)
        if formula.output.axes and formula.output.name == result:
            result = next((name for name in RESULTS[1:] if name not in words), result)
            formula = read_matrices(text, shapes, functions=functions, wholes=wholes, result=result)
    elif shapes:
        raise UserError("`--shape` is for expressions between matrices; here the indices say how many axes there are")
    else:
        formula = _by_indices(text, result)
    return _named(formula, text)


def read_equations(text: str) -> Formula:
    """The formula of equations in index notation, separated by `;`, also where nothing has an index."""
    return _named(_by_indices(text, RESULTS[0]), text)


def _named(formula: Formula, text: str) -> Formula:
    """The formula; FormulaError where a tensor has a name of the derivation's own."""
    odd = next((t.name for t in formula.with_role("input", "output") if _INTERNAL.match(t.name)), None)
    _determined(formula, text)
    if odd:
        raise FormulaError(f"`{odd}` is a name of the derivation's own; call the tensor something else", text.strip())
    return formula


def _determined(formula: Formula, text: str) -> None:
    """Every index takes as many values as an axis of a tensor that is given has."""
    known = {s for t in formula.with_role("input") for axis in t.axes for s in axis.free_symbols}
    for equation in formula.equations:
        for letter, extent in equation.sizes.items():
            if not extent.free_symbols <= known:
                raise FormulaError(
                    f"nothing says how many values index `{letter}` takes: where it stands alone, as in "
                    f"`x[{letter}]`, it takes as many as that axis has",
                    text.strip(),
                )


def _by_indices(text: str, result: str) -> Formula:
    *before, last = [part for part in text.split(";") if part.strip()] or [""]
    whole = "; ".join([*before, last if _ASSIGNED.match(last) else f"{result} = {last.strip()}"])
    lines = read_lines(whole)
    ranks: dict[str, int] = {}
    integers: set[str] = set()
    letters: set[str] = set()
    for line in lines:
        _look(line, ranks, integers, letters)
    assigned = [_name(line) for line in lines]
    rows = callable_rows()
    used = {n.id for line in lines for n in ast.walk(line.right) if isinstance(n, ast.Name)}
    plain = used - letters - set(ranks) - set(RESERVED) - set(rows) - set(assigned)
    given = {n: r for n, r in ranks.items() if n not in assigned} | dict.fromkeys(sorted(plain), 0)
    order = sorted(given, key=lambda n: re.search(rf"\b{n}\b", whole).start())  # type: ignore[union-attr]
    tensors = {n: Declared(given[n], "input", "int" if n in integers else "float") for n in order}
    free = _loose(lines[-1]) if not _ASSIGNED.match(last) else []
    if free:
        raise FormulaError(
            f"index `{free[0]}` is free; put it on the left, as in `{result}[{','.join(free)}] = ...`, or bind it: "
            f"`sum[{free[0]}](...)`",
            last.strip(),
        )
    return read_formula("expression", whole, Scope(tensors, {}, (assigned[-1],), rows))


def _name(line: Line) -> str:
    left = line.left.value if isinstance(line.left, ast.Subscript) else line.left
    if not isinstance(left, ast.Name) or not NAME.fullmatch(left.id):
        raise FormulaError("expected a name, with indices or without, before `=`", line.text)
    return left.id


def _look(line: Line, ranks: dict[str, int], integers: set[str], letters: set[str]) -> None:
    """Note the ranks of tensors, those that stand in an index, and the letters of indices."""
    binders = {id(n.func) for n in ast.walk(line.right) if isinstance(n, ast.Call)}
    for node in (*ast.walk(line.left), *ast.walk(line.right)):
        if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name):
            continue
        items = items_of(node.slice)
        if id(node) not in binders and ranks.setdefault(node.value.id, len(items)) != len(items):
            raise FormulaError(
                f"`{node.value.id}` has {len(items)} indices here and {ranks[node.value.id]} elsewhere", line.text
            )
        for item in items:
            inside = {id(n) for s in ast.walk(item) if isinstance(s, ast.Subscript) for n in ast.walk(s.slice)}
            for name in (n for n in ast.walk(item) if isinstance(n, ast.Name)):
                if any(isinstance(s, ast.Subscript) and s.value is name for s in ast.walk(item)):
                    integers.add(name.id)
                elif id(name) not in inside and not calls(item, name.id):
                    letters.add(name.id)


def _loose(line: Line) -> list[str]:
    """The letters of indices that no reduction binds, in order of appearance."""

    def visit(node: ast.AST, bound: frozenset[str]) -> list[str]:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Subscript):
            inner = frozenset(n.id for n in ast.walk(node.func.slice) if isinstance(n, ast.Name))
            return [name for argument in node.args for name in visit(argument, bound | inner)]
        found = []
        if isinstance(node, ast.Subscript):
            names = [n.id for n in ast.walk(node.slice) if isinstance(n, ast.Name)]
            tensors = {
                s.value.id
                for s in ast.walk(node.slice)
                if isinstance(s, ast.Subscript) and isinstance(s.value, ast.Name)
            }
            return [n for n in names if n not in bound and n not in tensors and n not in RESERVED]
        for child in ast.iter_child_nodes(node):
            found += visit(child, bound)
        return found

    return list(dict.fromkeys(visit(line.right, frozenset())))
