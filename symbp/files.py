"""Files that are whole or not there: written beside their place, flushed to the disk, then moved into it."""

from __future__ import annotations

import contextlib
import glob
import os
import tempfile
from pathlib import Path

RANDOM = 8  # characters at the end of a name that `mkstemp` makes


def stage(path: Path, content: bytes) -> Path:
    """The content in a temporary file beside `path`, which is not touched. OSError where that cannot be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~_umask())
    except BaseException:
        discard(Path(name))
        raise
    return Path(name)


def replace_file(path: Path, content: bytes) -> None:
    """Write `path`, whole: a reader, or a process killed at any moment, finds the old content or the new."""
    temporary = stage(path, content)
    try:
        os.replace(temporary, path)
    finally:
        discard(temporary)


def discard(temporary: Path) -> None:
    """Remove what `stage` made, where it was not moved."""
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()


def sweep(path: Path) -> None:
    """Remove what a process that was killed left of writing `path`."""
    for part in path.parent.glob(f".{glob.escape(path.name)}.{'[a-z0-9_]' * RANDOM}"):
        discard(part)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
