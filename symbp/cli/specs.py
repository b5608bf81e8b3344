"""Commands for whoever writes a spec: one to start from, what it may name, its schema."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Write a commented spec to start from.")
@click.argument("name")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), default=Path("."), help="folder to write to"
)
def new(name: str, output: Path) -> None:
    """Write a commented spec to start from, NAME.yaml; an existing file is never touched."""
    from symbp.spec.starter import write_starter

    click.echo(write_starter(name, output))


@click.command("list", short_help="Show the catalog, with formulas and options.")
@click.argument("what", required=False)
def list_(what: str | None) -> None:
    """Show the catalog: formulas, options and their defaults, names in PyTorch and Keras.

    WHAT is one of layers, blocks, activations, losses, optimizers, schedules, clipping, penalties, initializers, or a
    name such as `gelu` or `nn.GELU`; everything where it is left out.
    """
    from symbp.spec.listing import show

    show(what)


@click.command(short_help="Print the JSON Schema of specs, for editors.")
def schema() -> None:
    """Print the JSON Schema of specs, so that editors complete and check them."""
    import json

    from symbp.spec.jsonschema import spec_schema

    click.echo(json.dumps(spec_schema(), indent=2))
