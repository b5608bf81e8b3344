"""What a reader may choose of an explanation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, get_args

from symbp.errors import UserError
from symbp.explain.notations import BATCH_ROWS, NOTATIONS
from symbp.explain.words.languages import LANGUAGES

Level = Literal["summary", "steps", "full"]


@dataclass(frozen=True)
class Choices:
    """`layer` is the only one explained, where it is given. UserError for a value that there is not.

    `level` says how much is told: `summary`, the results; `steps`, also what leads there, repetitions in one;
    `full`, each step as it was taken. `notation` is how tensors lie on the page and what they are called.
    In a worksheet results are blanks, and the answers stand at the end.
    """

    layer: str | None = None
    language: str = "en"
    level: Level = "steps"
    notation: str = BATCH_ROWS.name
    worksheet: bool = False

    def __post_init__(self) -> None:
        _known("language", self.language, LANGUAGES)
        _known("level", self.level, get_args(Level))
        _known("notation", self.notation, NOTATIONS)

    @property
    def suffix(self) -> str:
        """What the name of a file tells of them: each that is not the default, as in `_nielsen_zh_worksheet`."""
        names = ("layer", "level", "notation", "language")
        chosen = [getattr(self, name) for name in names if getattr(self, name) != getattr(DEFAULTS, name)]
        return "".join(f"_{each}" for each in (*chosen, *(["worksheet"] if self.worksheet else [])))


def _known(what: str, value: str, valid: Iterable[str]) -> None:
    """UserError, with the nearest, for a value that is none of the valid ones."""
    names = list(valid)
    if value not in names:
        near = get_close_matches(value, names, 1)
        hint = f"; did you mean `{near[0]}`?" if near else ""
        raise UserError(f"no {what} `{value}`{hint}; there are {', '.join(f'`{name}`' for name in names)}")


DEFAULTS = Choices()
