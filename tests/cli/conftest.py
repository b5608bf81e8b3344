"""Every test of commands runs in an empty folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.command import SMALL


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, which holds `small.yaml`."""
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(SMALL)
    return tmp_path
