"""A check's report as a table for the terminal: a row for each gradient, a column for each oracle."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from symbp.errors import to_install
from symbp.verify.check import AFTER_A_STEP, DIVIDED, IN_INFERENCE, CheckReport, Reading

EXTRAS = {"JAX": "check", "PyTorch": "torch"}


def show(report: CheckReport, console: Console | None = None) -> None:
    """Print the worst relative error of every gradient against every oracle, and what is missing."""
    console = console or Console(highlight=False)
    console.print(f"{report.spec}: worst relative errors, {report.batch} random examples, float64, seed {report.seed}")
    readings = {(reading.oracle, reading.name): reading for reading in report.readings}
    oracles = dict.fromkeys(oracle for oracle, _ in readings)
    table = Table()
    table.add_column("derivative of C by", overflow="fold")
    table.add_column("shape")
    for oracle in oracles:
        table.add_column(f"beside {oracle}", justify="right", overflow="fold")
    for name, shape in {reading.name: reading.shape for reading in report.readings}.items():
        cells = [_cell(readings.get((oracle, name))) for oracle in oracles]
        beside = name.endswith((IN_INFERENCE, AFTER_A_STEP, DIVIDED))  # no gradient
        label = "(the cost itself)" if name == "C" else f"({name})" if beside else name
        table.add_row(Text(label), "(" + ", ".join(map(str, shape)) + ")", *cells)
    console.print(table)
    whole, compared = report.steps
    if compared < whole:
        console.print(f"compared over {compared} steps in place of {whole}: the parameters are the same at any length")
    if any(reading.settled for reading in report.readings):
        console.print("* a few entries of the library's are off by rounding: there, differences in fifty digits")
    if report.absent:
        extras = to_install(*(EXTRAS[name] for name in report.absent))
        console.print(f"not installed, so not compared: {', '.join(report.absent)}; {extras}", markup=False)
    tolerance = max(reading.tolerance for reading in report.readings)
    verdict = f"all gradients agree to {tolerance:.0e}" if report.passed else "GRADIENTS DISAGREE"
    console.print(verdict, style="bold" if report.passed else "bold red")


def _cell(reading: Reading | None) -> Text:
    if reading is None:
        return Text("-")
    if reading.passed:
        return Text(f"{reading.error:.1e} ok{'*' * reading.settled}")
    return Text(f"{reading.error:.1e} above {reading.tolerance:.0e}", style="bold red")
