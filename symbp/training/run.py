"""A run of training: from data to a trained network, a step at a time, able to stop and to go on at any of them.

Everything that a run leaves is in its folder: `checkpoint.npz`, `metrics.csv` (or `.jsonl`), `loss.png`, the
`alphabet.json` of a text, and at the end `NAME.npz` with the parameters, which the generated module's `load` reads.

With sum reduction the cost of an epoch is a mean over its batches' costs like any other: batches count by their size.
"""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

from symbp.errors import UserError, to_install
from symbp.files import replace_file, sweep
from symbp.forward.network import Network
from symbp.spec.model import NetworkSpec
from symbp.training.alphabet import FILE as ALPHABET
from symbp.training.batches import batches, count
from symbp.training.blas import on_one_thread
from symbp.training.checkpoint import Position, read_checkpoint, write_checkpoint
from symbp.training.dataset import examples_in
from symbp.training.errors import DataError, TrainingError
from symbp.training.folders import CHECKPOINT
from symbp.training.interrupt import Interruptions
from symbp.training.measure import Measure
from symbp.training.metrics import Format, Row, written
from symbp.training.named import is_named, named_examples
from symbp.training.plot import loss_curve
from symbp.training.prepare import Examples, prepare
from symbp.training.progress import Display, told
from symbp.training.sources import find_file, load_named, load_source
from symbp.training.text import text_examples

CURVE = "loss.png"


@dataclass(frozen=True)
class TrainingResult:
    """What a run came to, and the files it left. `interrupted`: it stopped where it was told to, and can go on."""

    rows: tuple[Row, ...]
    folder: Path
    files: tuple[Path, ...]
    interrupted: bool = False


def run_training(
    spec: NetworkSpec,
    network: Network,
    module: ModuleType,
    *,
    run_folder: Path,
    data_folder: Path | None = None,
    epochs: int | None = None,
    resume: Path | None = None,
    metrics: Format = "csv",
    download: bool = False,
    quiet: bool = False,
) -> TrainingResult:
    """Train the module that was generated from the spec.

    `epochs` takes the place of the spec's; `resume` is a checkpoint of an earlier run of the same spec and data.
    Raises DataError, CheckpointError, TrainingError for a cost that is not finite, UserError for an unwritable folder.
    """
    examples = read_examples(spec, network, data_folder=data_folder, download=download, quiet=quiet)
    run = Run(spec, module, examples, run_folder, epochs or spec.training.epochs, metrics)
    if resume is not None:
        run.position = read_checkpoint(resume, module, run.trainer, run.manner)
        run.sweep()
    return run.go(quiet=quiet)


def read_examples(
    spec: NetworkSpec, network: Network, *, data_folder: Path | None = None, download: bool = False, quiet: bool = True
) -> Examples:
    """The examples that the spec names, split, scaled and shaped for its network. DataError where there are none."""
    if spec.data is None:
        raise DataError(f"{spec.place.file}: has no `data`, so there is nothing to train on; see `symbp new`")
    spec_folder = Path(spec.place.file).parent
    if is_named(spec.data, network):
        arrays = load_named(spec.data, network, folder=data_folder, spec_folder=spec_folder)
        return named_examples(arrays, spec, network)
    if spec.data.source == "text":
        return text_examples(find_file(spec.data, folder=data_folder, spec_folder=spec_folder), spec, network)
    dataset = load_source(spec.data, folder=data_folder, spec_folder=spec_folder, download=download, quiet=quiet)
    return prepare(dataset, spec, network)


class Run:
    """One run: a trainer, and where it stands."""

    def __init__(
        self, spec: NetworkSpec, module: ModuleType, examples: Examples, folder: Path, epochs: int, metrics: Format
    ) -> None:
        self.spec = spec
        self.module = module
        self.examples = examples
        self.folder = folder
        self.epochs = epochs
        self.metrics = metrics
        seed = {"seed": spec.training.seed} if hasattr(module, "RANDOM") else {}  # of what is drawn in every step
        self.trainer: Any = module.Trainer(module.init(spec.training.seed, spec.dtype), **seed)
        self.position = Position()
        self.measure = Measure(module, examples)
        self.manner = {"dtype": spec.dtype, "training_examples": examples.fingerprint()}

    @property
    def checkpoint(self) -> Path:
        """The file that holds the run's state."""
        return self.folder / CHECKPOINT

    def go(self, *, quiet: bool) -> TrainingResult:
        """All epochs that are left."""
        training = self.spec.training
        self._make_folder()
        if self.examples.alphabet:
            self._write(ALPHABET, self.examples.alphabet.written())
        per_epoch = count(examples_in(self.examples.train[0]), training.batch_size)
        held = ", ".join(
            f"{examples_in(pair[0])} {name}"
            for name, pair in (("validation", self.examples.validation), ("test", self.examples.test))
            if pair is not None
        )
        steps = self.epochs * per_epoch
        limited, advice = on_one_thread(self.spec.threads)
        with limited, Interruptions() as interruptions, Display(steps, self.trainer.steps, quiet=quiet) as display:
            if advice:
                display.say(advice)
            display.say(
                f"{self.spec.name}: {examples_in(self.examples.train[0])} training, {held} examples; {self.folder}/"
            )
            if self.position.epoch > 1 or self.position.batch:
                display.say(f"going on after {self.trainer.steps} steps, in epoch {self.position.epoch}")
            while self.position.epoch <= self.epochs:
                if self._epoch(per_epoch, display, interruptions):
                    self._save()
                    display.say(f"interrupted after {self.trainer.steps} steps; go on with --resume {self.checkpoint}")
                    return TrainingResult(tuple(self.position.rows), self.folder, (self.checkpoint,), interrupted=True)
            return self._finish(display)

    def _epoch(self, per_epoch: int, display: Display, interruptions: Interruptions) -> bool:
        """The batches of the epoch that are left, then its row; True where it was interrupted."""
        position, training = self.position, self.spec.training
        start = time.perf_counter() - position.seconds
        for x, y in batches(
            self.examples.train,
            training.batch_size,
            seed=training.seed,
            epoch=position.epoch,
            shuffle=training.shuffle,
            start=position.batch,
        ):
            if interruptions.asked:
                return True
            cost = self.trainer.step(x, y)
            if not math.isfinite(cost):
                raise TrainingError(self._diverged(cost))
            position.batch += 1
            position.total += cost * examples_in(x)
            position.seconds = time.perf_counter() - start
            display.step(self.trainer.steps, position.epoch, cost)
            due = training.checkpoint_every and self.trainer.steps % training.checkpoint_every == 0
            if due and position.batch < per_epoch:
                self._save()
        row = self._row(start)
        self.position = Position(epoch=position.epoch + 1, rows=[*position.rows, row])
        self._save()
        self._write(f"metrics.{self.metrics}", written(self.position.rows, self.metrics).encode())
        display.epoch(row, self.epochs)
        return False

    def _row(self, start: float) -> Row:
        params, position = self.trainer.params, self.position
        measured = {"test": self.measure(params, self.examples.test)}
        if self.examples.validation:
            measured["validation"] = self.measure(params, self.examples.validation)
        figures = {f"{of}_{name}": value for of, found in measured.items() for name, value in vars(found).items()}
        return Row(
            epoch=position.epoch,
            steps=self.trainer.steps,
            learning_rate=self.trainer.learning_rate,
            train_loss=position.total / examples_in(self.examples.train[0]),
            seconds=round(time.perf_counter() - start, 3),
            **figures,
        )

    def _finish(self, display: Display) -> TrainingResult:
        rows = self.position.rows
        parameters = self.folder / f"{self.spec.name}.npz"
        try:
            self.module.save(parameters, self.trainer.params)
        except OSError as error:
            raise UserError(f"cannot write {parameters}: {error.strerror or error}") from None
        files = [parameters, self.checkpoint, self.folder / f"metrics.{self.metrics}"]
        if find_spec("matplotlib") is None:
            display.say(f"no picture of the loss: matplotlib is not installed; {to_install('train')}")
        else:
            title = f"{self.spec.name}: {self.spec.optimizer.name}, batch {self.spec.training.batch_size}"
            files.append(self._write(CURVE, loss_curve(rows, title)))
        last = rows[-1]
        display.say(f"test cost {told(last, 'test')}, after {last.epoch} epochs of {self.spec.name}")
        for path in files:
            display.say(f"  {path}")
        return TrainingResult(tuple(rows), self.folder, tuple(files))

    def _make_folder(self) -> None:
        """Say now, not after an epoch, that nothing can be written."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot write to {self.folder}: {error.strerror or error}") from None
        if not os.access(self.folder, os.W_OK | os.X_OK):
            raise UserError(f"cannot write to {self.folder}: Permission denied")

    def sweep(self) -> None:
        """Remove parts of files that an earlier process of this run was killed over."""
        for name in (CHECKPOINT, ALPHABET, CURVE, *(f"metrics.{form}" for form in get_args(Format))):
            sweep(self.folder / name)

    def _save(self) -> None:
        write_checkpoint(self.checkpoint, self.module, self.trainer, self.position, self.manner)

    def _write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        try:
            replace_file(path, content)
        except OSError as error:
            raise UserError(f"cannot write {path}: {error.strerror or error}") from None
        return path

    def _diverged(self, cost: float) -> str:
        kept = f"; {self.checkpoint} holds an earlier step" if self.checkpoint.exists() else ""
        return (
            f"{self.spec.name}: the cost became {cost} at step {self.trainer.steps}, in epoch {self.position.epoch}; "
            f"try a smaller learning_rate, `clip: {{global_norm: 1.0}}`, or `data: {{normalize: standard}}`{kept}"
        )
