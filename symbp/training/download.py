"""A file from the first of several addresses that has it whole; nothing is kept that fails its verification."""

from __future__ import annotations

import contextlib
import http.client
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from symbp.training.errors import DataError

TIMEOUT = 30.0  # seconds without an answer
PIECE = 1 << 16


def fetch(addresses: Sequence[str], path: Path, verify: Callable[[Path], object], *, quiet: bool = False) -> None:
    """Fetch `path`; `verify` raises DataError for a wrong file. DataError where every address fails."""
    failures = []
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise DataError(f"cannot write to {path.parent}: {error.strerror or error}") from None
    part = Path(name)
    os.close(descriptor)
    try:
        for address in addresses:
            try:
                _fetch_one(address, part, quiet)
                verify(part)
            except (urllib.error.URLError, http.client.HTTPException, OSError, DataError) as error:
                failures.append(f"  {address}: {error}".replace(name, "the file"))
                continue
            os.chmod(part, 0o644)
            os.replace(part, path)
            return
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
    raise DataError("\n".join([f"{path.name} could not be fetched:", *failures]))


def _fetch_one(address: str, part: Path, quiet: bool) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with (
        urllib.request.urlopen(address, timeout=TIMEOUT) as answer,
        part.open("wb") as file,
        Progress(*columns, disable=quiet, transient=True) as progress,
    ):
        length = answer.headers.get("Content-Length")
        task = progress.add_task(address.rsplit("/", 1)[-1], total=int(length) if length else None)
        while piece := answer.read(PIECE):
            file.write(piece)
            progress.advance(task, len(piece))
        file.flush()
        os.fsync(file.fileno())
