"""Matrices laid out before a loop: the same results, a product that reads along rows, and no copy where none pays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from symbp import pipeline
from symbp.derive.derivation import Derivation
from symbp.derive.network import derive_network
from symbp.forward.build import build_network
from symbp.program.library import Library
from symbp.program.operations import Contract, Op, View
from symbp.program.optimize import optimize
from symbp.program.passes import Keep, Pass, every_pass
from symbp.program.program import Loop, Program, Statement
from symbp.program.transpose import transposed
from symbp.spec import parse_spec
from symbp.verify.programs import check_passes

SPEC = """
name: recurrent
input: [{steps}, 6]
layers: [{layer}, dense: 2]
loss: mse
blas: {blas}
"""


def derivation(layer: str = "gru: 4", steps: int = 9) -> Derivation:
    return derive_network(build_network(parse_spec(SPEC.format(steps=steps, layer=layer, blas="numpy"))))


def loops(program: Program) -> list[Loop]:
    return [item for item in program.items(("backward",)) if isinstance(item, Loop)]


def across(program: Program) -> list[Contract]:
    """The products of loops that read a parameter across its rows."""
    products = [op for loop in loops(program) for op in loop.operations if isinstance(op, Contract)]
    parameters = [(op.left, op.left_axes, op) for op in products] + [(op.right, op.right_axes, op) for op in products]
    return [
        op
        for name, axes, op in parameters
        if program.arrays[name].storage == "parameter" and op.out_axes[-1] == axes[0]
    ]


@pytest.mark.parametrize("layer", ["gru: 4", "lstm: 4", "rnn: 4"])
def test_no_step_reads_a_matrix_across_its_rows(layer: str) -> None:
    made = derivation(layer)
    assert across(optimize(made, without=frozenset({"transpose"})).program)
    assert not across(optimize(made).program)
    assert across(optimize(made, library=Library(reads_across=True)).program)
    assert all(result.passed for result in check_passes(made))


def test_few_steps_need_no_copy() -> None:
    assert across(optimize(derivation(steps=7)).program)


def test_a_copy_that_is_not_transposed_is_seen() -> None:
    def straight(program: Program, keep: Keep) -> Program:
        changed = transposed(program, 64)
        routine = changed.routines["backward"]
        statements = tuple(
            replace(item, operations=tuple(wrong(op) for op in item.operations))
            if isinstance(item, Statement) and "transposed" in item.equation.target.tensor
            else item
            for item in routine.statements
        )
        return replace(changed, routines={**changed.routines, "backward": replace(routine, statements=statements)})

    def wrong(op: Op) -> Op:
        return replace(op, axes=(0, 1)) if isinstance(op, View) else op

    passes = [Pass("transpose", straight) if each.name == "transpose" else each for each in every_pass()]
    failed = [result for result in check_passes(derivation("rnn: 4"), passes=passes) if not result.passed]
    assert {"transpose"} <= {result.after for result in failed}


def test_names_of_tensors_are_not_taken() -> None:
    second = "tanh(x[n,t,j] + sum[k](y[n,t-1,k]*V[k,j] + V_transposed[j,k]**2))"
    formula = f"V_transposed[j,k] = sin(Q[k,j])\\ny[n,t,j] = {second}"
    parameters = "parameters: {V: {axes: [k, j]}, Q: {axes: [k, j]}}, sizes: {k: units}"
    own = f'define: {{layers: {{lay: {{formula: "{formula}", {parameters}}}}}}}'
    spec = parse_spec(SPEC.format(steps=9, layer="lay: {units: 6}", blas="numpy") + own)
    found = []
    for without in ((), ("transpose",)):
        made = pipeline.generate(spec, dtype="float64", check=False, without=without)
        module, draw = pipeline.load_module(made), np.random.default_rng(0)
        x, y = draw.standard_normal((5, 9, 6)), draw.standard_normal((5, 9, 2))
        found.append(module.loss_and_gradients(module.init(3, np.float64), x, y)[1].flat)
    np.testing.assert_allclose(*found, rtol=0, atol=1e-13 * np.abs(found[1]).max())


@pytest.mark.parametrize("layer", ["lstm: 128", "lstm: 130", "gru: {units: 40}", "rnn: {units: 200}", "rnn: 512"])
def test_matrices_whose_rows_fall_on_the_same_places_of_the_cache_are_copied_a_few_rows_at_a_time(layer: str) -> None:
    spec = parse_spec(SPEC.format(steps=9, layer=layer, blas="numpy"))
    texts = [pipeline.generate(spec, dtype="float64", check=False, without=w).module for w in ((), ("transpose",))]
    assert ("rows at a time" in texts[0]) == (layer in ("lstm: 128", "rnn: 512"))
    modules = [pipeline.load_source(text, "recurrent") for text in texts]
    draw = np.random.default_rng(0)
    x, y = draw.standard_normal((5, 9, 6)), draw.standard_normal((5, 9, 2))
    found = [module.loss_and_gradients(module.init(3, np.float64), x, y)[1].flat for module in modules]
    np.testing.assert_allclose(found[0], found[1], rtol=0, atol=1e-13 * np.abs(found[1]).max())
