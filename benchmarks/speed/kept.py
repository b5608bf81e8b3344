"""Results on the disk, so that a run that was stopped can go on: a file for what was measured together."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

from benchmarks import ROOT
from benchmarks.report import Figure
from benchmarks.speed.rounds import Measured, Results
from symbp.files import replace_file

FOLDER = ROOT / "build" / "speed"


def forget() -> None:
    """Begin anew."""
    shutil.rmtree(FOLDER, ignore_errors=True)


def compiled(workload: str) -> Path:
    """Where PyTorch finds on two threads what it has compiled on one."""
    return FOLDER / "compiled" / workload


def keep(name: str, what: Results | list[Figure]) -> None:
    """Write a file, whole or not at all."""
    held = asdict(what) if isinstance(what, Results) else [asdict(figure) for figure in what]
    replace_file(FOLDER / f"{name}.json", json.dumps(held).encode())


def results(name: str) -> Results | None:
    """What was kept, None where nothing was."""
    path = FOLDER / f"{name}.json"
    if not path.exists():
        return None
    held = json.loads(path.read_text())
    return Results({each: Measured(**said) for each, said in held["measured"].items()}, held["failed"])


def figures(name: str) -> list[Figure] | None:
    """What was kept, None where nothing was."""
    path = FOLDER / f"{name}.json"
    return [Figure(**each) for each in json.loads(path.read_text())] if path.exists() else None
