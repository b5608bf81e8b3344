"""A routine of the program as a function: blocks with their shapes, statements with their formulas.

Not here: the arrays' allocation; the update, which belongs to the trainer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from symbp.explain.naming import Naming
from symbp.explain.notation import write
from symbp.program.program import Array, Routine, Statement
from symbp.targets.numpy import source
from symbp.targets.numpy.operations import Scope, lines, reads
from symbp.targets.text.mathematics import write as text

ARGUMENTS = {"params": "Parameters", "gradients": "Parameters", "ws": "Workspace", "x": "Array", "y": "Array"}


def arguments(routine: Routine, scope: Scope) -> list[str]:
    """Those of `params, gradients, ws, x, y` that the routine mentions."""
    operations = [op for statement in routine.statements for op in statement.operations]
    mentioned = {scope.names[name].partition(".")[0] for op in operations for name in (op.out, *reads(op))}
    return [name for name in ARGUMENTS if name in mentioned]


def body(statements: Sequence[Statement], scope: Scope) -> list[str]:
    """The statements in order, a blank line and a heading before each block."""
    margin, code = source.INDENT * scope.depth, list[str]()
    for block, group in groupby(statements, key=lambda statement: statement.block):
        members = tuple(group)
        code += ["", *source.comment(heading(block, members, scope), scope.depth, hanging="    ")]
        for statement in members:
            code += source.comment(formula(statement), scope.depth, hanging="    ")
            code += [line for op in statement.operations for line in lines(op, scope)]
    if any(re.search(r"(?<![\w.])n\b", line.partition("#")[0]) for line in code):
        return [f"{margin}n = ws.n", *code]
    return code[1:]


def heading(block: str, statements: Sequence[Statement], scope: Scope) -> str:
    """`dense_1: x (n, 784), W (784, 512), b (512) -> z (n, 512)`."""
    operations = [op for statement in statements for op in statement.operations]
    written = {op.out for op in operations}
    inputs = dict.fromkeys(name for op in operations for name in reads(op) if name not in written)
    outputs = dict.fromkeys(s.operations[-1].out for s in statements if s.operations)
    before, after = (", ".join(_described(scope.arrays[name], block) for name in names) for names in (inputs, outputs))
    return f"{block}: {before} -> {after}"


def _described(array: Array, block: str) -> str:
    name = array.name.removeprefix(f"{block}.").replace(f"d_{block}.", "d_")
    return f"{name} ({', '.join(map(str, array.shape))})" if array.shape else name


def formula(statement: Statement) -> str:
    """The equation that a statement computes, behind the number of its derivation step."""
    number = f"({statement.number}) " if statement.number else ""
    left, right = (text(write(side, Naming())) for side in (statement.equation.target, statement.equation.body))
    return f"{number}{left} = {right}"
