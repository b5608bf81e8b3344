"""The article's network on MNIST, trained as `symbp train` trains: `python -m benchmarks.accuracy`.

The run, with its loss curve, is kept where `symbp train` keeps runs. `--alone` leaves PyTorch out.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.lockstep import SPEC, beside, examples
from benchmarks.report import Figure, Report, Table, show
from symbp import pipeline
from symbp.spec import read_spec
from symbp.training import run_training
from symbp.training.batches import batches
from symbp.training.errors import DataError
from symbp.training.folders import places
from symbp.training.metrics import Row

LEAST = 0.975


def run(epochs: int | None = None, *, alone: bool = False, runs: Path = Path("runs")) -> Report:
    """The accuracy after the spec's epochs, or after these, and PyTorch's, unless it is to be left out."""
    made = pipeline.generate(read_spec(SPEC))
    training = made.spec.training
    epochs = epochs or training.epochs
    name, wanted = f"test accuracy after {epochs} epochs of MNIST", f"at least {LEAST:.1%}"
    _, folder = places(runs / made.spec.name, None, None)
    tables: tuple[Table, ...] = ()
    try:
        result = run_training(
            made.spec,
            made.derivation.network,
            pipeline.load_module(made),
            run_folder=folder,
            epochs=epochs,
            quiet=not sys.stderr.isatty(),
        )
    except DataError as error:
        figure = Figure(name, wanted, str(error), None)
    else:
        reached = result.rows[-1].test_accuracy or 0.0
        figure = Figure(name, wanted, f"{reached:.2%}", reached >= LEAST)
        theirs = [] if alone else by_torch(made, epochs)
        tables = (_table(result.rows, theirs),)
    return Report(
        "accuracy",
        "The article's network",
        f"`specs/mnist_mlp.yaml`: 784-512-256-10, ReLU, softmax cross-entropy, momentum {_number(made, 'momentum')}, "
        f"learning rate {_number(made, 'learning_rate')}, batches of {training.batch_size}, {made.spec.dtype}, seed "
        f"{training.seed}, by the same path as `symbp train`, which leaves `loss.png` in the run's folder. PyTorch "
        "starts from the same parameters and takes the same batches, in float32.",
        (figure,),
        tables,
    )


def _number(made: pipeline.Generated, option: str) -> str:
    return f"{made.spec.optimizer.options[option]:g}"


def by_torch(made: pipeline.Generated, epochs: int) -> list[float]:
    """PyTorch's accuracy on the test set after each epoch."""
    prepared, training = examples(made), made.spec.training
    assert prepared.test is not None
    x, y = prepared.test
    twin = beside(pipeline.load_module(made).init(training.seed, made.spec.dtype), made.spec)
    reached = []
    for epoch in range(1, epochs + 1):
        for batch in batches(prepared.train, training.batch_size, seed=training.seed, epoch=epoch, shuffle=True):
            twin.step(*batch)
        reached.append(float(np.mean(twin.forward(x).argmax(axis=1) == y)))
    return reached


def _table(rows: tuple[Row, ...], theirs: list[float]) -> Table:
    columns = ("epoch", "training cost", "test cost", "test accuracy", *(["PyTorch's test accuracy"] if theirs else []))
    cells: list[tuple[Any, ...]] = [
        (str(r.epoch), f"{r.train_loss:.4f}", f"{r.test_loss:.4f}", f"{r.test_accuracy:.2%}") for r in rows
    ]
    if theirs:
        cells = [(*cell, f"{accuracy:.2%}") for cell, accuracy in zip(cells, theirs, strict=True)]
    return Table("By epoch:", columns, tuple(cells))


if __name__ == "__main__":
    sys.exit(show(run(alone="--alone" in sys.argv[1:])))
