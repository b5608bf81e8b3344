"""What is generated of the workloads before a process starts, and the folders that hold it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed.bound import ROUTINES, products
from benchmarks.speed.given import MODULE, PARAMETERS, PRODUCTS, Given
from benchmarks.speed.workloads import Workload
from symbp import pipeline
from symbp.spec import read_spec


@cache
def _generated(text: str) -> pipeline.Generated:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spec.yaml"
        path.write_text(text, encoding="utf-8")
        return pipeline.generate(read_spec(path))


def generated(workload: Workload, changes: Mapping[str, Any] | None = None) -> pipeline.Generated:
    """The workload's module, made for its batch, with all that led to it; its spec has the keys of `changes` too."""
    batch = {"training": {"batch_size": workload.batch}}
    return _generated(json.dumps({**workload.spec, **batch, **(changes or {})}))


def give(workload: Workload, changes: Mapping[str, Any], folder: Path) -> Given:
    """Write a new folder."""
    made, given = generated(workload, changes), Given(folder)
    folder.mkdir()
    (folder / MODULE).write_text(made.module, encoding="utf-8")
    np.savez(folder / PARAMETERS, **dict(pipeline.load_module(made).init(0, np.float32)))
    program = made.optimized.program
    found = {name: [asdict(p) for p in products(program, workload.batch, of)] for name, of in ROUTINES.items()}
    (folder / PRODUCTS).write_text(json.dumps(found), encoding="utf-8")
    return given
