"""Commands in an order, errors as messages, and commands that an expression may begin."""

from __future__ import annotations

import os
import sys
from codecs import lookup
from io import TextIOWrapper
from typing import Any, NoReturn, TextIO

import click

from symbp.errors import DefectError, UserError, printable


class Group(click.Group):
    """Commands in the order of use, and user errors as messages with status 2; whatever is printed, by one rule."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        _not_ascii()
        try:
            return super().invoke(ctx)
        except UserError as error:
            stop(ctx, 2, str(error))
        except DefectError as error:
            stop(ctx, 1, f"{error}\nThis is a defect of symbp; please report it, with the spec.")
        except UnicodeEncodeError as error:
            if (unwritten := _unwritten(error)) is None:
                raise
            encoding = sys.stdout.encoding
            mended = "PYTHONIOENCODING=utf-8 in the environment"
            stop(ctx, 2, f"standard output is set to {encoding}, which has no `{unwritten}`; set {mended}")
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(1)
        except OSError as error:
            stop(ctx, 2, f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error))
        except MemoryError as error:
            stop(ctx, 2, f"not enough memory: {error}".removesuffix(": "))
        except KeyboardInterrupt:
            stop(ctx, 130, "interrupted")


def _not_ascii() -> None:
    """Standard output in UTF-8 where it is set to ASCII, as click has it: that is what it is where nothing was set."""
    if isinstance(sys.stdout, TextIOWrapper) and _codec(sys.stdout) == "ascii":
        sys.stdout.reconfigure(encoding="utf-8")


def _unwritten(error: UnicodeEncodeError) -> str | None:
    """The first character that standard output has not, where that is what the error is about."""
    character = error.object[error.start]
    try:
        character.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return character if _codec(sys.stdout) != "utf-8" else None
    return None


def _codec(stream: TextIO) -> str:
    return lookup(stream.encoding).name


def stop(ctx: click.Context, status: int, message: str) -> NoReturn:
    click.echo(f"symbp: {printable(message)}", err=True)
    ctx.exit(status)


class Expression(click.Command):
    """A command of an expression, which may begin with a minus sign."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """What begins with one minus sign and is no option is an expression: `-log(x)`."""
        if "--" in args:
            return super().parse_args(ctx, args)
        known = {name for option in self.get_params(ctx) for name in option.opts}
        negative = [a for a in args if a.startswith("-") and not a.startswith("--") and a not in known]
        rest = [a for a in args if a not in negative]
        return super().parse_args(ctx, [*rest, "--", *negative] if negative else rest)
