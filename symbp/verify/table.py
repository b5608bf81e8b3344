"""A check's report as a table for the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from symbp.verify.check import CheckReport


def show(report: CheckReport, console: Console | None = None) -> None:
    """Print the worst relative error of every gradient against every oracle, and what is missing."""
    console = console or Console()
    table = Table(title=f"{report.spec}: gradients on {report.batch} random examples, float64, seed {report.seed}")
    table.add_column("oracle")
    table.add_column("derivative of C by")
    table.add_column("shape")
    table.add_column("worst relative error", justify="right")
    table.add_column("")
    for reading in report.readings:
        shape = "(" + ", ".join(map(str, reading.shape)) + ")"
        name = "(the cost itself)" if reading.name == "C" else reading.name
        verdict = "ok" if reading.passed else f"above {reading.tolerance:.0e}"
        table.add_row(
            reading.oracle, name, shape, f"{reading.error:.1e}", verdict, style=None if reading.passed else "bold red"
        )
    console.print(table)
    if report.absent:
        console.print(f"not installed, so not compared: {', '.join(report.absent)}")
    console.print("all gradients agree" if report.passed else "GRADIENTS DISAGREE", style="bold")
