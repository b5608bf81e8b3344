"""`symbp list`: the catalog for the terminal, a row to a paragraph: name, formula, what it is, options, other names."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator

import click

from symbp.catalog import entries, lookup, names
from symbp.catalog.entry import Entry, EntryKind, Option, lines
from symbp.errors import UserError
from symbp.spec.names import hint, shown

GROUPS: dict[str, EntryKind] = {
    "layers": "layer",
    "blocks": "block",
    "activations": "activation",
    "losses": "loss",
    "optimizers": "optimizer",
    "schedules": "schedule",
    "clipping": "clipping",
    "penalties": "penalty",
    "initializers": "initializer",
}
INDENT = "    "
WIDEST = 110  # columns; longer lines are hard to read


def show(wanted: str | None) -> None:
    """Print one group, the rows of one name or alias, or everything; UserError where there is no such thing."""
    if wanted is None or wanted in GROUPS:
        for group in GROUPS if wanted is None else (wanted,):
            click.secho(f"{group.upper()}\n", bold=True)
            _print(entries(GROUPS[group]))
        return
    found = dict.fromkeys(entry for kind in GROUPS.values() if (entry := lookup(kind, wanted)))
    if not found:
        known = [*GROUPS, *(name for kind in GROUPS.values() for name in names(kind))]
        raise UserError(f"the catalog has nothing called {shown(wanted)}{hint(wanted, known, GROUPS)}")
    _print(found)


def _print(rows: Iterable[Entry]) -> None:
    width = min(shutil.get_terminal_size().columns, WIDEST)
    for entry in rows:
        click.secho(entry.name, bold=True)
        for line in _details(entry):
            click.echo(textwrap.fill(line, width, initial_indent=INDENT, subsequent_indent=INDENT * 2))
        click.echo()


def _details(entry: Entry) -> Iterator[str]:
    yield from lines(entry.equations)
    for what, equations in (("in inference: ", entry.inference), ("after a step: ", entry.update)):
        yield from (what + line for line in lines(equations))
    for noise in entry.random:
        yield f"where {noise.name} is drawn in every step of training, {noise.distribution}"
    if entry.update:
        yield "where at first " + ", ".join(f"{state.name} is {state.initial:g}" for state in entry.states)
    if entry.link:
        yield f"where a is the {entry.link} of the network's output"
    yield entry.summary
    if entry.inputs:
        yield f"inputs: {', '.join(_inputs(entry))}"
    if entry.source:
        yield f"source: {entry.source}"
    for option in entry.options:
        yield f"option: {_option(option)}"
    for name, axes in dict([*entry.constants, *(c for v in entry.variants for c in v.constants)]).items():
        yield f"option: {name} (optional), a list of numbers, one for each {' and '.join(axes)}"
    if entry.kinks:
        yield f"derivative at the kink: {entry.kinks}"
    if entry.every_alias():
        yield f"also: {', '.join(entry.every_alias())}"


def _inputs(entry: Entry) -> Iterator[str]:
    """In the order in which `inputs` lists them."""
    for name in entry.inputs:
        family, _, several = name.partition("[")
        yield f"{family}_1, {family}_2, ..." if several else name.replace("?", " (optional)")


def _option(option: Option) -> str:
    default = "(required)" if option.default is None else f"= {option.spelt(option.default)}"
    valid = option.choices or tuple(word for word, _ in option.words)
    choices = f"{'one of' if option.choices else 'numbers, or'} {', '.join(valid)}" if valid else ""
    explained = "; ".join(filter(None, (option.summary, choices)))
    return f"{option.name} {default}" + (f", {explained}" if explained else "")
