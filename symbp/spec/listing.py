"""`symbp list`: the catalog as tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from symbp.catalog import entries
from symbp.catalog.entry import Entry, EntryKind

GROUPS: dict[str, EntryKind] = {
    "layers": "layer",
    "activations": "activation",
    "losses": "loss",
    "optimizers": "optimizer",
    "schedules": "schedule",
    "clipping": "clipping",
    "penalties": "penalty",
    "initializers": "initializer",
}


def show(groups: Sequence[str], console: Console | None = None) -> None:
    """Print one table for each group."""
    console = console or Console()
    for group in groups:
        table = Table(title=group, show_lines=True, expand=console.is_terminal)
        for heading in ("name", "formula", "options", "summary and source"):
            table.add_column(heading, overflow="fold")
        for entry in entries(GROUPS[group]):
            also = f"\nalso: {', '.join(entry.every_alias())}" if entry.every_alias() else ""
            link = f"\n(a is the {entry.link} of the output)" if entry.link else ""
            table.add_row(
                Text(entry.name, style="bold"),
                Text("\n".join(line.strip() for line in entry.equations.strip().splitlines()) + link),
                Text(_options(entry)),
                Text(f"{entry.summary}\n{entry.source}{also}"),
            )
        console.print(table)


def _options(entry: Entry) -> str:
    lines = []
    for option in entry.options:
        default = "required" if option.default is None else f"= {option.default}"
        choices = f" ({', '.join(option.choices)})" if option.choices else ""
        lines.append(f"{option.name} {default}{choices}")
    return "\n".join(lines)
