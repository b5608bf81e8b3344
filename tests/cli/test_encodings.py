"""Where standard output is not UTF-8: what it cannot show is an error that says how to mend it, in every command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CLAIMS = "formula: sum[i](x[i]**2)\nclaims: ['dC/dx[i] = x[i]']\n"
SHOWN = {
    "plan": ("plan", "small.yaml"),
    "derive": ("derive", "small.yaml"),
    "diff": ("diff", "sum[i](x[i]**2)"),
    "audit": ("audit", "claims.yaml"),
}


def printed(encoding: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, with output in this encoding."""
    Path("claims.yaml").write_text(CLAIMS)
    command = [sys.executable, "-m", "symbp", *arguments]
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=False)


@pytest.mark.parametrize("command", SHOWN)
def test_what_cannot_be_shown_is_a_message(command: str) -> None:
    done = printed("cp1252", *SHOWN[command])
    assert done.returncode == 2
    assert done.stderr.startswith("symbp: standard output is set to cp1252, which has no `\\u")
    assert done.stderr.endswith("`; set PYTHONIOENCODING=utf-8 in the environment\n")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", SHOWN)
def test_ascii_is_where_nothing_was_set(command: str) -> None:
    done = printed("ascii", *SHOWN[command])
    assert done.stderr == ""
    assert done.stdout == printed("utf-8", *SHOWN[command]).stdout
    assert not done.stdout.isascii()


def test_what_can_be_shown_is(folder: Path) -> None:
    assert printed("cp1252", "list", "dense").returncode == 0
    done = printed("cp1252", "check", "small.yaml")
    assert done.returncode == 0, done.stderr
    assert "| dense_1.W" in done.stdout, "borders in ASCII"
