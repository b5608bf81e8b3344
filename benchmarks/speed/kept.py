"""Results on the disk, so that a run that was stopped can go on: a file for what was measured together.

Each is kept with what it is `of`, and is none of anything else.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import ROOT
from benchmarks.report import Figure, Table
from benchmarks.speed.rounds import Measured, Results
from symbp.files import replace_file

FOLDER = ROOT / "build" / "speed"
BESIDES = "besides"


@dataclass(frozen=True)
class Besides:
    """What needs no rounds: figures of memory and of start-up, and a table of imports."""

    figures: list[Figure]
    imports: Table


def forget() -> None:
    """Begin anew."""
    shutil.rmtree(FOLDER, ignore_errors=True)


def compiled(workload: str) -> Path:
    """Where PyTorch finds on two threads what it compiled on one; compilers take no path with a comma."""
    return FOLDER / "compiled" / workload


def keep(name: str, what: Results | Besides, of: str) -> None:
    """Write a file, whole or not at all."""
    replace_file(_path(name), json.dumps({**asdict(what), "of": of}).encode())


def is_there(name: str, of: str) -> bool:
    """Whether it was kept."""
    return _read(name, of) is not None


def results(name: str, of: str) -> Results | None:
    """What was kept of a workload, None where nothing was."""
    held = _read(name, of)
    return held and Results({each: Measured(**said) for each, said in held["measured"].items()}, held["failed"])


def besides(of: str) -> Besides | None:
    """What was kept of it, None where nothing was."""
    held = _read(BESIDES, of)
    if held is None:
        return None
    caption, columns, rows = held["imports"].values()
    imports = Table(caption, tuple(columns), tuple(map(tuple, rows)))
    return Besides([Figure(**each) for each in held["figures"]], imports)


def _read(name: str, of: str) -> Any:
    held = json.loads(_path(name).read_text()) if _path(name).exists() else {}
    return held if held.get("of") == of else None


def _path(name: str) -> Path:
    return FOLDER / f"{name}.json"
