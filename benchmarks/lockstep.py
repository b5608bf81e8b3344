"""One epoch of MNIST beside PyTorch: `python -m benchmarks.lockstep`.

Prints the worst relative disagreement, max |a - b| / max |b| for each tensor of parameters, between the module of
specs/mnist_mlp.yaml in float64 and PyTorch (torch.nn.Linear, ReLU, CrossEntropyLoss, torch.optim.SGD), from the same
parameters and over the same 938 batches, the last of them short. Ends with status 1 where it is above 1e-9.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.twin import TOLERANCE, Agreement, Twin, follow, twin
from symbp import pipeline
from symbp.spec import read_spec
from symbp.spec.model import NetworkSpec
from symbp.training.batches import batches
from symbp.training.errors import DataError
from symbp.training.prepare import Examples, prepare
from symbp.training.sources import load_source

SPEC = Path(__file__).parents[1] / "specs" / "mnist_mlp.yaml"


def run() -> Agreement:
    """The agreement over one epoch. DataError where MNIST is not found."""
    made = pipeline.generate(read_spec(SPEC), dtype="float64")
    train = examples(made).train
    module, training = pipeline.load_module(made), made.spec.training
    trainer = module.Trainer(module.init(training.seed, np.float64))
    epoch = batches(train, training.batch_size, seed=training.seed, epoch=1, shuffle=True)
    return follow(trainer, beside(trainer.params, made.spec), epoch)


def examples(made: pipeline.Generated) -> Examples:
    """MNIST as the spec wants it."""
    assert made.spec.data is not None
    source = load_source(made.spec.data, folder=None, spec_folder=SPEC.parent)
    return prepare(source, made.spec, made.derivation.network)


def beside(params: Mapping[str, np.ndarray], spec: NetworkSpec) -> Twin:
    """The spec's network in PyTorch."""
    options: Mapping[str, Any] = spec.optimizer.options
    rate, momentum = options["learning_rate"], options["momentum"]
    return twin(params, torch.nn.ReLU, lambda leaves: torch.optim.SGD(leaves, rate, momentum))


def main() -> int:
    """Print the figure; 0 where it is within the tolerance, 2 where there is no MNIST."""
    try:
        found = run()
    except DataError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{SPEC.name}, float64, {found.steps} steps of MNIST, beside PyTorch {torch.__version__}")
    print(
        f"worst relative disagreement of parameters (max |a - b| / max |b| of a tensor, after any step): "
        f"{found.worst:.2e}, {found.tensor} after step {found.step}; at most {TOLERANCE:.0e} is wanted"
    )
    return 0 if found.holds else 1


if __name__ == "__main__":
    sys.exit(main())
