"""The bases of two kinds of errors: what a user can mend, and what is wrong in symbp; and what to install."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class UserError(Exception):
    """Something the user gave cannot be used; the message says what, where, and how to mend it.

    The message quotes what came from strangers: characters that a terminal would obey, or cannot show, are spelt out.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class NetworkError(UserError):
    """A network that a stage behind the spec cannot treat; `formula` names the formula where it is one of its own."""

    def __init__(self, message: str, formula: str = "") -> None:
        self.formula = formula
        super().__init__(message)


class DefectError(Exception):
    """symbp found its own result wrong, and hands nothing out."""


@contextmanager
def defects(name: str) -> Iterator[None]:
    """What fails inside with an exception of no kind of symbp's is a defect, told with the name and the place."""
    try:
        yield
    except (UserError, DefectError, MemoryError):
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{place.filename}, line {place.lineno}"
        raise DefectError(f"{name}: {type(error).__name__}: {error}, at {where}") from error


def to_install(*extras: str) -> str:
    """The command that installs these extras, quoted as every shell needs it; in a checkout, from its folder."""
    checkout = (Path(__file__).parents[1] / "pyproject.toml").is_file()
    return f"pip install '{'.' if checkout else 'symbp'}[{','.join(extras)}]'"


def printable(text: str) -> str:
    r"""The text with every character that is not shown as itself as its escape, `\x1b`; lines stay lines."""
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)
