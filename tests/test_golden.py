"""Generating `specs/` again gives the checked-in files, byte for byte, and these pass their own gradient check."""

from __future__ import annotations

import difflib
import subprocess
import sys
from functools import cache
from itertools import islice

import golden
import pytest

SPECS = sorted(path.stem for path in (golden.ROOT / "specs").glob("*.yaml"))
LONG = {"shakespeare_transformer", "segmentation_unet", "mnist_resnet"}  # `generate` checks along fewer directions


@cache
def files() -> dict[str, str]:
    return golden.golden()


@pytest.mark.parametrize("name", [f"{spec}.{end}" for spec in SPECS for end in ("py", "tex")])
def test_the_golden_copy_is_what_generate_writes(name: str) -> None:
    path = golden.FOLDER / name
    held = path.read_text(encoding="utf-8") if path.exists() else ""
    now = files()[name]
    differences = difflib.unified_diff(held.splitlines(True), now.splitlines(True), f"generated/{name}", "now")
    shown = "".join(islice(differences, 60))
    assert held == now, f"run `make golden` if this change is meant:\n{shown}"


def test_no_file_is_stale() -> None:
    assert golden.stale(files()) == [], "run `make golden`"


@pytest.mark.parametrize("spec", [pytest.param(s, marks=pytest.mark.slow) if s in LONG else s for s in SPECS])
def test_the_module_checks_itself(spec: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", f"generated.{spec}"], cwd=golden.ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("0 of "), done.stdout
