"""The report as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from symbp.means import MEANS
from symbp.plan.report import Line, Operation, Report
from symbp.plan.savings import Savings, Totals
from symbp.program.cost import Cost
from symbp.program.program import ONCE

HEADINGS = {
    ONCE: "Once, with the workspace",
    "forward": "Forward pass",
    "loss": "Cost",
    "running": "Running statistics",
    "backward": "Backward pass",
    "update": "Update",
}
NOTHING = Totals(0, 0, 0)
GROWS = "a value that is kept for longer, or a copy that products read faster, takes bytes to save operations or time"


def show(report: Report, saved: Savings, console: Console | None = None) -> None:
    """Print the program, what is saved for the backward pass, the memory, what each means saves."""
    console = console or Console(highlight=False)
    without = f", without {', '.join(name for name in MEANS if name in report.without)}" if report.without else ""
    head = f"{report.name}: a training step, batch {report.batch}, {report.dtype}{without}"
    console.print(head, style="bold", soft_wrap=True)
    for routine, lines in groupby(report.lines, key=lambda line: line.routine):
        console.print()
        console.print(HEADINGS[routine], style="bold")
        for line in _program(list(lines)):
            console.print(line, soft_wrap=True)
    for table in (_saved(report), _memory(report), _means(saved)):
        console.print()
        console.print(table)
    for told in _on_means(saved):
        console.print(told, style="dim", soft_wrap=True)
    share = report.products / max(report.cost.operations, 1)
    console.print(f"\n{_costs(report.cost)}; products of matrices are {share:.1%} of the operations")


def _table(title: str, *columns: str, left: int = 1) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number < left else "right", overflow="fold", header_style="dim")
    return table


def _program(lines: Sequence[Line]) -> Iterator[Text]:
    """Each equation, and under it a line for each operation, in columns."""
    headings = ("", "makes", "shape", "operations", "reads", "writes", "buffer of")
    rows = [headings, *(_cells(operation) for line in lines for operation in line.operations)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    yield Text(_set(headings, widths), style="dim")
    for line in lines:
        number = f"({line.number}) " if line.number else ""
        told = f"  what computes the derivatives adds to {line.into}" if line.into else ""
        yield Text.assemble((line.block, "bold"), f"  {number}{line.equation}", (told, "dim"))
        yield from (Text(_set(_cells(operation), widths)) for operation in line.operations)


def _set(cells: Sequence[str], widths: Sequence[int]) -> str:
    """In columns; the first three and the last are set flush left."""
    left = (0, 1, 2, len(cells) - 1)
    set_ = (c.ljust(w) if k in left else c.rjust(w) for k, (c, w) in enumerate(zip(cells, widths, strict=True)))
    return f"  {'  '.join(set_)}".rstrip()


def _cells(operation: Operation) -> tuple[str, ...]:
    times = f"{operation.times} × " if operation.times > 1 else ""
    shape = " × ".join(map(str, operation.shape)) or "a number"
    shape += f", by {operation.rows}" if operation.rows else ""
    free = not (operation.cost.operations or operation.cost.written)
    numbers = ("", "", "") if free else _numbers(operation.cost)
    made = f"{operation.into} ({operation.out})" if operation.into else operation.out
    return f"{times}{operation.does}", made, shape, *numbers, operation.buffer


def _numbers(cost: Cost) -> tuple[str, str, str]:
    return _count(cost.operations), _bytes(cost.read), _bytes(cost.written)


def _saved(report: Report) -> Table:
    table = _table("Saved for the backward pass", "array", "shape", "bytes", "read by", left=2)
    for each in report.saved:
        shape = " × ".join(map(str, each.shape)) or "a number"
        table.add_row(*map(Text, (each.name, shape, _bytes(each.bytes), ", ".join(each.readers))))
    table.add_row("together", "", _bytes(sum(each.bytes for each in report.saved)), "")
    return table


def _memory(report: Report) -> Table:
    table = _table("Memory of a step", "", "bytes", "")
    for name, size in report.memory.items():
        table.add_row(name, f"{size:,}", _bytes(size))
    total = sum(report.memory.values())
    table.add_row("together", f"{total:,}", _bytes(total))
    return table


def _means(saved: Savings) -> Table:
    columns = ("", "operations", "bytes read and written", "bytes held")
    table = _table("What each means saves", *columns)
    for name, totals in saved.by.items():
        if totals != NOTHING:
            table.add_row(name, *_totals(totals))
    table.add_row("a step without any", *_totals(saved.naive))
    table.add_row("a step as it is", *_totals(saved.optimized))
    return table


def _on_means(saved: Savings) -> Iterator[str]:
    """Which means save nothing here; why some take more than they save."""
    if nothing := [name for name, totals in saved.by.items() if totals == NOTHING]:
        yield f"nothing to save here: {', '.join(nothing)}"
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
