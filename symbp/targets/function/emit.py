"""Equations as a function of NumPy: what is computed first, then what it returns.

def gradient(X, w, y, c): ...
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import sympy as sp

from symbp.formula.defined import Determinant, Solution
from symbp.formula.equation import Equation, Formula
from symbp.formula.expression import Flat, elements
from symbp.formula.recurrence import in_groups
from symbp.matrices.find import find_matrices
from symbp.targets.environment import render
from symbp.targets.function.code import CodeError
from symbp.targets.function.elements import Elements
from symbp.targets.function.matrices import Matrices

HELPERS = ("_erf", "_logistic", "_read", "_softplus")
TAKEN = frozenset(("np", "math", *HELPERS))


def emit_function(
    formula: Formula, equations: Sequence[Equation], results: Sequence[str], name: str, *, says: str
) -> str:
    """A module with one function of the formula's inputs that returns the results; CodeError where there is no code.

    `equations` are in order of evaluation; those that the results do not need are left out.
    """
    given = formula.with_role("input", "parameter")
    for equation in equations:
        if any(isinstance(i, Flat) for i in equation.target.indices):
            raise CodeError(f"`{equation.target}` has two indices in one place")
    if any(group.direction for group in in_groups(tuple(equations))):
        raise CodeError("it steps along an index, each value from the one before; a layer of a spec may do so")
    odd = next((n for n in (*formula.tensors, *(s.name for s in _sizes(formula))) if n in TAKEN), None)
    if odd:
        raise CodeError(f"`{odd}` means something else in NumPy code")
    axes = {n: t.axes for n, t in formula.tensors.items()}
    axes |= {e.target.tensor: tuple(e.sizes[i] for i in e.target.indices) for e in equations}
    lines: list[str] = []
    for equation in _needed(equations, results):
        lines += _statements(equation, axes, {*axes, *(s.name for s in _sizes(formula))})
    lines = [re.sub(r"\b(\w+)('+)", lambda found: f"{found[1]}_{1 + len(found[2])}", line) for line in lines]
    used = {c for line in lines for c in _words(line)}
    sizes = {s.name: where for s, where in _sizes(formula).items() if s.name in used}
    body = [*(f"{n} = {where}" for n, where in sizes.items()), *lines]
    last = body.pop() if len(results) == 1 and body and body[-1].startswith(f"{results[0]} = ") else ""
    text = render(
        "function/function.py.jinja",
        name=name,
        arguments=", ".join(t.name for t in given),
        says=says,
        shapes=[f"{t.name}: {_shape(t.axes)}" for t in given],
        body=body,
        result=last.partition(" = ")[2] or ", ".join(results),
        helpers=[h for h in HELPERS if h in used],
    )
    return text


def _statements(equation: Equation, axes: Mapping[str, tuple[sp.Expr, ...]], taken: set[str]) -> list[str]:
    """The equation as a statement, after those for what it computes once and reads several times."""
    target = equation.target.tensor
    writer = Elements(equation.sizes, axes)
    body = equation.body
    if body == 0 and equation.target.indices:
        shape = ", ".join(writer.extent(i) for i in equation.target.indices)
        return [f"{target} = np.zeros(({shape}{',' * (len(equation.target.indices) == 1)}))"]
    if isinstance(body, Determinant):
        return [f"{target} = np.linalg.det({body.body.tensor})"]
    if isinstance(body, Solution):
        (matrix,) = elements(body.residual)
        return [f"{target} = np.linalg.inv({matrix.tensor})"]
    found = find_matrices(equation)
    if found is None:
        return [f"{target} = {writer.whole(body, equation.target.indices).text}"]
    shared: dict[str, str] = {}
    before: list[str] = []
    while True:
        matrices = Matrices(writer, shared)
        code = matrices.code(found)
        repeated = [text for text, count in matrices.seen.items() if count > 1 and text not in shared]
        if not repeated:
            return [*before, f"{target} = {code.text}"]
        text = min(repeated, key=len)
        name = next(n for n in (f"t{k}" for k in range(len(taken) + len(shared) + 1)) if n not in taken)
        taken.add(name)
        shared[text] = name
        before.append(f"{name} = {text}")


def _needed(equations: Sequence[Equation], results: Sequence[str]) -> list[Equation]:
    wanted, kept = set(results), []
    for equation in reversed(equations):
        if equation.target.tensor in wanted:
            kept.append(equation)
            wanted |= {e.tensor for e in elements(equation.body)}
    return kept[::-1]


def _sizes(formula: Formula) -> dict[sp.Symbol, str]:
    """Where each size is read off an argument."""
    found: dict[sp.Symbol, str] = {}
    for tensor in formula.with_role("input", "parameter"):
        for axis, extent in enumerate(tensor.axes):
            if extent.is_Symbol:
                found.setdefault(extent, f"{tensor.name}.shape[{axis}]")
    return found


def _shape(axes: tuple[sp.Expr, ...]) -> str:
    return f"({', '.join(map(str, axes))}{',' * (len(axes) == 1)})" if axes else "a number"


def _words(line: str) -> list[str]:
    return "".join(c if c.isalnum() or c == "_" else " " for c in line).split()
