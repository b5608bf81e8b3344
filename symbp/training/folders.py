"""Where a run is kept: no run is ever written over another that it does not go on from."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from symbp.errors import UserError

CHECKPOINT = "checkpoint.npz"


def places(default: Path, chosen: Path | None, resume: Path | None) -> tuple[Path | None, Path]:
    """The checkpoint to go on from, if any, and the folder to write to.

    `resume` is a checkpoint or the folder of a run, which then is written to, unless another is chosen. A new run gets
    `default`, or the first of `default-2`, ... that holds none. UserError where the chosen folder holds a run already.
    """
    if resume is not None:
        checkpoint = resume / CHECKPOINT if resume.is_dir() else resume
        return checkpoint, chosen or checkpoint.parent
    if chosen is None:
        names = (default if n == 1 else default.with_name(f"{default.name}-{n}") for n in count(1))
        return None, next(folder for folder in names if not (folder / CHECKPOINT).exists())
    if (chosen / CHECKPOINT).exists():
        raise UserError(f"{chosen} holds a run; go on with it by --resume {chosen}, or name another folder with --run")
    return None, chosen
