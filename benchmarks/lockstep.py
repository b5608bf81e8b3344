"""One epoch of MNIST beside PyTorch: `python -m benchmarks.lockstep`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from benchmarks import ROOT
from benchmarks.by_torch import one_thread, twin
from benchmarks.report import Figure, Report, show
from benchmarks.twin import TOLERANCE, Agreement, Twin, follow
from symbp import pipeline
from symbp.spec import read_spec
from symbp.spec.model import NetworkSpec
from symbp.training.batches import batches
from symbp.training.errors import DataError
from symbp.training.prepare import Examples, prepare
from symbp.training.sources import load_source

SPEC = ROOT / "specs" / "mnist_mlp.yaml"


def run() -> Report:
    """The worst disagreement of any tensor of parameters after any step."""
    wanted = f"at most {TOLERANCE:.0e}"
    try:
        found = epoch(pipeline.generate(read_spec(SPEC), dtype="float64"))
    except DataError as error:
        figure = Figure("one epoch of MNIST, float64", wanted, str(error), None)
    else:
        measured = f"{found.worst:.1e} ({found.tensor}, after step {found.step})"
        figure = Figure(f"one epoch of MNIST, {found.steps} steps, float64", wanted, measured, found.holds)
    return Report(
        "lockstep",
        "In lockstep with PyTorch",
        "The module of `specs/mnist_mlp.yaml` and PyTorch (torch.nn.Linear, ReLU, CrossEntropyLoss, torch.optim.SGD), "
        "from the same parameters over the same batches: the worst relative disagreement, max |a - b| / max |b| for "
        "each tensor of parameters, after any step.",
        (figure,),
    )


def epoch(made: pipeline.Generated) -> Agreement:
    """The agreement over one epoch of the spec's data. DataError where it is not found."""
    train = examples(made).train
    module, training = pipeline.load_module(made), made.spec.training
    trainer = module.Trainer(module.init(training.seed, np.float64))
    order = batches(train, training.batch_size, seed=training.seed, epoch=1, shuffle=True)
    with one_thread():
        return follow(trainer, beside(trainer.params, made.spec), order)


def examples(made: pipeline.Generated) -> Examples:
    """The spec's data, prepared as it says."""
    assert made.spec.data is not None
    source = load_source(made.spec.data, folder=None, spec_folder=SPEC.parent)
    return prepare(source, made.spec, made.derivation.network)


def beside(params: Mapping[str, np.ndarray], spec: NetworkSpec) -> Twin:
    """The spec's network in PyTorch: dense layers, ReLU between them, momentum."""
    options: Mapping[str, Any] = spec.optimizer.options
    rate, momentum = options["learning_rate"], options["momentum"]
    return twin(params, torch.nn.ReLU, lambda leaves: torch.optim.SGD(leaves, rate, momentum))


if __name__ == "__main__":
    sys.exit(show(run()))
