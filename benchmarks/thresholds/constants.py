"""The constants by which programs decide for speed, and what is written around their thresholds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import Any

import numpy as np
from sympy import Integer

from benchmarks.convolution import Case as Convolution
from benchmarks.convolution import conv
from benchmarks.thresholds.judge import Case, Threshold
from benchmarks.thresholds.otherwise import Settings, value
from benchmarks.thresholds.variants import (
    Maker,
    Operands,
    of_convolution,
    of_module,
    of_operation,
    of_routines,
    routines,
    step,
    update,
)
from symbp.forward.network import BATCH
from symbp.program.operations import Contract, Map, Scalar, View

BOTH = ("_forward", "_backward")
MOMENTUM = {"momentum": {"learning_rate": 0.01, "momentum": 0.5}}
ADAM = {"adam": {"learning_rate": 0.001}}
LABELS = 256, 4  # of an example, and examples
MIB = 1 << 20
CHAINED = 1024  # numbers in a row of a chain
ARRAYS = {  # how many of the shape of its result a layer needs at one time, for the result and for the derivatives
    "gelu_tanh": (3, 3),
    "softmax": (2, 3),
    "layer_norm": (2, 3),
}
LENGTHS = {  # operations of results
    "tanh": 1,
    "tanhshrink": 2,
    "gaussian": 3,
    "softsign": 3,
    "hard_tanh": 4,
    "sigmoid": 4,
    "gelu": 5,
}
MLP = [{"dense": {"units": 512, "activation": "relu"}}, {"dense": {"units": 256, "activation": "relu"}}, {"dense": 10}]


def set_to(place: str, *values: float) -> dict[str, Settings]:
    """Forms that are called by the value, the constant's own among them."""
    return {f"{each:.3g}": {place: each} for each in sorted({*values, value(place)})}


def powers(place: str, *exponents: int) -> dict[str, Settings]:
    """The same for powers of two."""
    return {f"2^{each}": {place: 1 << each} for each in exponents}


def _of_labels(
    tokens: int, width: int, names: Sequence[str], *, units: int = 0, places: tuple[int, int] = LABELS, usual: int = 0
) -> Maker:
    """An embedding, and a dense layer after it where that has units; for batches that usually have another size."""
    length, batch = places
    layers: list[Mapping[str, Any]] = [{"embedding": {"tokens": tokens, "units": width}}]
    spec = {
        "input": {"shape": [length], "kind": "integer", "classes": tokens},
        "layers": [*layers, *([{"dense": units}] if units else [])],
        "loss": "mse",
        "training": {"batch_size": usual or batch},
    }
    draw = np.random.default_rng(0)
    x = draw.integers(0, tokens, (batch, length))
    return of_module(spec, routines(names, x, draw.standard_normal((batch, length, units or width), np.float32)))


def _of_sequences(layer: str | Mapping[str, Any], length: int, width: int, batch: int, names: Sequence[str]) -> Maker:
    """Layers that keep a sequence, whose last width is that of what is wanted."""
    spec = {"input": [length, width], "layers": [layer, {"dense": 8}], "loss": "mse"}
    draw = np.random.default_rng(0)
    x, y = (draw.standard_normal((batch, length, each), np.float32) for each in (width, 8))
    return of_module(spec, routines(names, x, y))


def _recurrent(kind: str, units: int, length: int, width: int = 64, batch: int = 32) -> Case:
    return Case(f"{kind} of {units}, {length} steps", _of_sequences({kind: units}, length, width, batch, BOTH))


def _rows_by_step(units: int, batch: int = 32, length: int = 32, tokens: int = 64) -> Case:
    """A recurrence over labels, which reads the rows of a table in each step."""
    spec = {
        "input": {"shape": [length], "kind": "integer", "classes": tokens},
        "layers": [{"embedding": {"tokens": tokens, "units": 16}}, {"rnn": units}, {"dense": 8}],
        "loss": "mse",
        "training": {"batch_size": batch},
    }
    draw = np.random.default_rng(0)
    x = draw.integers(0, tokens, (batch, length))
    y = draw.standard_normal((batch, length, 8), np.float32)
    return Case(f"{batch} x {units} numbers in a step", of_module(spec, routines(["_forward"], x, y)))


def chained(layer: str, batch: int, width: int = CHAINED, derivatives: bool = False) -> tuple[dict[str, Any], Maker]:
    """The spec of a layer of elementwise operations alone, and what it computes.

    A dense layer behind it has the parameters that a network needs; for the derivatives a PReLU before it has, behind
    which they are needed. These start with the loss, so that all numbers are as in a step.
    """
    spec = {
        "input": [width],
        "layers": [{"prelu": {}}, layer] if derivatives else [layer, {"dense": 1}],
        "loss": "mse",
        "training": {"batch_size": batch},
    }

    names = ["_loss", "_backward"] if derivatives else ["_forward"]

    def prepare(module: Any) -> Any:
        draw = np.random.default_rng(0)
        x = draw.standard_normal((batch, width), np.float32)
        y = draw.standard_normal((batch, width if derivatives else 1), np.float32)
        return routines(names, x, y)(module)

    return spec, of_routines(of_module(spec, prepare), names)


def needing(layer: str, mib: int, derivatives: bool = False) -> tuple[int, str]:
    """The batch for which a layer needs so much at one time, and what the case is called."""
    part = "derivatives" if derivatives else "result"
    return -(-mib * MIB // (ARRAYS[layer][derivatives] * 4 * CHAINED)), f"{layer}, {part}: {mib} MiB at one time"


def _large(layer: str, mib: int, derivatives: bool = False) -> Case:
    batch, at = needing(layer, mib, derivatives)
    return Case(at, chained(layer, batch, derivatives=derivatives)[1])


def _long(layer: str, operations: int) -> Case:
    """By the number of operations."""
    return Case(f"{operations}: {layer}", chained(layer, 4096)[1])


def _wide(width: int) -> Case:
    return Case(f"rows of 2^{width}", chained("gelu_tanh", 8, 1 << width)[1])


def _ends_with_channels(kernel: int, channels: int, filters: int, size: int) -> Case:
    """A convolution whose result a dense layer reads along another axis."""
    layers = [_conv1d(filters, kernel), {"lstm": 16}, {"dense": 3}]
    spec = {"input": [channels, size], "layers": layers, "loss": "mse"}
    x = np.random.default_rng(0).standard_normal((64, channels, size), np.float32)
    return Case(
        f"{channels} to {filters}, kernel of {kernel}, {size} places",
        of_module(spec, lambda module: routines(BOTH, x, np.zeros_like(module.forward(module.init(), x)))(module)),
    )


def _conv1d(filters: int, kernel: int) -> dict[str, Any]:
    return {"conv1d": {"filters": filters, "kernel_size": kernel}}


def _convolutions(cases: Mapping[str, Convolution], parts: Sequence[str], batch: int = 64) -> Iterator[Case]:
    words = {"z": "result", "d_W": "d weights", "d_x": "d input"}
    for name, case in cases.items():
        for part in parts:
            yield Case(f"{name}: {words[part]}", of_convolution(case, part, batch))


def _sized(name: str, shape: tuple[int, int, int], filters: int, kernel: int, **more: Any) -> dict[str, Convolution]:
    channels, size, _ = shape
    return {
        f"{name}{channels} to {filters}, {kernel} x {kernel}": Convolution(
            channels, size, conv(filters, kernel, **more)
        )
    }


def _copied(rows: int, columns: int) -> Case:
    """A matrix with rows as columns."""
    operands = Operands({"V": (columns, rows), "turned": (rows, columns), "copy": (rows, columns)})
    op = Map("copy", "copy", ("turned",))
    return Case(f"{rows} x {columns}", of_operation(op, operands, [View("turned", "V", (1, 0))]))


def _compared(*shape: int, batch: int = 64) -> Case:
    """What a ReLU is."""
    operands = Operands({"z": (BATCH, *shape), "a": (BATCH, *shape)}, batch)
    at = " x ".join(map(str, (batch, *shape)))
    return Case(at, of_operation(Map("a", "maximum", ("z", Scalar(Integer(0)))), operands))


def _multiplied(count: int, rows: int, summed: int, columns: int) -> Case:
    """A stack of products."""
    shapes = {"left": (count, rows, summed), "right": (count, summed, columns), "out": (count, rows, columns)}
    op = Contract("out", "left", "right", "sij", "sjk", "sik", "s")
    at = f"{count} of {rows} x {summed} times {summed} x {columns}"
    return Case(at, of_operation(op, Operands(shapes), blas="scipy"))


def _in_pairs(count: int, columns: int) -> Case:
    """Rows that are multiplied in pairs."""
    operands = Operands({"left": (count, columns), "right": (count, columns), "out": (count,)})
    op = Contract("out", "left", "right", "sj", "sj", "s", "s")
    return Case(f"{count} pairs of {columns}", of_operation(op, operands, blas="scipy"))


def _updated(optimizer: Mapping[str, Any], size: int) -> Case:
    """All parameters of one matrix."""
    name, columns = next(iter(optimizer)), 1000
    layers = [{"dense": {"units": size // columns, "bias": False}}]
    spec = {"input": [columns], "layers": layers, "loss": "mse", "optimizer": optimizer}
    return Case(f"{name}, {size:,} parameters", of_module(spec, update))


def _stepped(optimizer: Mapping[str, Any], batch: int) -> Case:
    """The article's network."""
    spec = {"input": [784], "layers": MLP, "loss": "softmax_cross_entropy", "optimizer": optimizer}
    draw = np.random.default_rng(0)
    x, y = draw.standard_normal((batch, 784), np.float32), draw.integers(0, 10, batch)
    return Case(f"{next(iter(optimizer))}, a step of 784-512-256-10 at batch {batch}", of_module(spec, step(x, y)))


THRESHOLDS = (
    Threshold(
        ("program.labels.OFTEN",),
        "How many times a batch takes each row of a table at the least for products and functions of rows to be "
        "computed of the table. Timed is the forward pass of an embedding and a dense layer, for 1,024 labels.",
        {"of rows": {"program.labels.OFTEN": inf}, "of the table": {"program.labels.OFTEN": 0}},
        [
            Case(f"{tokens} rows, {width} to {units}", _of_labels(tokens, width, ["_forward"], units=units))
            for tokens, width, units in (
                (1024, 64, 256),
                (512, 64, 256),
                (512, 64, 16),
                (512, 256, 256),
                (256, 64, 256),
            )
        ],
    ),
    Threshold(
        ("program.labels.ALONE",),
        "How many times more rows a table may have than a single example takes. Computing the whole table is for a "
        "batch, and one example alone pays for it: the constant weighs one against the other, so that none of the rows "
        "is right or wrong. Timed is the forward pass of an embedding of 64 and a dense layer of 256; an example has "
        "32 labels.",
        {"of rows": {"program.labels.ALONE": 0}, "of the table": {"program.labels.ALONE": inf}},
        [
            Case(
                f"{32 * times} rows, batch {batch}",
                _of_labels(32 * times, 64, ["_forward"], units=256, places=(32, batch), usual=64),
            )
            for times in (2, 4, 8)
            for batch in (1, 64)
        ],
        compromise=True,
    ),
    Threshold(
        ("program.labels.SORTING", "program.labels.LABEL"),
        "When the gradients of an embedding and of the dense layer after it are products of sums of rows by label, and "
        "not sums of products of rows. Timed is the backward pass, for 1,024 labels.",
        {
            "products of rows": {"program.labels.SORTING": inf},
            "of sums by label": {"program.labels.SORTING": 0, "program.labels.LABEL": 0},
        },
        [
            Case(f"{tokens} rows, {width} to {units}", _of_labels(tokens, width, ["_backward"], units=units))
            for tokens, width, units in (
                *((512, 64, 256), (384, 64, 256), (256, 64, 256), (96, 64, 512)),
                *((128, 32, 256), (64, 16, 256), (16, 16, 256), (128, 8, 256)),
            )
        ],
    ),
    Threshold(
        ("program.labels.SINGLE",),
        "How many numbers there are for each label at the least for rows to be sorted by label before they are added. "
        "Timed is the backward pass of an embedding alone, for 1,024 labels.",
        {"one by one": {"program.labels.SINGLE": inf}, "sorted": {"program.labels.SINGLE": 0}},
        [
            Case(f"{tokens} rows of {width}", _of_labels(tokens, width, ["_backward"]))
            for tokens, width in ((512, 64), (256, 64), (128, 64), (64, 64), (64, 16), (32, 16), (16, 16))
        ],
    ),
    Threshold(
        ("program.transpose.STEPS",),
        "From how many steps on a matrix that a loop reads across its rows is copied before the loop. Timed are the "
        "forward and the backward pass of a batch of 32.",
        {"as it lies": {"program.transpose.STEPS": inf}, "copied": {"program.transpose.STEPS": 0}},
        [
            *(_recurrent("lstm", 128, length) for length in (2, 4, 8, 16)),
            *(_recurrent("lstm", 32, length) for length in (4, 8)),
            *(_recurrent("rnn", 512, length) for length in (4, 8)),
        ],
    ),
    Threshold(
        ("program.stepwise.LEAST",),
        "How many numbers a step of a loop takes from a table at the least to take them itself, where otherwise those "
        "of all steps are taken before the loop. Timed is the forward pass of a recurrence over 32 labels.",
        {"before": {"program.stepwise.LEAST": inf}, "by step": {"program.stepwise.LEAST": 0}},
        [_rows_by_step(units) for units in (32, 64, 128, 256, 512)],
    ),
    Threshold(
        ("program.chains.LARGE",),
        "How many bytes a chain of elementwise operations needs at one time, operands, results and what lies between, "
        "for it to be carried out for some rows at a time. Timed are results, and derivatives with the loss before and "
        "a PReLU's after.",
        {"whole": {"program.chains.LARGE": inf}, "in blocks": {"program.chains.LARGE": 0}},
        [
            *(_large("gelu_tanh", mib) for mib in (6, 12, 24, 48, 96)),
            *(_large("gelu_tanh", mib, derivatives=True) for mib in (12, 24, 48)),
            *(_large(layer, mib) for layer in ("softmax", "layer_norm") for mib in (12, 24, 48)),
            *(_large("layer_norm", mib, derivatives=True) for mib in (12, 24, 48)),
        ],
    ),
    Threshold(
        ("program.chains.LONG",),
        "How many operations such a chain has at the least. Timed are results, of arrays of 16 MiB.",
        {"whole": {"program.chains.LONG": inf}, "in blocks": {"program.chains.LONG": 1}},
        [_long(layer, operations) for layer, operations in LENGTHS.items()],
    ),
    Threshold(
        ("program.chains.BLOCK",),
        "Numbers in a block of such a chain, of the array with the longest rows. Timed as for LARGE.",
        powers("program.chains.BLOCK", 14, 15, 16, 17, 18, 19, 20),
        [
            _large("gelu_tanh", 48),
            _large("gelu_tanh", 80, derivatives=True),
            _large("softmax", 48),
            _large("layer_norm", 48),
            _large("layer_norm", 48, derivatives=True),
        ],
    ),
    Threshold(
        ("program.chains.WIDE",),
        "Numbers in a row up to which such a chain is carried out row by row, where a row has more than a block. Timed "
        "is the result of `gelu_tanh` for 8 rows.",
        {"whole": {"program.chains.WIDE": 0}, "in blocks": {"program.chains.WIDE": inf}},
        [_wide(width) for width in (18, 19, 20, 21)],
    ),
    Threshold(
        ("program.products.CALL",),
        "Numbers copied in the time of one more product of a stack: the price by which lowering chooses between a "
        "stack of products and copies for a single one. Timed are both passes of a batch of 64 sequences.",
        set_to("program.products.CALL", 50, 5000),
        [
            _recurrent("rnn", 128, 16, batch=64),
            _recurrent("lstm", 8, 16, 8, batch=64),
            _ends_with_channels(3, 16, 16, 64),
            _ends_with_channels(5, 4, 64, 64),
        ],
    ),
    Threshold(
        ("program.products.AGAIN",),
        "Numbers copied in the time in which a product of a stack reads one number of a matrix again. Timed as before.",
        set_to("program.products.AGAIN", 0, 1),
        [
            _recurrent("rnn", 128, 16, batch=64),
            _recurrent("lstm", 128, 16, batch=64),
            _recurrent("lstm", 8, 16, 8, batch=64),
            _ends_with_channels(3, 16, 16, 64),
        ],
    ),
    Threshold(
        ("program.products.ACROSS",),
        "How many times longer it takes to copy a number whose neighbours are not copied with it. Timed as before.",
        set_to("program.products.ACROSS", 1, 4),
        [
            _recurrent("lstm", 128, 16, batch=64),
            _recurrent("lstm", 8, 16, 8, batch=64),
            _recurrent("gru", 128, 16, batch=64),
            _ends_with_channels(3, 16, 16, 64),
        ],
    ),
    Threshold(
        ("program.windows.OFTEN",),
        "How often windows read an array at the least for it to be copied into their order first. Timed as before.",
        {"as it lies": {"program.windows.OFTEN": inf}, "copied": {"program.windows.OFTEN": 0}},
        [_ends_with_channels(kernel, 16, 16, 64) for kernel in (2, 3, 5)],
    ),
    Threshold(
        ("program.variables.MULTIPLIED",),
        "Numbers multiplied and added in a product in the time in which one is copied: the price by which the gradient "
        "of a convolution by its input is a product whose columns are added, or one with columns of the error, or "
        "between the two. Timed at batch 64.",
        set_to("program.variables.MULTIPLIED", 3, 48),
        [
            *_convolutions(
                _sized("", (16, 14, 14), 16, 3)
                | _sized("", (16, 14, 14), 48, 3)
                | _sized("", (16, 14, 14), 64, 3)
                | _sized("", (64, 8, 8), 16, 3)
                | _sized("4 groups, ", (32, 14, 14), 32, 3, groups=4),
                ["d_x"],
            )
        ],
    ),
    Threshold(
        ("program.variables.OVERLAPPED",),
        "Numbers copied in the time in which one is added where windows overlap. Timed as before.",
        set_to("program.variables.OVERLAPPED", 0.75, 12),
        [
            *_convolutions(
                _sized("", (16, 14, 14), 16, 3)
                | _sized("", (16, 14, 14), 48, 3)
                | _sized("", (16, 14, 14), 64, 3)
                | _sized("", (64, 8, 8), 16, 3)
                | _sized("", (4, 14, 14), 64, 3),
                ["d_x"],
            )
        ],
    ),
    Threshold(
        ("program.variables.WHOLE",),
        "Numbers copied by blocks in the time of one of whole columns, which a product of two windows needs. Timed as "
        "before.",
        set_to("program.variables.WHOLE", 1, 16),
        [
            *_convolutions(
                _sized("4 groups, ", (32, 14, 14), 32, 3, groups=4, padding=1)
                | _sized("16 groups, ", (32, 14, 14), 32, 3, groups=16)
                | _sized("depthwise, ", (32, 14, 14), 32, 3, groups=32),
                ["d_x"],
            )
        ],
    ),
    Threshold(
        ("targets.numpy.extras.BLOCK",),
        "Numbers in a block of columns, which has one row at the least. Timed are parts of convolutions at batch 8.",
        powers("targets.numpy.extras.BLOCK", 15, 16, 17, 18, 20),
        [
            *_convolutions(
                _sized("", (16, 14, 14), 32, 5) | _sized("", (16, 32, 32), 16, 3, padding=1), ["z", "d_W", "d_x"], 8
            )
        ],
    ),
    Threshold(
        ("targets.numpy.rows.BLOCK", "targets.numpy.rows.LARGE", "targets.numpy.rows.FOLDED"),
        "How many rows of a matrix are copied at a time into the columns of another, from how many numbers on, and of "
        "which number a row has a multiple then. Timed with caches emptied before each copy, as a step finds them.",
        {
            "at once": {"targets.numpy.rows.LARGE": inf},
            **{
                f"by {rows}": {
                    "targets.numpy.rows.FOLDED": 1,
                    "targets.numpy.rows.LARGE": 0,
                    "targets.numpy.rows.BLOCK": rows,
                }
                for rows in (8, 16, 32)
            },
        },
        [
            _copied(*each)
            for each in (
                (512, 32),
                (384, 128),
                (512, 128),
                (600, 150),
                (512, 512),
                (1024, 256),
                (768, 256),
                (2048, 512),
            )
        ],
        cold=True,
    ),
    Threshold(
        ("targets.numpy.operations.MANY", "targets.numpy.operations.ROW"),
        "From how many numbers of an example on `np.maximum` gets a row of zeros in place of a single one, and how "
        "many numbers that row has at the least. Timed is a ReLU.",
        {
            "a number": {"targets.numpy.operations.MANY": inf},
            **{
                f"rows of {row}": {"targets.numpy.operations.MANY": 0, "targets.numpy.operations.ROW": row}
                for row in (4, 16, 32, 64)
            },
        },
        [_compared(*shape) for shape in ((64,), (128,), (256,), (64, 4), (64, 16), (16, 64), (16, 8, 8))],
    ),
    Threshold(
        ("targets.numpy.blas.ALONE",),
        "Multiplications of one product of a stack up to which NumPy computes them all, where SciPy computes the other "
        "products: NumPy gives each of these to one thread, and two libraries with several threads disturb each other. "
        "On one thread, as here, none of the rows is right or wrong.",
        {"NumPy": {"targets.numpy.blas.ALONE": inf}, "SciPy": {"targets.numpy.blas.ALONE": 0}},
        [
            _multiplied(*each)
            for each in ((64, 16, 16, 16), (32, 64, 32, 64), (32, 64, 64, 64), (32, 96, 64, 96), (16, 128, 64, 128))
        ],
        compromise=True,
    ),
    Threshold(
        ("targets.numpy.blas.ALONE_IN_ROWS",),
        "The same for rows that are multiplied in pairs.",
        {"NumPy": {"targets.numpy.blas.ALONE_IN_ROWS": inf}, "SciPy": {"targets.numpy.blas.ALONE_IN_ROWS": 0}},
        [_in_pairs(64, columns) for columns in (1000, 8000, 16000, 100_000)],
        compromise=True,
    ),
    Threshold(
        ("targets.numpy.update.STRETCH",),
        "Numbers that the optimizer updates at a time. Timed are updates, and whole steps.",
        powers("targets.numpy.update.STRETCH", 14, 16, 17, 18, 19, 20)
        | {"whole": {"targets.numpy.update.STRETCH": inf}},
        [
            *(_updated(each, size) for each in (MOMENTUM, ADAM) for size in (10**5, 5 * 10**5, 2 * 10**6, 10**7)),
            *(_stepped(each, batch) for each in (MOMENTUM, ADAM) for batch in (1, 64)),
        ],
    ),
)
