"""The command line: thin. A command reads a spec, formulas or claims, calls one stage, and shows or writes the result.

Errors that a user can mend go to standard error with exit status 2. A result that symbp itself finds wrong is a
message with status 1; any other exception is a defect and is not hidden. Ctrl-C is 130.
Heavy imports (SymPy, NumPy) happen inside the commands that need them.
"""

from __future__ import annotations

import click

from symbp import __version__
from symbp.cli.formulas import audit, diff
from symbp.cli.group import Group
from symbp.cli.networks import check, derive, generate, plan, sample_, train
from symbp.cli.specs import list_, new, schema

COMMANDS = [generate, derive, diff, audit, check, plan, train, sample_, new, list_, schema]


@click.group(cls=Group, commands=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="symbp")
def main() -> None:
    """Back-propagation derived step by step, and emitted as a NumPy-only module."""
