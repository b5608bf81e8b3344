"""A network's own names hide nothing that a routine reads by a plain name: one table holds what is taken."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Iterator
from pathlib import Path

import pytest

from symbp import pipeline
from symbp.spec import parse_spec
from symbp.targets.numpy.functions import SUMMARIES
from symbp.targets.numpy.names import TAKEN, own

MODULES = sorted((Path(__file__).parents[3] / "generated").glob("*.py"))
SPEC = """
name: hostile
input: [6, 5]
layers: [stepped, dense: 3]
loss: mse
blas: {blas}
define:
  layers:
    stepped:
      formula: |
        s[n,{index},j] = x[n,{index},j] + sum[u](w[u]*y[n,{index}-1,j+u-1])
        y[n,{index},j] = tanh(s[n,{index},j])
      parameters:
        w: {{axes: [u]}}
      sizes: {{u: 3}}
"""
HOSTILE = (
    "range",
    "reversed",
    "zip",
    "os",
    "blas",
    "np",
    "product",
    "columns",
    "rows",
    "count",
    "start",
    "k",
    "input",
    "ws",
)


def routines(module: str) -> Iterator[ast.FunctionDef]:
    """The functions that carry out the program."""
    for node in ast.parse(module).body:
        if isinstance(node, ast.FunctionDef) and node.name.removeprefix("_") in SUMMARIES and node.name[0] == "_":
            yield node


def names(node: ast.AST, context: type[ast.expr_context]) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, context)}


def check(module: str, index: str) -> None:
    """What a routine reads and sets is in the table; what is not, is an index or a slice at it, and set before."""
    found = list(routines(module))
    assert found
    for routine in found:
        stored = {name for statement in routine.body for name in names(statement, ast.Store)}
        read = {name for statement in routine.body for name in names(statement, ast.Load)}
        assert {name for name in stored - TAKEN if name != own(index) and not name.endswith(f"_{index}")} == set()
        assert {name for name in read - stored - TAKEN if not name.startswith("_")} == set()
        for loop in (node for node in ast.walk(routine) if isinstance(node, ast.For)):
            inside = {name for statement in loop.body for name in names(statement, ast.Store)}
            assert not names(loop.target, ast.Store) & inside, ast.unparse(loop)
            assert not names(loop.target, ast.Store) & names(loop.iter, ast.Load), ast.unparse(loop)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_routine_of_the_zoo_sets_what_the_table_holds(path: Path) -> None:
    if path.stem != "__init__":
        check(path.read_text(), "t")


@pytest.mark.parametrize("blas", ["numpy", "scipy"])
@pytest.mark.parametrize("index", HOSTILE)
def test_an_index_of_any_name_hides_nothing(index: str, blas: str) -> None:
    made = pipeline.generate(parse_spec(SPEC.format(index=index, blas=blas)))  # whose gradient is checked
    check(made.module, index)


def test_names_that_are_taken_are_changed() -> None:
    assert own("t") == "t"
    assert {own(name) for name in TAKEN}.isdisjoint(TAKEN)
    assert not any(keyword.iskeyword(own(name)) for name in HOSTILE)
