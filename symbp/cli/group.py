"""Commands in an order, errors as messages, and commands that an expression may begin."""

from __future__ import annotations

import os
import sys
from typing import Any, NoReturn

import click

from symbp.errors import DefectError, UserError, printable


class Group(click.Group):
    """Commands in the order of use, and user errors as messages with status 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except UserError as error:
            stop(ctx, 2, str(error))
        except DefectError as error:
            stop(ctx, 1, f"{error}\nThis is a defect of symbp; please report it, with the spec.")
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(1)
        except OSError as error:
            stop(ctx, 2, f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error))
        except MemoryError as error:
            stop(ctx, 2, f"not enough memory: {error}".removesuffix(": "))
        except KeyboardInterrupt:
            stop(ctx, 130, "interrupted")


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
