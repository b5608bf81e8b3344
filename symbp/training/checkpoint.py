"""Checkpoints: everything that the next step depends on. A resumed run ends bit-identical to an uninterrupted one.

A checkpoint is an `.npz` file without pickles: what the module's own `save` writes of a trainer (so that the module's
`load` reads it), and where the run stands. The order of the examples is no part of it: it follows from seed and epoch.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from symbp.errors import UserError
from symbp.files import replace_file
from symbp.training.errors import CheckpointError
from symbp.training.metrics import Row, packed, unpacked
from symbp.training.npz import read_npz


@dataclass
class Position:
    """Where a run stands: `batch` batches of `epoch` (from 1) are done and cost `total`; `rows` are the past."""

    epoch: int = 1
    batch: int = 0
    total: float = 0.0
    seconds: float = 0.0
    rows: list[Row] = field(default_factory=list)


def write_checkpoint(
    path: Path, module: ModuleType, trainer: Any, position: Position, manner: Mapping[str, object]
) -> None:
    """Replace the checkpoint, whole; `manner` is what must be the same when the run goes on."""
    stream = io.BytesIO()
    content: dict[str, Any] = dict(
        trainer.state_dict(),
        layout_version=module.LAYOUT_VERSION,
        spec_sha256=module.SPEC_SHA256,
        run_epoch=position.epoch,
        run_batch=position.batch,
        run_total=position.total,
        run_seconds=position.seconds,
        run_rows=packed(position.rows),
        **{f"manner_{name}": str(value) for name, value in manner.items()},
    )
    np.savez(stream, **content)
    try:
        replace_file(path, stream.getvalue())
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from None


def read_checkpoint(path: Path, module: ModuleType, trainer: Any, manner: Mapping[str, object]) -> Position:
    """Put the trainer where the checkpoint's was. CheckpointError where the file is damaged or does not fit."""
    try:
        content = read_npz(path)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise CheckpointError(f"{path}: not a checkpoint of `symbp train`: {error}") from None
    expected = {"layout_version": module.LAYOUT_VERSION, "spec_sha256": module.SPEC_SHA256}
    expected |= {f"manner_{name}": str(value) for name, value in manner.items()}
    for name, value in expected.items():
        if name not in content:
            raise CheckpointError(f"{path}: not a checkpoint of `symbp train`: it has no {name}")
        if content[name].tolist() != value:
            what = name.removeprefix("manner_").replace("_", " ")
            raise CheckpointError(f"{path}: of another run: its {what} is {content[name]}, here it is {value}")
    try:
        trainer.load_state_dict(content)
        return Position(
            int(content["run_epoch"]),
            int(content["run_batch"]),
            float(content["run_total"]),
            float(content["run_seconds"]),
            unpacked(str(content["run_rows"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path}: does not fit the network: {error}") from None
