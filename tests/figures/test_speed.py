"""What is timed takes turns, computes the same, and says how it fails; the bound is of the program's products."""

from __future__ import annotations

import math

import pytest

from benchmarks.speed.__main__ import section
from benchmarks.speed.bound import Product, products
from benchmarks.speed.goals import figures
from benchmarks.speed.rounds import Measured, Process, agree, measure, spread
from benchmarks.speed.workloads import WORKLOADS

BY_NAME = {workload.name: workload for workload in WORKLOADS}
SMALL = BY_NAME["small, batch 8"]


def test_contenders_take_turns_and_compute_the_same() -> None:
    found = measure(SMALL, ["symbp", "by hand", "bound"], threads=1, rounds=2)
    assert {name: len(each.steps) for name, each in found.items()} == dict.fromkeys(("symbp", "by hand", "bound"), 2)
    assert found["bound"].cost is None
    assert found["symbp"].cost == pytest.approx(found["by hand"].cost, rel=1e-5)
    assert found["symbp"].allocated < found["by hand"].allocated
    text = section(SMALL, 1, found)
    assert text.startswith("## small, batch 8, 1 thread\n")
    assert text.count("\n| ") == 5


def test_another_cost_is_refused() -> None:
    with pytest.raises(RuntimeError, match=r"`other` computes another cost, 2\.0 in place of 1\.0"):
        agree("small", {"symbp": Measured(1.0, 0.1), "bound": Measured(None, 0.1), "other": Measured(2.0, 0.1)})
    with pytest.raises(RuntimeError, match="nan"):
        agree("small", {"symbp": Measured(1.0, 0.1), "other": Measured(math.nan, 0.1)})


def test_a_process_that_fails_says_why() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)nobody, small, batch 8: status 1: .*KeyError"):
        Process("nobody", SMALL, 1)


def test_who_has_no_such_network_does_not_take_part() -> None:
    with Process("by hand", BY_NAME["recommender, batch 1024"], 1) as process:
        assert not process.takes_part


def test_the_bound_holds_every_product_of_a_step() -> None:
    layers = [(64, 784, 512), (64, 512, 256), (64, 256, 10)]
    found = sorted(tuple(sorted((p.m, p.k, p.n))) for p in products(BY_NAME["mlp, batch 64"]))
    once_more = [*layers, *layers, *layers[1:]]  # of outputs, of weights' gradients, of what goes back but to the input
    assert found == sorted(tuple(sorted(each)) for each in once_more)
    assert sum(p.operations for p in products(SMALL)) == 2 * 8 * (3 * (32 * 16 + 16 * 4) + 2 * 16 * 32)
    assert any(p.times == 32 for p in products(BY_NAME["lstm, batch 32"])), "what recurs, recurs at each place"
    assert Product(2, 3, 4, stack=5, times=6).operations == 2 * 2 * 3 * 4 * 5 * 6


def test_goals_are_held_against_ratios_of_rounds() -> None:
    ours, bound = Measured(1.0, 0.1, [2.0, 3.0, 4.0]), Measured(None, 0.1, [1.0, 2.0, 4.0])
    (figure,) = figures("mlp", 64, 1, {"symbp": ours, "bound": bound})
    assert figure.holds
    assert figure.measured == "1.50"
    assert not figures("mlp", 512, 1, {"symbp": ours, "bound": bound})[0].holds
    assert spread([1.0, 2.0, 3.0]) == "2.00 (1.50 to 2.50)"
