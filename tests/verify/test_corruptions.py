"""Rung 6 of the ladder: each part is broken on purpose, and no module comes out; the gate ran, and says what it saw.

What is broken: calculus, the delta algebra, saved values, stable forms, the collection of terms; passes, the order of
statements, the memory plan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sympy as sp
from click.testing import CliRunner
from targets.numpy.small_networks import SPECS

from symbp import pipeline
from symbp.cli import main
from symbp.derive import deltas, derive, differentiate, saved, simplify, stable
from symbp.derive.network import derive_network
from symbp.errors import DefectError
from symbp.formula.expression import logistic
from symbp.forward.build import build_network
from symbp.program.operands import reads
from symbp.program.operations import Fold, Map, Op
from symbp.program.optimize import optimize
from symbp.program.passes import PASSES, Keep, Pass
from symbp.program.plan import Plan, plan_buffers
from symbp.program.program import Program, Routine, Statement
from symbp.program.verify import ProgramError
from symbp.targets.load import GradientError, check_module
from symbp.verify.steps import StepReading, check_derivation

SPEC = SPECS["regression"]  # dense, tanh, dense, mean squared error


@pytest.fixture
def gates(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the modules whose gradient was checked."""
    seen: list[str] = []

    def counted(text: str, name: str, *rest: Any) -> None:
        seen.append(name)
        check_module(text, name, *rest)

    monkeypatch.setattr(pipeline, "check_module", counted)
    return seen


def test_nothing_broken_nothing_refused(gates: list[str]) -> None:
    assert pipeline.generate(SPEC).module
    assert gates == [SPEC.name]
    assert all(r.passed for each in check_derivation(derive_network(build_network(SPEC))).values() for r in each)


# the derivation: the gate refuses the module, and the steps say which rule is wrong


def _twice(function: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(*arguments: Any) -> Any:
        found = function(*arguments)
        return None if found is None else 2 * found

    return wrong


def _further(function: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(*arguments: Any) -> Any:
        found = function(*arguments)
        return found + 1 if isinstance(found, sp.Symbol) else found

    return wrong


def _turned(function: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(expression: sp.Expr) -> Any:
        return function(expression.replace(lambda n: n.is_Pow and n.exp == 2, lambda n: -n))

    return wrong


def _bent_rules() -> tuple[stable.Rule, ...]:
    """Every rule that leads to a logistic function leads to its mirror image."""

    def bend(rule: stable.Rule) -> stable.Rule:
        def apply(node: sp.Expr) -> sp.Expr:
            found = rule.apply(node)
            return found if found == node else found.replace(logistic, lambda x: logistic(-x))

        return replace(rule, apply=apply)

    return tuple(map(bend, stable.RULES))


BROKEN: dict[str, tuple[str, Any, str, Callable[[Any], Any], str]] = {  # spec, module, name, corruption, rule
    "calculus": ("regression", differentiate, "_slope", _twice, "differentiate"),
    "the delta algebra": ("regression", deltas, "_solution", _further, "contract delta"),
    "collection": ("regression", simplify, "tidy", _turned, "collect"),
    "a saved value": ("binary", saved, "_invert", _twice, "saved value"),
    "a stable form": ("binary", stable, "RULES", lambda _: _bent_rules(), "stable form"),
}


@pytest.mark.parametrize("part", BROKEN)
def test_a_broken_derivation_is_refused(part: str, monkeypatch: pytest.MonkeyPatch, gates: list[str]) -> None:
    name, room, function, corruption, rule = BROKEN[part]
    monkeypatch.setattr(room, function, corruption(getattr(room, function)))
    monkeypatch.setattr(derive, "_DERIVED", {})  # nothing that was derived before the corruption
    with pytest.raises(GradientError, match=r"gradient disagrees with central differences: .*nothing is written"):
        pipeline.generate(SPECS[name])
    assert gates == [SPECS[name].name]
    readings = check_derivation(derive_network(build_network(SPECS[name])))
    failed = [r for each in readings.values() for r in each if not r.passed]
    assert rule in {_rule(r) for r in failed}


def _rule(reading: StepReading) -> str:
    return reading.rule


# the program: passes, order, buffers


def _in_backward(program: Program, change: Callable[[list[Op]], list[Op]]) -> Program:
    """The program with the operations of its backward routine changed, statement by statement."""
    routine = program.routines["backward"]
    statements = tuple(replace(s, operations=tuple(change(list(s.operations)))) for s in routine.statements)
    return replace(program, routines={**program.routines, "backward": replace(routine, statements=statements)})


def _adds(operations: list[Op]) -> list[Op]:
    return [replace(o, function="add") if isinstance(o, Map) and o.function == "multiply" else o for o in operations]


def _confuses(operations: list[Op]) -> list[Op]:
    return [
        replace(o, operands=(o.operands[0], o.operands[0])) if isinstance(o, Map) and o.function == "multiply" else o
        for o in operations
    ]


def _forgets(operations: list[Op]) -> list[Op]:
    return operations[:-1]


def _largest(operations: list[Op]) -> list[Op]:
    return [replace(o, function="max") if isinstance(o, Fold) and o.function == "sum" else o for o in operations]


def _pass(change: Callable[[list[Op]], list[Op]]) -> Pass:
    def apply(program: Program, keep: Keep) -> Program:
        changed = _in_backward(PASSES[0].apply(program, keep), change)
        assert changed != program, "nothing was broken"
        return changed

    return replace(PASSES[0], apply=apply)


def _backwards(program: Program, keep: Keep) -> Program:
    routine = program.routines["backward"]
    statements: Sequence[Statement] = routine.statements[::-1]
    return replace(program, routines={**program.routines, "backward": Routine("backward", tuple(statements))})


PROGRAMS: dict[str, Pass] = {
    "adds where it should multiply": _pass(_adds),
    "takes one operand for the other": _pass(_confuses),
    "forgets the last operation of every gradient": _pass(_forgets),
    "takes the largest in place of the sum": _pass(_largest),
    "turns the order of statements": Pass("order", _backwards),
}


@pytest.mark.parametrize("corruption", PROGRAMS)
def test_a_broken_pass_is_refused(corruption: str, monkeypatch: pytest.MonkeyPatch, gates: list[str]) -> None:
    passes = (PROGRAMS[corruption], *PASSES[1:])
    monkeypatch.setattr(pipeline, "optimize", partial(optimize, passes=passes))
    with pytest.raises((GradientError, ProgramError)) as refused:
        pipeline.generate(SPEC)
    assert (gates == [SPEC.name]) is isinstance(refused.value, GradientError)


def _shared(program: Program, keep: frozenset[str], shown: frozenset[str]) -> Plan:
    """The plan with one buffer for two arrays of a shape of which one is needed after the other is written."""
    plan = plan_buffers(program, keep, shown)
    forward = [op for s in program.routines["forward"].statements for op in s.operations]
    later = {
        n
        for name in ("loss", "backward")
        for s in program.routines[name].statements
        for o in s.operations
        for n in reads(o)
    }
    saved_values = [op.out for op in forward if op.out in later and op.out in plan.buffer_of]
    for first in saved_values:
        for name in ("loss", "backward"):
            for op in (o for s in program.routines[name].statements for o in s.operations):
                one, other = program.arrays[first], program.arrays[op.out]
                if (
                    op.out in plan.buffer_of
                    and (one.shape, one.kind) == (other.shape, other.kind)
                    and op.out not in forward
                    and plan.buffer_of[op.out] != plan.buffer_of[first]
                ):
                    return replace(plan, buffer_of={**plan.buffer_of, op.out: plan.buffer_of[first]})
    raise AssertionError("no two arrays to confuse")


def test_a_broken_memory_plan_is_refused(monkeypatch: pytest.MonkeyPatch, gates: list[str]) -> None:
    monkeypatch.setattr("symbp.program.optimize.plan_buffers", _shared)
    with pytest.raises(ProgramError, match="is read after it was written over"):
        pipeline.generate(SPECS["classifier"])
    assert gates == []


TEXT = """
name: refused
input: 4
layers: [dense: 5, tanh, dense: 3]
loss: mse
"""


def test_the_command_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gates: list[str]) -> None:
    """`symbp generate` with a broken pass: another exit status, and a file that was there stays as it was."""
    (tmp_path / "refused.yaml").write_text(TEXT)
    command = ["generate", str(tmp_path / "refused.yaml"), "-o", str(tmp_path / "out")]
    assert CliRunner().invoke(main, command).exit_code == 0
    before = {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()}
    passes = (PROGRAMS["adds where it should multiply"], *PASSES[1:])
    monkeypatch.setattr(pipeline, "optimize", partial(optimize, passes=passes))
    refused = CliRunner().invoke(main, command)
    assert isinstance(refused.exception, DefectError) or refused.exit_code not in (0, 2)
    assert gates == ["refused", "refused"]
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()} == before
    elsewhere = tmp_path / "elsewhere"
    CliRunner().invoke(main, [*command[:-1], str(elsewhere)])
    assert not elsewhere.exists() or not list(elsewhere.iterdir())
