"""What is predicted of a step is what the module then computes and holds: to the byte, and to the operation."""

from __future__ import annotations

import io
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from symbp import pipeline
from symbp.plan.report import Report, plan
from symbp.plan.savings import Savings, savings
from symbp.plan.show import show
from symbp.program.cost import Cost
from symbp.spec import read_spec

SPECS = Path(__file__).parents[2] / "specs"
EVERY = sorted(path.stem for path in SPECS.glob("*.yaml"))


@cache
def made(name: str, dtype: str = "float32") -> pipeline.Generated:
    return pipeline.generate(read_spec(SPECS / f"{name}.yaml"), dtype=dtype, check=False)


def held(what: object) -> int:
    """Bytes of all arrays that an object owns, views counted once."""
    found = {}
    for value in vars(what).values():
        if isinstance(value, np.ndarray):
            while value.base is not None:
                value = value.base
            found[id(value)] = value.nbytes
    return sum(found.values())


@pytest.mark.parametrize("name", EVERY)
def test_memory_is_predicted_to_the_byte(name: str) -> None:
    batch, dtype = (1, "float64") if EVERY.index(name) % 2 else (3, "float32")
    module = pipeline.load_module(made(name, dtype))
    predicted = plan(made(name, dtype), batch).memory
    params = module.init(0, dtype)
    assert predicted["workspace"] == held(module.Workspace(batch, dtype))
    trainer = module.Trainer(params)
    assert predicted["parameters"] == params.flat.nbytes
    assert predicted["gradients"] == (trainer._gradients.flat.nbytes if hasattr(trainer, "_gradients") else 0)
    assert predicted["optimizer"] + predicted["update"] == held(trainer)


def test_operations_of_products_are_those_of_the_network() -> None:
    report = plan(made("digits_mlp"), 10)
    layers = [(64, 64), (64, 32), (32, 10)]
    weights = sum(2 * 10 * rows * columns for rows, columns in layers)
    assert report.products == 3 * weights - 2 * 10 * 64 * 64, "no gradient of the input"
    assert report.products < report.cost.operations


def test_a_loop_counts_as_often_as_it_runs() -> None:
    report = plan(made("names_lstm"), 2)
    inside = [op for line in report.lines for op in line.operations if op.times == 16 and op.does == "product"]
    assert inside[0].cost.operations == 16 * 2 * 2 * 128 * 4 * 128


def test_what_is_saved_is_read_by_the_backward_pass() -> None:
    saved = {each.name: each for each in plan(made("digits_mlp"), 10).saved}
    assert saved["relu_1.a"].shape == (10, 64)
    assert saved["relu_1.a"].bytes == 4 * 10 * 64
    assert saved["relu_1.a"].readers == ("dense_2", "relu_1")
    assert "dense_3.z" not in saved


def shown(report: Report, saved: Savings) -> str:
    console = Console(width=100, file=io.StringIO(), record=True)
    show(report, saved, console)
    return console.export_text()


def test_the_tables() -> None:
    text = shown(plan(made("mnist_mlp"), 64), savings(made("mnist_mlp"), 64))
    assert "mnist_mlp: a training step, batch 64, float32" in text
    assert "dense_1  (3) zₙⱼ = Σᵢ xₙᵢ · Wᵢⱼ + bⱼ" in text
    assert "  product   d_dense_1.W      784 × 512      51.4 M   324 KiB  1.53 MiB" in text
    assert re.search("relu_1.a +64 × 512 +128 KiB +dense_2, relu_1", text)
    assert text.index("Forward pass") < text.index("Backward pass") < text.index("Update") < text.index("Memory")
    assert re.search(r"on request +51\.4 M +1\.85 MiB +0 B\n", text[text.index("What each means saves") :])


def test_costs_add_up() -> None:
    assert Cost(1, 2, 3) + Cost(10, 20, 30) == Cost(11, 22, 33)
    assert Cost(1, 2, 3) * 4 == Cost(4, 8, 12)
