"""The report as tables for the terminal, and as wide as they need where output is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.text import Text

from symbp.means import MEANS
from symbp.plan.columns import Columns, folds
from symbp.plan.report import DRAWN, Line, Operation, Report
from symbp.plan.savings import Savings, Totals
from symbp.program.cost import Cost
from symbp.program.program import ONCE

HEADINGS = {
    ONCE: "Once, with the workspace",
    DRAWN: "Random numbers",
    "forward": "Forward pass",
    "loss": "Cost",
    "running": "Running statistics",
    "backward": "Backward pass",
    "update": "Update",
}
NOTHING = Totals(0, 0, 0)
Table = tuple[str, Sequence[str], Sequence[Sequence[str]], Sequence[int]]  # title, headings, rows, those flush right
ALONE = "each is left out alone: what they save does not add up to what all of them save together"
GROWS = "a step has more of that with it, to save in another column, or time"


def show(report: Report, saved: Savings, console: Console | None = None) -> None:
    """Print the program, what is saved for the backward pass, the memory, what each means saves."""
    console = console or Console(highlight=False)
    room = console.width if console.is_terminal else None

    def tell(text: str, style: str = "") -> None:
        for line in folds(text, room):
            console.print(Text(line, style), soft_wrap=True)

    without = f", without {', '.join(name for name in MEANS if name in report.without)}" if report.without else ""
    tell(f"{report.name}: a training step, batch {report.batch}, {report.dtype}{without}", "bold")
    for routine, lines in groupby(report.lines, key=lambda line: line.routine):
        console.print()
        tell(HEADINGS[routine], "bold")
        for line in _program(list(lines), room):
            console.print(line, soft_wrap=True)
    for title, headings, rows, right in (_saved(report), _memory(report), _means(saved)):
        console.print()
        tell(title, "bold")
        columns = Columns(headings, rows, room, right)
        for row in (headings, *rows):
            for text in columns.lines(row):
                console.print(Text(text, "dim" if row is headings else ""), soft_wrap=True)
    for told in _on_means(saved):
        tell(told, "dim")
    share = report.products / max(report.cost.operations, 1)
    console.print()
    tell(f"{_costs(report.cost)}; products of matrices are {share:.1%} of the operations")


def _program(lines: Sequence[Line], room: int | None) -> Iterator[Text]:
    """Each equation, and under it a line for each operation, in columns."""
    headings = ("  ", "makes", "shape", "operations", "reads", "writes", "buffer of")
    columns = Columns(headings, [_cells(op) for line in lines for op in line.operations], room, right=(3, 4, 5))
    yield from (Text(text, "dim") for text in columns.lines(headings))
    for line in lines:
        number = f"({line.number}) " if line.number else ""
        told = f"  what computes the derivatives adds to {line.into}" if line.into else ""
        yield Text.assemble((line.block, "bold"), f"  {number}{line.equation}", (told, "dim"))
        yield from (Text(text) for operation in line.operations for text in columns.lines(_cells(operation)))


def _cells(operation: Operation) -> tuple[str, ...]:
    times = f"{operation.times} × " if operation.times > 1 else ""
    shape = " × ".join(map(str, operation.shape)) or "a number"
    shape += f", by {operation.rows}" if operation.rows else ""
    free = not (operation.cost.operations or operation.cost.written)
    numbers = ("", "", "") if free else _numbers(operation.cost)
    made = f"{operation.into} ({operation.out})" if operation.into else operation.out
    return f"  {times}{operation.does}", made, shape, *numbers, operation.buffer


def _numbers(cost: Cost) -> tuple[str, str, str]:
    return _count(cost.operations), _bytes(cost.read), _bytes(cost.written)


def _saved(report: Report) -> Table:
    rows = [
        (each.name, " × ".join(map(str, each.shape)) or "a number", _bytes(each.bytes), ", ".join(each.readers))
        for each in report.saved
    ]
    together = ("together", "", _bytes(sum(each.bytes for each in report.saved)), "")
    return "Saved for the backward pass", ("array", "shape", "bytes", "read by"), [*rows, together], (2,)


def _memory(report: Report) -> Table:
    held = [*report.memory.items(), ("together", sum(report.memory.values()))]
    rows = [(name, f"{size:,}", _bytes(size)) for name, size in held]
    return "Memory of a step", ("", "bytes", ""), rows, (1, 2)


def _means(saved: Savings) -> Table:
    found = [(name, totals) for name, totals in saved.by.items() if totals != NOTHING]
    steps = [("a step without any", saved.naive), ("a step as it is", saved.optimized)]
    rows = [(name, *_totals(totals)) for name, totals in [*found, *steps]]
    return "What each means saves", ("", "operations", "bytes read and written", "bytes held"), rows, (1, 2, 3)


def _on_means(saved: Savings) -> Iterator[str]:
    """How to read the table; which means are not in it; what figures below 0 are."""
    yield ALONE
    if nothing := [name for name, totals in saved.by.items() if totals == NOTHING]:
        yield f"save none of these here, time at most: {', '.join(nothing)}"
    every = [number for totals in saved.by.values() for number in (totals.operations, totals.moved, totals.held)]
    if any(number < 0 for number in every):
        yield f"below 0: {GROWS}"


def _totals(totals: Totals) -> tuple[str, str, str]:
    return _count(totals.operations), _bytes(totals.moved), _bytes(totals.held)


def _costs(cost: Cost) -> str:
    return f"{_count(cost.operations)} operations, {_bytes(cost.read)} read, {_bytes(cost.written)} written"


def _count(number: int) -> str:
    """`2.5 G`: thousands, millions, and so on."""
    return _scaled(number, 1000, ("", " k", " M", " G", " T", " P"))


def _bytes(number: int) -> str:
    """`1.5 MiB`."""
    return _scaled(number, 1024, (" B", " KiB", " MiB", " GiB", " TiB", " PiB"))


def _scaled(number: float, step: int, units: tuple[str, ...]) -> str:
    if number < 0:
        return f"-{_scaled(-number, step, units)}"
    for unit in units[:-1]:
        if number < step:
            return f"{number:.0f}{unit}" if unit == units[0] or number >= 1000 else f"{number:.3g}{unit}"
        number /= step
    return f"{number:.3g}{units[-1]}"
