"""Products of zeros at the first step of a loop: left out, and only those; one too many is refused or seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from symbp import pipeline
from symbp.derive.derivation import Derivation
from symbp.derive.network import derive_network
from symbp.forward.build import build_network
from symbp.program.cost import Cost, Sizes, of_operation, of_steps
from symbp.program.operations import Contract
from symbp.program.optimize import optimize
from symbp.program.passes import Keep, Pass, every_pass
from symbp.program.program import Loop, Program, Routine, Statement
from symbp.program.start import started
from symbp.program.verify import ProgramError, verify
from symbp.spec import parse_spec
from symbp.verify.programs import check_passes

TEXT = """
name: recurrent
input: [5, 3]
layers: [{layer}, dense: 2]
loss: mse
define:
  layers:
    given:
      formula: "y[n,t,j] = tanh(x[n,t,j] + sum[k](where(t == 0, s[k], y[n,t-1,k])*V[k,j]))"
      parameters: {{V: {{axes: [k, j]}}, s: {{axes: [j]}}}}
"""


def derivation(layer: str = "lstm: 4") -> Derivation:
    return derive_network(build_network(parse_spec(TEXT.format(layer=layer))))


def products(program: Program, *names: str) -> Iterator[Contract]:
    """Those of the loops of these routines, all where none are named."""
    for item in program.items(names or tuple(program.routines)):
        yield from (op for op in item.operations if isinstance(item, Loop) and isinstance(op, Contract))


@pytest.mark.parametrize("layer", ["lstm: 4", "rnn: 4", "gru: 4", "rnn: {units: 4, reverse: true}"])
def test_a_product_of_a_state_comes_later(layer: str) -> None:
    made = derivation(layer)
    assert any(op.later for op in products(optimize(made).program))
    assert not any(op.later for op in products(optimize(made, without=frozenset({"first step"})).program))
    assert all(result.passed for result in check_passes(made))


def test_a_state_that_is_given_is_multiplied() -> None:
    made = derivation("given")
    program = optimize(made).program
    assert not any(op.later for op in products(program, "forward"))
    assert all(result.passed for result in check_passes(made))


def test_the_module_computes_one_product_less() -> None:
    module = pipeline.generate(parse_spec(TEXT.format(layer="lstm: 4")), check=False).module
    assert "if t > 0:" in module
    assert "if t < 4:" in module


def test_a_step_less_is_counted() -> None:
    program = optimize(derivation()).program
    sizes = Sizes(program.arrays, 2, 4)
    op = next(op for op in products(program) if op.later)
    zeros = Cost(0, 0, sizes.bytes(op.out))
    assert of_steps(op, sizes, 5) == of_operation(op, sizes) * 4 + zeros


def test_a_product_of_what_is_no_zeros_is_refused() -> None:
    program = optimize(derivation("given"), without=frozenset({"first step"})).program
    with pytest.raises(ProgramError, match="no operand is zeros at the first step"):
        verify(all_later(program))


def test_a_product_that_is_left_out_where_it_is_no_zeros_is_seen() -> None:
    def wrong(program: Program, keep: Keep) -> Program:
        return all_later(started(program))

    passes = [Pass("first step", wrong) if each.name == "first step" else each for each in every_pass()]
    failed = [result for result in check_passes(derivation("given"), passes=passes) if not result.passed]
    assert {"first step"} <= {result.after for result in failed}


def all_later(program: Program) -> Program:
    """Every product of a loop marked."""

    def marked(statement: Statement) -> Statement:
        operations = (replace(op, later=True) if isinstance(op, Contract) else op for op in statement.operations)
        return replace(statement, operations=tuple(operations))

    routines = {
        name: Routine(name, tuple(i.with_statements(marked) if isinstance(i, Loop) else i for i in routine.statements))
        for name, routine in program.routines.items()
    }
    return replace(program, routines=routines)
