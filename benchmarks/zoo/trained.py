"""A spec of the zoo with its trained network."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks import ROOT
from symbp import pipeline
from symbp.forward.network import Network
from symbp.spec import read_spec
from symbp.spec.model import NetworkSpec
from symbp.training import run_training
from symbp.training.errors import CheckpointError
from symbp.training.folders import CHECKPOINT
from symbp.training.metrics import Row
from symbp.training.prepare import Examples
from symbp.training.run import read_examples

SPECS = ROOT / "specs"
BATCH = 500


@dataclass(frozen=True)
class Trained:
    """What a run came to."""

    spec: NetworkSpec
    network: Network
    module: ModuleType
    examples: Examples
    params: Any
    rows: tuple[Row, ...]

    @property
    def last(self) -> Row:
        """The last epoch."""
        return self.rows[-1]

    @property
    def seconds(self) -> float:
        """The time that training took."""
        return sum(row.seconds for row in self.rows)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The module's prediction, a batch at a time."""
        parts = [self.module.predict(self.params, x[k : k + BATCH]) for k in range(0, len(x), BATCH)]
        return np.concatenate([np.array(part) for part in parts])


def train(name: str, *, runs: Path = Path("runs"), epochs: int | None = None, quiet: bool = False) -> Trained:
    """Train a spec of the zoo, or go on with the run of it that is kept."""
    made = pipeline.generate(read_spec(SPECS / f"{name}.yaml"))
    module = pipeline.load_module(made)
    network = made.derivation.network
    for folder in (runs / name if n == 1 else runs / f"{name}-{n}" for n in count(1)):
        kept = folder / CHECKPOINT
        resume = kept if kept.exists() else None
        try:
            result = run_training(
                made.spec, network, module, run_folder=folder, epochs=epochs, resume=resume, quiet=quiet
            )
        except CheckpointError:  # of a spec or of examples that have changed since
            continue
        return Trained(
            made.spec,
            network,
            module,
            read_examples(made.spec, network),
            module.load(folder / f"{made.spec.name}.npz"),
            result.rows,
        )
    raise AssertionError("folders do not end")
