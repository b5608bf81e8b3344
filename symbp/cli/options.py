"""What several commands have in common: options, the spec that is read, colours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from symbp.errors import UserError
from symbp.explain.choices import DEFAULTS, Level
from symbp.explain.words.languages import LANGUAGES
from symbp.means import named

if TYPE_CHECKING:
    from symbp.spec.model import NetworkSpec

Command = Callable[..., None]
SPEC = click.argument("spec", type=click.Path(path_type=Path))
LANG = click.option(
    "--lang", type=click.Choice([*LANGUAGES]), default=DEFAULTS.language, show_default=True, help="language"
)
LEVEL = click.option(
    "--level",
    type=click.Choice(get_args(Level)),
    default=DEFAULTS.level,
    show_default=True,
    help="how much is told",
)
DTYPE = click.option("--dtype", type=click.Choice(["float32", "float64"]), help="in place of the spec's")


class _Means(click.ParamType[str]):
    """The name of a means, as `symbp.means` reads it."""

    name = "means"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name; what is wrong with it is told as click tells it."""
        try:
            return named(value)
        except UserError as error:
            self.fail(str(error), param, ctx)


WITHOUT = click.option(
    "--without",
    type=_Means(),
    multiple=True,
    help="leave this means out, to measure what it does; `symbp plan --means` lists them",
)
FORMATS = {"html": "html", "latex": "tex", "markdown": "md", "text": "txt"}
COLOUR = click.option(
    "--color/--no-color",
    "colour",
    default=None,
    help="colours in the terminal  [default: where it has them; NO_COLOR and FORCE_COLOR are heeded]",
)


def format_option(*names: str) -> Callable[[Command], Command]:
    """The option `--format`, which is one of these."""
    of = "of the output"
    return click.option("--format", "form", type=click.Choice(names), default="text", show_default=True, help=of)


def has_colour(wanted: bool | None) -> bool:
    """Whether standard output shows colours, where that is not said."""
    from rich.console import Console

    console = Console()
    return console.color_system is not None and not console.no_color if wanted is None else wanted


def network_at(path: Path) -> NetworkSpec:
    """The network that a file specifies."""
    from symbp.spec import read_spec

    return read_spec(path)
