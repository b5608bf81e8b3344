"""A step that divides its batch among threads is the same step; what cannot be divided is refused."""

from __future__ import annotations

import copy
import json
import multiprocessing
import threading
import time
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from plan.test_plan import held

from symbp import pipeline
from symbp.plan.report import plan
from symbp.spec.model import SpecError
from symbp.spec.read import parse_spec
from symbp.verify.check import check_network
from symbp.verify.examples import draw

DENSE = {"input": 6, "layers": [{"dense": 8}, "tanh", {"dense": 3}], "loss": "softmax_cross_entropy"}
NETWORKS: dict[str, dict[str, Any]] = {
    "dense": {**DENSE, "optimizer": {"adam": {"learning_rate": 0.01}}, "penalty": {"l2": {"strength": 0.1}}},
    "windows": {
        "input": [1, 6, 6],
        "layers": [
            {"conv2d": {"out_channels": 3, "kernel_size": 3}},
            "relu",
            {"max_pool2d": 2},
            "flatten",
            {"dense": 2},
        ],
        "loss": "mse",
        "optimizer": {"momentum": {"learning_rate": 0.1}},
    },
    "recurrence": {"input": [5, 2], "layers": [{"gru": 4}, {"dense": 2}], "loss": "mse"},
    "tables": {
        "input": {"shape": [4], "kind": "integer", "classes": 7},
        "layers": [{"embedding": {"tokens": 7, "units": 3}}, {"dense": 2}],
        "loss": "softmax_cross_entropy",
        "optimizer": "sgd",
    },
    "several": {
        "input": {"u": 3, "v": 4},
        "layers": [
            {"dense": {"units": 5, "input": "u", "name": "first"}},
            {"dense": {"units": 5, "input": "v", "name": "second"}},
            {"add": {"inputs": ["first", "second"]}},
            {"dense": 1},
        ],
        "loss": "mse",
    },
    "autoencoder": {
        "input": 5,
        "layers": [{"dense": 3}, "tanh", {"dense": {"units": 5, "name": "again"}}],
        "losses": [{"loss": "mse", "on": "again", "target": "x"}],
    },
}
PLACED = {"layers": {"placed": {"formula": "y[n,i] = n * x[n,i]"}}}
NOISY = {**DENSE, "layers": [{"dense": 8}, {"dropout": 0.5}, {"dense": 3}]}


@cache
def made(text: str) -> tuple[pipeline.Generated, ModuleType]:
    generated = pipeline.generate(parse_spec(text), dtype="float64")
    return generated, pipeline.load_module(generated)


def spelt(spec: dict[str, Any], threads: int) -> str:
    return json.dumps({"name": "divided", **spec, "threads": threads})


def batch(generated: pipeline.Generated, n: int) -> tuple[Any, Any]:
    """Random `x` and `y` as the module takes them."""
    network = generated.derivation.network
    arrays = draw(network, n, 1)
    x, y = ({name: arrays[name] for name in names} for names in (network.inputs, network.targets))
    return x if len(x) > 1 else next(iter(x.values())), y if len(y) > 1 else next(iter(y.values()), None)


@pytest.mark.parametrize("n", [1, 2, 3, 7])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_step_is_the_same_on_several_threads(name: str, n: int) -> None:
    (generated, alone), (_, divided) = (made(spelt(NETWORKS[name], threads)) for threads in (1, 3))
    x, y = batch(generated, n)
    one, other = (module.Trainer(module.init(dtype="float64")) for module in (alone, divided))
    for _ in range(3):
        assert other.step(x, y) == pytest.approx(one.step(x, y), rel=1e-12)
    np.testing.assert_allclose(other.params.flat, one.params.flat, rtol=0, atol=1e-12)


def test_what_is_drawn_does_not_depend_on_which_thread_is_first() -> None:
    generated, module = made(spelt(NOISY, 4))
    x, y = batch(generated, 9)
    trainers = [module.Trainer(module.init(dtype="float64"), seed=3) for _ in range(2)]
    costs = [[trainer.step(x, y) for _ in range(20)] for trainer in trainers]
    assert costs[0] == costs[1]
    again = copy.deepcopy(trainers[0])
    assert again.step(x, y) == trainers[0].step(x, y)
    np.testing.assert_array_equal(again.params.flat, trainers[0].params.flat)


def test_memory_is_predicted_to_the_byte() -> None:
    generated, module = made(spelt(NETWORKS["windows"], 3))
    trainer = module.Trainer(module.init(dtype="float64"))
    trainer.step(*batch(generated, 8))
    memory = plan(generated, 8).memory
    ((*parts,),) = trainer._workspaces.values()
    assert [ws.n for _, ws in parts] == [2, 3, 3]
    assert memory["workspace"] == sum(held(ws) for _, ws in parts)
    assert memory["gradients"] == sum(g.flat.nbytes for g in (trainer._gradients, *trainer._others))


def test_an_error_of_a_part_is_the_step_s_and_the_next_step_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    generated, module = made(spelt(NETWORKS["dense"], 3))
    x, y = batch(generated, 7)
    trainer, fresh = (module.Trainer(module.init(dtype="float64")) for _ in range(2))
    whole = module._backward
    with monkeypatch.context() as patch:
        for size in (2, 3):  # of the first part, and of the last

            def failing(*given: Any, size: int = size) -> None:
                if next(g for g in given if isinstance(g, module.Workspace)).n == size:
                    raise MemoryError("no more")
                whole(*given)

            patch.setattr(module, "_backward", failing)
            with pytest.raises(MemoryError, match="no more"):
                trainer.step(x, y)
    assert trainer.step(x, y) == fresh.step(x, y)
    np.testing.assert_array_equal(trainer.params.flat, fresh.params.flat)


@pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.0.0", reason="np.errstate is a thread's own")
def test_what_is_asked_of_overflows_is_asked_of_every_part() -> None:
    generated, module = made(spelt({**DENSE, "loss": "mse"}, 3))
    x, y = batch(generated, 6)
    y[-1] = 1e200
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        module.Trainer(module.init(dtype="float64")).step(x, y)
    with np.errstate(over="ignore", invalid="ignore"):
        assert np.isinf(module.Trainer(module.init(dtype="float64")).step(x, y))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*fork.*:RuntimeWarning")  # of JAX, where another test has loaded it
def test_a_forked_process_has_threads_of_its_own() -> None:
    generated, module = made(spelt(NETWORKS["dense"], 2))
    x, y = batch(generated, 6)
    trainer = module.Trainer(module.init(dtype="float64"))
    trainer.step(x, y)
    context = multiprocessing.get_context("fork")
    said = context.SimpleQueue()
    child = context.Process(target=lambda: said.put(trainer.step(x, y)))
    child.start()
    child.join(30)
    assert child.exitcode == 0, "the step of the forked process did not end"
    assert said.get() == trainer.step(x, y)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"layers": [{"dense": 8}, "batch_norm", {"dense": 3}]}, "by `batch_norm_1` it is not the mean"),
        ({"loss": {"softmax_cross_entropy": {"reduction": "sum"}}}, "by `loss` it is not the mean"),
        ({"layers": ["placed", {"dense": 3}], "define": PLACED}, "or on their places"),
        ({"blas": "scipy"}, "threads need `blas: numpy`"),
        ({"threads": 0}, "threads: "),
        ({"threads": "two"}, "threads: "),
    ],
)
def test_what_cannot_be_divided_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(SpecError) as refused:
        pipeline.generate(parse_spec(json.dumps({"name": "divided", **DENSE, "threads": 2, **changes})))
    assert told in str(refused.value)


JOINED = {
    "layers": {
        "y[n,j] = x[n,j] - max[m](x[m,j])",
        "s[n,m] = sum[j](x[n,j]*x[m,j]); y[n,j] = sum[m](s[n,m]*x[m,j])",
        "y[n,j] = where(n < 2, x[n,j], 0)",
        "y[n,j] = x[n,j] * (1 + delta(n,j))",
    },
    "losses": {
        "C = mean[n](log(sum[m](exp(sum[j](a[n,j]*y[m,j])))) - sum[j](a[n,j]*y[n,j]))",
        "C = mean[n](sum[m,j]((a[n,j]-y[m,j])**2))",
        "C = mean[n,j](n*(a[n,j]-y[n,j])**2)",
        "C = (sum[n,j]((a[n,j]-y[n,j])**2) + 1) / size(n)",
        "C = mean[n,j]((a[n,j]-y[n,j])**2) * mean[n,j](a[n,j]**2)",
        "C = mean[n,j]((a[n,j]-y[n,j])**2) ** 2",
        "C = sum[n,j]((a[n,j]-y[n,j])**2) / sum[n,j](y[n,j]**2)",
    },
}


@pytest.mark.parametrize(("kind", "formula"), [(kind, f) for kind, each in JOINED.items() for f in sorted(each)])
def test_formulas_that_join_examples_are_refused(kind: str, formula: str) -> None:
    own = {kind: {"joined": {"formula": formula.replace("; ", "\n")}}}
    layers, loss = ([{"dense": 3}], "joined") if kind == "losses" else ([{"dense": 3}, "joined", {"dense": 2}], "mse")
    spec = {"input": 3, "layers": layers, "loss": loss, "define": own}
    assert pipeline.generate(parse_spec(json.dumps({"name": "joined", **spec})), check=False)
    with pytest.raises(SpecError, match="divides its batch among threads"):
        pipeline.generate(parse_spec(json.dumps({"name": "joined", **spec, "threads": 2})))


def test_a_check_compares_the_cost_of_a_divided_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the module's definition, so that a cost which is no mean over examples shows."""
    spec = {"name": "summed", **DENSE, "loss": {"softmax_cross_entropy": {"reduction": "sum"}}, "threads": 2}
    report = check_network(parse_spec(json.dumps({**spec, "loss": "softmax_cross_entropy"})))
    assert report.passed
    assert [r.name for r in report.readings if "divided" in r.name] == ["C of a divided batch"] * (
        2 - len(report.absent)
    )
    monkeypatch.setattr(pipeline, "_check_divided", lambda *_: None)
    wrong = check_network(parse_spec(json.dumps(spec)))
    assert {r.name for r in wrong.readings if not r.passed} == {"C of a divided batch"}


def test_what_is_drawn_once_for_a_batch_is_refused() -> None:
    noise = {
        "formula": "y[n,j] = x[n,j]*(1+e[j])",
        "random": {"e": {"distribution": "normal", "axes": ["j"]}},
        "inference": "y[n,j] = x[n,j]",
    }
    spec = {**DENSE, "layers": [{"dense": 3}, "noise"], "define": {"layers": {"noise": noise}}, "threads": 2}
    with pytest.raises(SpecError, match="divides its batch among threads"):
        pipeline.generate(parse_spec(json.dumps({"name": "drawn", **spec})))


def test_a_step_goes_on_where_no_thread_starts() -> None:
    """As in a thread that outlives the main one, when the interpreter ends."""
    generated, module = made(spelt(NETWORKS["dense"], 2))
    x, y = batch(generated, 6)
    one, other = (module.Trainer(module.init(dtype="float64")) for _ in range(2))
    cost = one.step(x, y)
    one._threads.shutdown()
    for trainer in (one, other):
        assert trainer.step(x, y) <= cost
    assert one.step(x, y) == (other.step(x, y), other.step(x, y))[1]


@pytest.mark.parametrize("starts", [0, 1])
def test_a_part_whose_thread_does_not_start_is_computed_once(starts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool keeps what it was given, and a thread that it has may take that up: not beside the step's own."""
    generated, module = made(spelt(NETWORKS["dense"], 4))
    x, y = batch(generated, 8)
    trainer, fresh = (module.Trainer(module.init(dtype="float64")) for _ in range(2))
    begin, whole, left, at_once, busy = threading.Thread.start, module._backward, [starts], set(), []

    def refused(self: threading.Thread) -> None:
        if not left[0]:
            raise RuntimeError("can't start new thread")
        left[0] -= 1
        begin(self)

    def watched(*given: Any) -> None:
        workspace = next(id(g) for g in given if isinstance(g, module.Workspace))
        busy.append(workspace in at_once)
        at_once.add(workspace)
        time.sleep(0.02)
        whole(*given)
        at_once.discard(workspace)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refused)
        patch.setattr(module, "_backward", watched)
        assert trainer.step(x, y) == pytest.approx(fresh.step(x, y), rel=1e-12)
    assert not any(busy)
    assert trainer.step(x, y) == fresh.step(x, y)
    np.testing.assert_array_equal(trainer.params.flat, fresh.params.flat)


def test_parts_of_an_interrupted_step_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that they write to no memory that the next step has."""
    generated, module = made(spelt(NETWORKS["dense"], 2))
    x, y = batch(generated, 6)
    trainer, fresh = (module.Trainer(module.init(dtype="float64")) for _ in range(2))
    whole, going, main = module._backward, threading.Event(), threading.get_ident()

    def interrupted(*given: Any) -> None:
        if threading.get_ident() == main:
            raise KeyboardInterrupt
        going.wait(10)
        whole(*given)

    with monkeypatch.context() as patch:
        patch.setattr(module, "_backward", interrupted)
        with pytest.raises(KeyboardInterrupt):
            trainer.step(x, y)
        assert not trainer._started[0].done()
        going.set()
    assert trainer.step(x, y) == fresh.step(x, y)
    assert trainer._started[0].done()
    np.testing.assert_array_equal(trainer.params.flat, fresh.params.flat)


def test_a_module_for_one_thread_says_nothing_of_threads() -> None:
    (one, _), (several, _) = (made(spelt(NETWORKS["dense"], threads)) for threads in (1, 2))
    assert "ThreadPool" not in one.module
    assert "OPENBLAS_NUM_THREADS" in several.module
