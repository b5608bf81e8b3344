"""Functions of a whole vector or matrix, given in index notation, such as a softmax: over the last axis."""

from __future__ import annotations

import ast

import sympy as sp

from symbp.formula.equation import Equation, Formula
from symbp.formula.expression import Element, element
from symbp.formula.indices import Names, rename_bound
from symbp.matrices.parts import Index, Part, Parts, present


def whole(reader: Parts, node: ast.Call, name: str) -> Part:
    """The function of a part: equations of its own, and the tensor that they compute."""
    inner = reader.part(node.args[0])
    reader.no_number(node.args[0], inner)

    def entry(row: Index, column: Index) -> sp.Expr:
        of = reader.tensor_of(node.args[0], inner)
        formula = reader.wholes[name](len(reader.axes(inner.shape)))
        made = reader.apart(ast.Name(of), name, lambda result: _take(reader, inner, formula, of, result))
        rows, columns = inner.shape.dims
        return element(made, *present(None if rows.one else row, None if columns.one else column))

    return Part(inner.shape, entry)


def _take(reader: Parts, inner: Part, formula: Formula, of: str, result: str) -> None:
    """The formula's equations, with the names and sizes of the statement."""
    (argument,) = formula.with_role("input")
    names = {argument.name: of, formula.output.name: result}
    extents = dict(zip(argument.axes, reader.axes(inner.shape), strict=True))
    for equation in formula.equations:
        name = names.setdefault(equation.target.tensor, reader.names.numbered(f"{result}_{equation.target.tensor}"))
        reader.fresh = Names()
        free = [reader.index(d) for d in inner.shape.dims]
        body = _renamed(reader, equation, names, extents)
        places = dict(zip(equation.target.indices, present(*free), strict=True))
        reader.equation(name, present(*free), body.xreplace(places))


def _renamed(reader: Parts, equation: Equation, names: dict[str, str], extents: dict[sp.Expr, sp.Expr]) -> sp.Expr:
    """The right side with the statement's tensors, its bound indices unlike those that are free."""
    sizes = {s: extents[extent] for s, extent in equation.sizes.items()}
    body = rename_bound(equation.body, Names([*reader.fresh.taken, *(s.name for s in sizes)]), sizes)
    reader.sizes |= sizes
    return body.replace(lambda n: isinstance(n, Element), lambda n: element(names[n.tensor], *n.indices))
