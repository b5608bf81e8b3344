"""A number goes to where it multiplies the fewest numbers, and no further; where it is lost, that is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import sympy as sp

from symbp import pipeline
from symbp.derive.derivation import Derivation
from symbp.derive.network import derive_network
from symbp.forward.build import build_network
from symbp.plan.savings import savings
from symbp.program.operations import Contract, Fold, Map, Op, Scalar, Scatter
from symbp.program.optimize import optimize
from symbp.program.passes import PASSES, Keep, Pass
from symbp.program.program import Loop, Program
from symbp.program.scale import scaled
from symbp.program.verify import ProgramError, verify
from symbp.spec import parse_spec
from symbp.verify.programs import check_passes

BATCH = 8
NORMALIZED = """
name: normalized
input: 6
layers: [dense: 5, layer_norm, dense: 3]
loss: softmax_cross_entropy
"""
ATTENTION = """
name: attention
input: [{length}, 8]
layers: [multi_head_attention: 2, dense: 2]
loss: mse
"""
LAYER = """
name: layer
input: [6, 3]
layers: [scores]
loss: mse
define:
  layers:
    scores:
      formula: |
        q[n,t,d] = sum[i](x[n,t,i] * W[i,d])
        {formula}
      parameters:
        W: {{axes: [i, d], initializer: normal}}
        K: {{axes: [u, d], initializer: normal}}
      sizes: {{d: 4, u: 64}}
"""


def derivation(text: str = NORMALIZED) -> Derivation:
    return derive_network(build_network(parse_spec(text)))


def program(text: str, batch: int = BATCH) -> Program:
    return optimize(derivation(text), batch=batch).program


def made_at(batch: int) -> tuple[Pass, ...]:
    """The passes, of which `scale` counts for batches of this size."""

    def apply(program: Program, keep: Keep) -> Program:
        return scaled(program, keep, batch)

    return tuple(Pass("scale", apply) if each.name == "scale" else each for each in PASSES)


def test_a_mean_is_one_operation() -> None:
    factors = {str(op.factor.value) for op in operations(program(NORMALIZED)) if isinstance(op, Fold) and op.factor}
    assert factors >= {"1/5", "1/N"}
    assert not any(isinstance(op, Fold) and op.factor for op in operations(optimize(derivation(), passes=()).program))


def test_scores_of_attention_are_scaled_before_they_are_that_many() -> None:
    """Of two factors with eight places of four numbers, one is scaled in place of the scores and of a gradient."""
    long = program(ATTENTION.format(length=8))
    forward = [out for out, _ in multiplied(long, "forward")]
    assert forward == ["multi_head_attention_1.k.scaled"]
    assert [out for out, _ in multiplied(long, "backward")] == ["d_dense_1.z", "d_multi_head_attention_1.k"]
    readers = [op.out for op in operations(long) if isinstance(op, Contract) and forward[0] in (op.left, op.right)]
    assert readers == ["multi_head_attention_1.s", "d_multi_head_attention_1.q"]
    assert "multi_head_attention_1.k" not in {op.right for op in operations(long) if isinstance(op, Contract)}


def test_of_short_sequences_the_scores_are_fewer() -> None:
    short = program(ATTENTION.format(length=2))
    assert [out for out, _ in multiplied(short, "forward")] == ["multi_head_attention_1.s"]
    found = [out for out, _ in multiplied(short, "backward")]
    assert found == ["d_dense_1.z", "d_multi_head_attention_1.s.scaled"]


@pytest.mark.parametrize("length", [2, 8])
def test_attention_computes_the_same(length: int) -> None:
    assert all(r.passed for r in check_passes(derivation(ATTENTION.format(length=length)), passes=made_at(BATCH)))


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ("y[n,t,u] = tanh(0.5 * sum[d](q[n,t,d] * K[u,d]))", "scores_1.q.scaled"),
        ("y[n,t,u] = tanh(sum[d](q[n,t,d] * K[u,d]) / 4 - q[n,t,1])", "scores_1.q.scaled"),
        ("y[n,t,u] = tanh(2 * sum[d](q[n,t,d] * K[u,d]))", ""),
        ("y[n,t,u] = 0.5 * exp(sum[d](q[n,t,d] * K[u,d]))", ""),
    ],
)
def test_numbers_of_a_layer(formula: str, found: str) -> None:
    """One above 1 stays where it is, as does one that multiplies what is not linear."""
    made = program(LAYER.format(formula=formula))
    assert [out for out, _ in multiplied(made, "forward") if out.endswith("scaled")] == [found] * bool(found)
    assert all(r.passed for r in check_passes(derivation(LAYER.format(formula=formula)), passes=made_at(BATCH)))


def test_what_is_read_elsewhere_stays() -> None:
    formula = """s[n,t,u] = tanh(0.5 * sum[d](q[n,t,d] * K[u,d]))
        y[n,t,u] = s[n,t,u] * sum[d](q[n,t,d] * K[u,d])"""
    made = program(LAYER.format(formula=formula))
    assert [out for out, _ in multiplied(made, "forward")] == ["scores_1.z_s"]


def test_one_of_a_batch_that_is_copied_is_multiplied_instead() -> None:
    """(a - 1 at the label) / N of cross entropy: one pass over a, which others read too."""
    made = program(NORMALIZED)
    assert multiplied(made, "backward")[0] == ("d_dense_2.z", "1/N")
    last = [op for op in operations(made, "backward") if isinstance(op, Scatter)][-1]
    assert (last.base, str(last.source)) == ("d_dense_2.z", "Scalar(value=-1/N)")


def test_no_batch_pays_for_another() -> None:
    """A matrix has fewer numbers than the places of a batch, but more than those of one."""
    text = LAYER.format(formula="y[n,t,u] = tanh(0.5 * sum[d](q[n,t,d] * K[u,d]))")
    assert "scores_1.K.scaled" in {out for out, _ in multiplied(program(text, 4096), "forward")}
    one = text.replace("[6, 3]", "[1, 3]")
    assert "scores_1.q.scaled" in {out for out, _ in multiplied(program(one, 4096), "forward")}


def test_the_plan_says_what_it_saves() -> None:
    made = pipeline.program(parse_spec(ATTENTION.format(length=64)))
    saved = savings(made, BATCH, lambda names: [name for name in names if name == "scale"]).by["scale"]
    assert saved.operations >= BATCH * 2 * 64 * 64
    assert saved.moved >= 8 * saved.operations


def multiplied(program: Program, routine: str) -> list[tuple[str, str]]:
    """What a number alone multiplies there, and the number."""
    return [
        (op.out, str(number.value))
        for op in operations(program, routine)
        if isinstance(op, Map) and op.function == "multiply"
        for number in op.operands
        if isinstance(number, Scalar)
    ]


def test_a_factor_that_is_lost_is_seen() -> None:
    def losing(program: Program, keep: Keep) -> Program:
        return changed(scaled(program, keep, BATCH), lambda op: replace(op, factor=None))

    passes = tuple(Pass("scale", losing) if each.name == "scale" else each for each in PASSES)
    failed = [r for r in check_passes(derivation(), passes=passes) if not r.passed]
    assert {"scale"} <= {r.after for r in failed}
    assert "C" in {r.result for r in failed}


def test_only_a_sum_has_a_factor() -> None:
    double = Scalar(sp.Integer(2))
    with pytest.raises(ProgramError, match="a max has neither"):
        verify(changed(program(NORMALIZED), lambda op: replace(op, factor=double) if op.function == "max" else op))


def operations(program: Program, *routines: str) -> Iterator[Op]:
    for item in program.items(routines or tuple(program.routines)):
        yield from item.operations


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


def weighted(weight: float) -> str:
    spec = f"""
name: weighted
input: 49
layers: [{{dense: {{units: 49, name: out}}}}]
losses: [{{loss: bce_with_logits, on: out, target: x, weight: {weight}}}]
"""
    return pipeline.generate(parse_spec(spec)).module


def test_a_weight_times_one_over_as_many_is_one():
    """In doubles 49 times 1/49 is 0.9999999999999999."""
    module = weighted(49)
    assert "ws.d_out_z *= ws.one_over_n\n" in module
    assert " *= 0.999" not in module


def test_other_weights_are_rounded_once():
    module = weighted(0.3)
    assert f"ws.d_out_z *= {0.3 / 49} / n\n" in module
