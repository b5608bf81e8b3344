"""What Python itself reports while a block runs: files opened for writing, processes, sockets."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FORBIDDEN = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "os.spawn",
    "subprocess.",
    "socket.",
    "ctypes.",
    "pty.",
)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_watching: list[list[str]] = []
_installed = False


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if not _watching:
        return
    if event.startswith(FORBIDDEN):
        _watching[-1].append(f"{event} {arguments!r:.200}")
    elif event == "open" and not isinstance(arguments[0], int) and int(str(arguments[2])) & WRITING:
        _watching[-1].append(f"write {arguments[0]}")


@contextmanager
def watched(folder: Path) -> Iterator[list[str]]:
    """What happens inside the block and should not: anything forbidden, and writing outside the folder."""
    global _installed
    if not _installed:  # a hook can never be taken away
        sys.addaudithook(_hear)
        _installed = True
    heard: list[str] = []
    found: list[str] = []
    _watching.append(heard)
    try:
        yield found
    finally:
        _watching.pop()
        found += [event for event in heard if not event.startswith(f"write {folder}{os.sep}")]
