"""What is predicted of a step is what the module then computes and holds: to the byte, and to the operation."""

from __future__ import annotations

import io
import math
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from rich.console import Console

from symbp import pipeline
from symbp.plan.columns import Columns
from symbp.plan.progress import bar
from symbp.plan.report import DRAWN, Operation, Report, plan
from symbp.plan.savings import Savings, savings, totals
from symbp.plan.show import _bytes, show
from symbp.program.cost import Cost, Sizes, of_operation
from symbp.program.operations import Scalar, Stack
from symbp.program.program import Array
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
    assert inside[0].cost.operations == 15 * 2 * 2 * 128 * 4 * 128  # zeros at the first step


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


def test_no_name_and_no_number_is_broken() -> None:
    program = made("shakespeare_transformer")
    report, saved = plan(program, 2), savings(program, 2)
    whole = shown(report, saved).splitlines()
    assert max(map(len, whole)) > 200, "as wide as it needs"
    narrow = Console(width=60, file=io.StringIO(), force_terminal=True, color_system=None)
    show(report, saved, narrow)
    folded = narrow.file.getvalue()  # type: ignore[attr-defined]
    for name in {name for each in report.saved for name in (each.name, *each.readers)}:
        assert name in folded
        assert any(name in line for line in whole)
    assert not re.search(r"\d\n *(?:[KMGTP]iB|[kMGTPB])\b", folded)
    wide = [line for line in folded.splitlines() if len(line) > 60 and "=" not in line]
    assert all(len(line.split()) == 1 for line in wide), "names that are longer, alone"
    prose = [line for line in folded.splitlines()[-12:] if line]
    assert max(map(len, prose)) <= 60
    assert " ".join(prose).count("products of matrices are 9") == 1


def test_columns_fold_between_words() -> None:
    rows = [("dense_1.W", "1.5 MiB", "dense_1, relu_1, dense_2")]
    assert list(Columns(("array", "bytes", "read by"), rows, None, (1,)).lines(rows[0])) == [
        "dense_1.W  1.5 MiB  dense_1, relu_1, dense_2"
    ]
    assert list(Columns(("array", "bytes", "read by"), rows, 36, (1,)).lines(rows[0])) == [
        "dense_1.W  1.5 MiB  dense_1, relu_1,",
        "                    dense_2",
    ]
    assert list(Columns(("array", "bytes", "read by"), rows, 20, (1,)).lines(rows[0])) == [
        "dense_1.W  1.5 MiB",
        "    dense_1, relu_1,",
        "    dense_2",
    ]
    columns = Columns(("", "shape"), [("  product", "64 × 512, by 262144")], 20)
    assert list(columns.lines(("  product", "64 × 512"))) == ["  product  64 × 512"]


def test_savings_are_told_for_what_they_are() -> None:
    text = shown(plan(made("digits_mlp"), 8), savings(made("digits_mlp"), 8))
    assert "what they save does not add up to what all of them save together" in text


@pytest.mark.parametrize("name", ["digits_mlp", "mnist_cnn", "names_lstm", "variational_autoencoder"])
def test_buffers_are_named_after_what_is_in_the_plan(name: str) -> None:
    report = plan(made(name), 4)
    known = {each.out for each in operations(report)} | made(name).optimized.plan.flats.keys()
    assert {each.buffer for each in operations(report)} <= {"", *known}


def test_temporaries_of_the_update_share_rows_of_its_scratch() -> None:
    report = plan(made("variational_autoencoder"), 4)
    update = [op for line in report.lines if line.routine == "update" for op in line.operations]
    temporary = {op.buffer or op.out for op in update} - {"m", "v", "w"}
    rows, size = {op.rows for op in update}, report.memory["parameters"] // 4
    assert len(temporary) == report.memory["update"] // 4 // (max(rows) or size) == 2
    assert {op.buffer for op in update if op.out == "w_add"} == {"v_hat"}


def test_the_update_says_what_it_takes_at_a_time() -> None:
    report = plan(made("mnist_mlp"), 4)
    update = [op for line in report.lines if line.routine == "update" for op in line.operations]
    assert {op.rows for op in update} == {2**18}
    assert report.memory["update"] == 4 * 2**18
    assert {op.rows for op in operations(plan(made("digits_mlp"), 4))} == {0}


def test_random_numbers_are_rows_and_counted() -> None:
    report = plan(made("variational_autoencoder"), 4)
    (line,) = (line for line in report.lines if line.routine == DRAWN)
    (drawn,) = line.operations
    (name,) = made("variational_autoencoder").derivation.network.random
    count = math.prod(drawn.shape)
    assert drawn == Operation("normal", name, drawn.shape, Cost(count, 0, 4 * count))
    assert drawn.shape[0] == 4
    assert totals(made("variational_autoencoder"), 4).operations == report.cost.operations
    routines = list(dict.fromkeys(line.routine for line in report.lines))
    assert routines.index(DRAWN) < routines.index("forward")
    assert "~ normal" in line.equation


def test_a_bar_is_shown_on_a_terminal_alone() -> None:
    for terminal in (True, False):
        written = io.StringIO()
        with bar("digits_mlp", Console(file=written, force_terminal=terminal, width=80)) as over:
            saved = savings(made("digits_mlp"), 8, over)
        assert ("digits_mlp" in written.getvalue()) == terminal
        assert bool(written.getvalue()) == terminal
        assert saved == savings(made("digits_mlp"), 8)


def operations(report: Report) -> list[Operation]:
    return [operation for line in report.lines for operation in line.operations]


def test_what_stands_in_a_stack_is_written_once() -> None:
    found = {each.out: each for each in operations(plan(made("names_lstm"), 2))}
    assert found["lstm_1.d_z_t"].cost == Cost()
    assert found["lstm_1.d_z_t_multiply"].buffer == "lstm_1.d_z_t"
    assert found["lstm_1.d_z_t_multiply"].cost == Cost(*(16 * 2 * 128 * each for each in (1, 8, 4)))


def test_a_stack_costs_what_it_copies_and_adds() -> None:
    shapes = {"x": (3, 4), "a": (4,), "b": (4,), "c": (4,)}
    arrays = {name: Array(name, shape, "float", "workspace") for name, shape in shapes.items()}
    sizes = Sizes(arrays, 1, 4)
    first, second = Scalar(sp.Integer(0)), Scalar(sp.Integer(2))
    op = Stack("x", ("a", "b", "c"), (first, second, second), 0)
    row = 4 * 4
    assert of_operation(op, sizes) == Cost(4, 4 * row, 3 * row + 3 * row), "all cleared, two copied, one added"
    assert of_operation(op, sizes, {"a"}) == Cost(4, 3 * row, row + 2 * row), "the middle cleared"
    assert of_operation(replace(op, base="y"), replace(sizes, arrays={**arrays, "y": arrays["x"]})) == Cost(
        12, 3 * row + 6 * row, 3 * row + 3 * row
    )


def test_rows_that_are_sorted_are_copied_and_read_again() -> None:
    (found,) = (each for each in operations(plan(made("names_lstm"), 64)) if each.out == "d_lstm_1.z.sums")
    labels, rows, sums = 16 * 64, 4 * 16 * 64 * 4 * 128, 4 * 28 * 4 * 128
    assert found.cost.operations == 3 * labels + rows // 4
    assert found.cost.written == 4 * 8 * labels + rows + sums
    assert found.cost.read == 6 * 8 * labels + 2 * rows + 4 * labels


def test_columns_are_copied_and_read() -> None:
    found = next(each for each in operations(plan(made("mnist_cnn"), 64)) if each.out == "conv2d_2.z")
    columns, weights, out = 4 * 16 * 5 * 5 * 10 * 10 * 64, 4 * 32 * 16 * 5 * 5, 4 * 32 * 10 * 10 * 64
    assert (found.cost.read, found.cost.written) == (2 * columns + weights, columns + out)


def test_what_is_folded_is_shown_where_it_is_done() -> None:
    spec = replace(read_spec(SPECS / "mnist_mlp.yaml"), blas="scipy")
    report = plan(pipeline.program(spec), 64)
    first = next(line for line in report.lines if line.routine == "backward")
    assert (first.equation, first.operations, first.into) == ("vₚ = momentum · vₚ + gₚ", (), "v")
    assert {each.into for each in operations(report) if each.out.startswith("d_dense") and each.out[-1] in "Wb"} == {
        "v"
    }
    (update,) = (line.operations for line in report.lines if line.routine == "update")
    count = report.memory["parameters"] // 4
    assert update == (Operation("axpy", "w", (count,), Cost(2 * count, 8 * count, 4 * count)),)
    text = shown(report, savings(pipeline.program(spec), 64))
    assert "momentum  vₚ = momentum · vₚ + gₚ  what computes the derivatives adds to v\n" in text
    assert re.search(r"product +v \(d_dense_1\.W\) ", text)


def test_a_step_is_counted_once() -> None:
    report = plan(made("shakespeare_transformer"), 2)
    assert totals(made("shakespeare_transformer"), 2).operations == report.cost.operations


def test_the_head_says_what_is_left_out_and_one_line_what_saves_nothing() -> None:
    lesser = pipeline.program(read_spec(SPECS / "digits_mlp.yaml"), ["in-place", "buffers"])
    text = shown(plan(lesser, 8), savings(lesser, 8))
    assert text.startswith("digits_mlp: a training step, batch 8, float32, without in place, buffers\n")
    assert re.search(r"\nsave none of these here, time at most: .*\bhoist\b", text)
    assert not re.search(r"\nhoist ", text)


def test_units() -> None:
    assert [_bytes(n) for n in (1023, 1023 * 1024, 2**50, -(2**20))] == ["1023 B", "1023 KiB", "1 PiB", "-1 MiB"]


def test_costs_add_up() -> None:
    assert Cost(1, 2, 3) + Cost(10, 20, 30) == Cost(11, 22, 33)
    assert Cost(1, 2, 3) * 4 == Cost(4, 8, 12)
