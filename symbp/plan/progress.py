"""A bar on standard error while a step is programmed with and without each means; nothing where that is no terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Over = Callable[[Sequence[str]], Iterator[str]]  # goes over names, and shows which is at work


@contextmanager
def bar(first: str, console: Console | None = None) -> Iterator[Over]:
    """Shows what is done `first`, then the names that are gone over; gone when it ends."""
    console = console or Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(first, total=None)

        def over(names: Sequence[str]) -> Iterator[str]:
            for done, name in enumerate(names):
                progress.update(task, description=f"without {name}", completed=done, total=len(names))
                yield name

        yield over
