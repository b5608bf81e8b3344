"""What it takes to generate a network grows in proportion to its blocks: calls are counted, not seconds."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import cache, cached_property
from types import FrameType

import pytest

from symbp import pipeline
from symbp.derive import network as deriving
from symbp.derive.network import derive_network
from symbp.explain.numbering import step_numbers
from symbp.forward.build import build_network
from symbp.program import loops
from symbp.program import verify as verifying
from symbp.program.optimize import optimize
from symbp.spec.read import parse_spec
from symbp.targets.numpy import emit

TIMES = (3, 6, 12)  # how often a network repeats its block
BLOCK = [
    {"layer_norm": {"name": "given"}},
    {"dense": {"units": 4, "activation": "tanh"}},
    {"lstm": {"units": 4, "name": "change"}},
    {"add": ["given", "change"]},
]


class Stages:
    """A generation, stage by stage; what a stage reads was made before."""

    def __init__(self, times: int) -> None:
        layers = [{"repeat": {"times": times, "layers": BLOCK}}, "flatten", {"dense": 2}]
        network = {"name": "deep", "input": [3, 4], "layers": layers, "loss": "mse", "penalty": {"l2": 0.1}}
        self.spec = parse_spec(json.dumps(network))
        self.network = build_network(self.spec)
        self.derivation = derive_network(self.network)
        self.numbers = step_numbers(self.derivation)

    @cached_property
    def optimized(self):
        return self.optimize()

    def forward(self):
        return build_network(self.spec)

    def derive(self):
        return derive_network(self.network)

    def optimize(self):
        return optimize(self.derivation, pipeline.updates(self.spec), self.numbers)

    def emit(self):
        return emit(self.spec, self.derivation, self.optimized)


@cache
def stages(times: int) -> Stages:
    return Stages(times)


def calls(stage: Callable[[], object]) -> int:
    """How many functions are called, Python's and C's, when the stage runs for the second time."""
    count = 0

    def counted(frame: FrameType, event: str, arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    stage()  # formulas are read, and caches filled
    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        stage()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("stage", ["forward", "derive", "optimize", "emit"])
def test_calls_grow_in_proportion_to_blocks(stage):
    few, more, many = (calls(getattr(stages(times), stage)) for times in TIMES)
    # twice as many further blocks take twice as many further calls; where calls grow as n**2 it is 4 times
    assert many - more == pytest.approx(2 * (more - few), rel=0.05)


def test_a_formula_is_derived_and_lowered_once_for_all_blocks(monkeypatch):
    counts = []
    for times in TIMES:
        count = dict.fromkeys(("derived", "lowered", "verified"), 0)

        def counting(name, function, count=count):
            def counted(*arguments, **options):
                count[name] += 1
                return function(*arguments, **options)

            return counted

        with monkeypatch.context() as patch:
            patch.setattr(deriving, "derive_formula", counting("derived", deriving.derive_formula))
            patch.setattr(loops, "lower_equation", counting("lowered", loops.lower_equation))
            patch.setattr(verifying, "_check", counting("verified", verifying._check))
            stages(times).derive()
            stages(times).optimize()
        counts.append(count)
    few, more, many = counts
    assert few["derived"] == many["derived"] > 0
    assert few["lowered"] == many["lowered"] > 0
    assert many["verified"] - more["verified"] == 2 * (more["verified"] - few["verified"]) > 0


def test_quadratic_growth_is_seen():
    few, more, many = (calls(lambda n=n: [abs(0) for _ in range(n * n)]) for n in TIMES)
    assert many - more != pytest.approx(2 * (more - few), rel=0.05)
