"""The memory plan: arrays stand in one place at different times alone, and a plan that is wrong is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from plan.test_means import arrays_of, made

from symbp import pipeline
from symbp.program.memory import verify_plan
from symbp.program.operands import written
from symbp.program.operations import Contract
from symbp.program.optimize import kept, shown_of
from symbp.program.packing import Life, packed, pieces
from symbp.program.plan import Plan, lasting, plan_buffers
from symbp.program.program import ONCE, Loop
from symbp.program.verify import ProgramError, verify


def drawn(seed: int) -> list[Life]:
    draw = np.random.default_rng(seed)
    first = draw.integers(0, 40, 30)
    last = first + draw.integers(0, 15, 30)
    return [Life(f"a{k}", int(draw.integers(1, 20)), int(first[k]), int(last[k])) for k in range(30)]


def overlap(one: Life, other: Life, starts: dict[str, int]) -> bool:
    low, high = starts[one.name], starts[one.name] + one.size
    return starts[other.name] < high and low < starts[other.name] + other.size


@pytest.mark.parametrize("seed", range(20))
def test_no_two_stand_in_one_place_at_one_time(seed: int) -> None:
    lives = drawn(seed)
    starts = packed(lives)
    assert packed(lives[::-1]) == starts
    for one in lives:
        for other in lives:
            if one != other and one.first <= other.last and other.first <= one.last:
                assert not overlap(one, other, starts)
    held = max(starts[each.name] + each.size for each in lives)
    most = max(sum(e.size for e in lives if e.first <= time <= e.last) for time in range(60))
    assert most <= held <= 1.25 * most
    for piece in pieces(lives, starts):
        for other in lives:
            assert other in piece or not any(overlap(other, each, starts) for each in piece)


def test_a_small_one_stands_where_a_large_one_did() -> None:
    lives = [Life("large", 10, 0, 3), Life("small", 4, 4, 6), Life("other", 5, 5, 7), Life("late", 8, 8, 9)]
    starts = packed(lives)
    assert starts == {"large": 0, "late": 0, "other": 0, "small": 5}
    assert [[e.name for e in piece] for piece in pieces(lives, starts)] == [["large", "other", "late", "small"]]


def _confused(plan: Plan) -> Plan:
    """A saved value where a cotangent of its shape is written."""
    return replace(plan, buffer_of={**plan.buffer_of, "d_dense_2.z": plan.buffer_of["relu_1.a"]})


def _moved(plan: Plan) -> Plan:
    """Everything in flat memory at its start."""
    return replace(plan, within={name: (flat, 0) for name, (flat, _) in plan.within.items()})


def _over_an_operand(plan: Plan) -> Plan:
    """A product written where an operand stands that is read for the last time."""
    return replace(plan, buffer_of={**plan.buffer_of, "d_relu_1.a": plan.buffer_of["d_dense_2.z"]})


def _across_an_operand(plan: Plan) -> Plan:
    """An elementwise result a number further on than an operand that is read for the last time."""
    places = {plan.buffer_of["d_relu_1.a"]: ("shared", 0), "d_dense_1.z": ("shared", 1)}
    own = {**plan.buffer_of, "d_dense_1.z": "d_dense_1.z"}
    return replace(plan, buffer_of=own, within={**plan.within, **places})


def _lost(plan: Plan) -> Plan:
    """A result written over."""
    return replace(plan, buffer_of={**plan.buffer_of, "d_dense_3.z": plan.buffer_of["dense_3.z"]})


@pytest.mark.parametrize("wrong", [_confused, _moved, _over_an_operand, _across_an_operand, _lost])
def test_a_plan_that_loses_a_value_is_refused(wrong: Callable[[Plan], Plan]) -> None:
    generated = made("digits_mlp")
    program, keep = generated.optimized.program, kept(generated.derivation.network)
    plan = plan_buffers(program, keep)
    verify_plan(program, plan, keep)
    with pytest.raises(ProgramError, match="written"):
        verify_plan(program, wrong(plan), keep)


@pytest.mark.parametrize("name", ["windows", "attention", "recurrence"])
def test_memory_is_shared_between_shapes(name: str) -> None:
    optimized = made(name).optimized
    arrays, plan = optimized.program.arrays, optimized.plan
    assert any(len({arrays[n].shape for n, (f, _) in plan.within.items() if f == flat}) > 1 for flat in plan.flats)
    for array, (flat, start) in plan.within.items():
        size = np.prod([int(d) for d in arrays[array].shape if d != "n"], dtype=int)
        assert 0 <= start <= start + size <= plan.flats[flat].shape[-1]
        assert ("n" in arrays[array].shape) == ("n" in plan.flats[flat].shape)


@pytest.mark.parametrize("name", ["names_lstm", "recurrence"])
def test_a_step_writes_nothing_behind_a_product_of_its_own(name: str) -> None:
    program, plan = made(name).optimized.program, made(name).optimized.plan
    items = [item for sequence in program.sequences for item in program.items(sequence)]
    found = 0
    for loop in (item for item in items if isinstance(item, Loop)):
        at = {op.out: plan.within.get(plan.buffer_of.get(op.out, op.out), ("", 0)) for op in loop.operations}
        for product in (op.out for op in loop.operations if isinstance(op, Contract)):
            flat, start = at[product]
            stop = start + math.prod(int(dim) for dim in program.arrays[product].shape if dim != "n")
            assert not [out for out, place in at.items() if flat and place[0] == flat and place[1] >= stop]
            found += flat != ""
    assert found


def test_a_step_of_training_writes_over_what_inference_shows() -> None:
    """The derivative by z stands where the prediction does, without a copy; within inference both stay."""
    generated = made("digits_mlp")
    program, plan, network = generated.optimized.program, generated.optimized.plan, generated.derivation.network
    assert plan.buffer_of["d_dense_3.z"] == plan.buffer_of["softmax.a"] != plan.buffer_of["dense_3.z"]
    assert "copyto" not in generated.module.split("def _backward", 1)[1].split("def forward", 1)[0]
    with pytest.raises(ProgramError, match=r"results softmax\.a are written over"):
        verify_plan(program, plan, kept(network))
    wrong = replace(plan, buffer_of={**plan.buffer_of, "softmax.a_exp": plan.buffer_of["dense_3.z"]})
    with pytest.raises(ProgramError, match=r"results dense_3\.z are written over"):
        verify_plan(program, wrong, kept(network), shown_of(network))


@pytest.mark.parametrize("name", ["digits_mlp", "user_layer", "mnist_cnn", "variational_autoencoder"])
def test_who_holds_what_inference_shows_holds_nothing_else(name: str) -> None:
    module, x = pipeline.load_module(made(name)), arrays_of(name)["x"]
    for shown in (show(module.init(dtype="float64"), x) for show in (module.forward, module.predict)):
        held = shown
        while held.base is not None:
            held = held.base
        assert held.size == shown.size


def test_what_is_computed_once_stays() -> None:
    program, plan = made("attention").optimized.program, made("attention").optimized.plan
    network = made("attention").derivation.network
    (encoding, *_) = sorted(lasting(program))
    of_a_step = next(n for n in written(program.routines["backward"].statements[0]) if n in plan.buffer_of)
    wrong = replace(plan, buffer_of={**plan.buffer_of, of_a_step: plan.buffer_of[encoding]})
    with pytest.raises(ProgramError, match=f"results {encoding} are written over"):
        verify_plan(program, wrong, kept(network), shown_of(network))
    forward = program.routines["forward"]
    again = replace(forward, statements=(*program.routines[ONCE].statements, *forward.statements))
    with pytest.raises(ProgramError, match="is written twice"):
        verify(replace(program, routines={**program.routines, "forward": again}))
