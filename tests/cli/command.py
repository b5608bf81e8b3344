"""The command line in this process and in one of its own, in a folder that holds one small spec."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from symbp.cli import main

SMALL = """\
name: small
input: 3
layers:
  - dense: 2
loss: mse
"""

LISTENS = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.executable, sys.argv[1:])"
"""Becomes the process of its arguments once Ctrl-C is no longer ignored."""


def run(*arguments: object) -> Result:
    """A command in this process; what it does not handle is raised."""
    return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)


def refused(*arguments: object) -> str:
    """The message of a command that ends with status 2 and prints nothing else."""
    done = run(*arguments)
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    return done.stderr


def start(*arguments: object, folder: Path) -> subprocess.Popen[str]:
    """A command in a process of its own, which Ctrl-C reaches even where the tests' own process ignores it."""
    return subprocess.Popen(
        [sys.executable, "-c", LISTENS, sys.executable, "-m", "symbp", *map(str, arguments)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
