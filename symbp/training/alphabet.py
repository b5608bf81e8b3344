"""The characters of a text as whole numbers, and the file in which a run keeps them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from symbp.errors import UserError

FILE = "alphabet.json"
NEWLINE = "\n"


@dataclass(frozen=True)
class Alphabet:
    """The sorted characters of a text; the number of one is its place.

    With `lines` the newline stands at the beginning and the end of every example, and behind the characters is one
    more class, the padding.
    """

    characters: str
    lines: bool = False

    @staticmethod
    def of(text: str, lines: bool) -> Alphabet:
        """That of a text."""
        return Alphabet("".join(sorted({*text, NEWLINE} if lines else {*text})), lines)

    @property
    def padding(self) -> int | None:
        """The class of the places behind a line."""
        return len(self.characters) if self.lines else None

    @property
    def classes(self) -> int:
        """How many numbers there are, with the padding."""
        return len(self.characters) + self.lines

    def numbers(self, text: str) -> np.ndarray:
        """The numbers of a text all of whose characters are known."""
        known, read = (np.frombuffer(t.encode("utf-32-le"), np.uint32) for t in (self.characters, text))
        return np.searchsorted(known, read)

    def unknown(self, text: str) -> str:
        """The characters of a text that the alphabet lacks."""
        return "".join(sorted({*text} - {*self.characters}))

    def written(self) -> bytes:
        """The alphabet as a file."""
        return (json.dumps({"characters": self.characters, "lines": self.lines}) + "\n").encode()


def read_alphabet(folder: Path) -> Alphabet:
    """The alphabet that a run has kept. UserError where there is none."""
    path = folder / FILE
    try:
        held = json.loads(path.read_bytes())
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"{path}: cannot be read: {reason}; a run of `symbp train` on a text keeps it") from None
    except ValueError:
        held = None
    if isinstance(held, dict) and held.keys() == {"characters", "lines"}:
        characters, lines = held["characters"], held["lines"]
        if isinstance(characters, str) and isinstance(lines, bool) and [*characters] == sorted({*characters}):
            return Alphabet(characters, lines)
    raise UserError(f"{path}: not an alphabet that `symbp train` wrote")
