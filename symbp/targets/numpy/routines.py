"""A routine of the program as the body of a function: blocks with their shapes, statements with their formulas.

Not here: the arrays' allocation; the order in which an update walks over its vectors.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

from symbp.explain.naming import Naming
from symbp.explain.notation import write
from symbp.formula.equation import Equation
from symbp.program.operands import is_alias, reads
from symbp.program.program import Array, Op, Range, Statement
from symbp.targets.numpy import source
from symbp.targets.numpy.operations import lines
from symbp.targets.numpy.scope import Scope
from symbp.targets.text.mathematics import write as text

ARGUMENTS = {"params": "Parameters", "gradients": "Parameters", "ws": "Workspace", "x": "Array", "y": "Array"}


def operations(statements: Iterable[Statement]) -> list[Op]:
    """The operations of statements, in order."""
    return [op for statement in statements for op in statement.operations]


def arguments(code: Sequence[str]) -> list[str]:
    """Those of `params, gradients, ws, x, y` that lines of code mention."""
    words = {word for line in code for word in re.findall(r"(?<![\w.])[a-z]+(?![\w(])", line.partition("#")[0])}
    return [name for name in ARGUMENTS if name in words]


def body(statements: Sequence[Statement], scope: Scope) -> list[str]:
    """The statements in order, a blank line and a heading before each block."""
    code: list[str] = []
    for block, group in groupby(statements, key=lambda statement: statement.block):
        members = tuple(group)
        code += ["", *source.comment(heading(block, members, scope), scope.depth, hanging="    ")]
        for statement in members:
            code += computed(statement, scope)
    if any(re.search(r"(?<![\w.])n\b", line.partition("#")[0]) for line in code):
        return [*scope.line("n = ws.n"), *code]
    return code[1:]


def computed(statement: Statement, scope: Scope) -> list[str]:
    """One statement: its formula, then its operations."""
    number = f"({statement.number}) " if statement.number else ""
    code = source.comment(number + formula(statement.equation), scope.depth, hanging="    ")
    return code + [line for op in statement.operations for line in lines(op, scope)]


def heading(block: str, statements: Sequence[Statement], scope: Scope) -> str:
    """`dense_1: x (n, 784), W (784, 512), b (512) -> z (n, 512)`."""
    these = operations(statements)
    written = {op.out for op in these}
    counting = scope.ranges | scope.views_of_ranges
    inputs = dict.fromkeys(name for op in these for name in reads(op) if name not in written | counting)
    outputs = dict.fromkeys(s.operations[-1].out for s in statements if s.operations)
    before, after = (", ".join(_described(scope.arrays[name], block) for name in names) for names in (inputs, outputs))
    return f"{block}: {before} -> {after}"


def _described(array: Array, block: str) -> str:
    name = array.name.removeprefix(f"{block}.").replace(f"d_{block}.", "d_")
    return f"{name} ({', '.join(map(str, array.shape))})" if array.shape else name


def formula(equation: Equation) -> str:
    """The equation in mathematical notation."""
    return " = ".join(text(write(side, Naming())) for side in (equation.target, equation.body))


def stored(op: Op) -> bool:
    """Whether the operation's result is an array of its own: neither a view nor a range."""
    return not is_alias(op) and not isinstance(op, Range)
