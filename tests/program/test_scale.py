"""A number that multiplies a sum is part of the sum; where it is lost, or where it does not belong, that is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import sympy as sp

from symbp.derive.derivation import Derivation
from symbp.derive.network import derive_network
from symbp.forward.build import build_network
from symbp.program.operations import Fold, Scalar
from symbp.program.optimize import optimize
from symbp.program.passes import PASSES, Keep, Pass, scale
from symbp.program.program import Loop, Program
from symbp.program.verify import ProgramError, verify
from symbp.spec import parse_spec
from symbp.verify.programs import check_passes

TEXT = """
name: normalized
input: 6
layers: [dense: 5, layer_norm, dense: 3]
loss: softmax_cross_entropy
"""


def derivation() -> Derivation:
    return derive_network(build_network(parse_spec(TEXT)))


def test_a_mean_is_one_operation() -> None:
    program = optimize(derivation()).program
    factors = {str(op.factor.value) for op in folds(program) if op.factor}
    assert factors >= {"1/5", "1/N"}
    assert not any(op.factor for op in folds(optimize(derivation(), passes=()).program))


def test_a_factor_that_is_lost_is_seen() -> None:
    def losing(program: Program, keep: Keep) -> Program:
        return changed(scale(program, keep), lambda op: replace(op, factor=None))

    passes = tuple(Pass("scale", losing) if each.name == "scale" else each for each in PASSES)
    failed = [r for r in check_passes(derivation(), passes=passes) if not r.passed]
    assert {"scale"} <= {r.after for r in failed}
    assert "C" in {r.result for r in failed}


def test_only_a_sum_has_a_factor() -> None:
    program = optimize(derivation()).program
    double = Scalar(sp.Integer(2))
    with pytest.raises(ProgramError, match="a max has neither"):
        verify(changed(program, lambda op: replace(op, factor=double) if op.function == "max" else op))


def folds(program: Program) -> list[Fold]:
    items = program.items(tuple(program.routines))
    return [op for item in items for op in item.operations if isinstance(op, Fold)]


def changed(program: Program, change: Callable[[Fold], Fold]) -> Program:
    routines = {}
    for name, routine in program.routines.items():
        statements = [
            item
            if isinstance(item, Loop)
            else replace(item, operations=tuple(change(op) if isinstance(op, Fold) else op for op in item.operations))
            for item in routine.statements
        ]
        routines[name] = replace(routine, statements=tuple(statements))
    return replace(program, routines=routines)
