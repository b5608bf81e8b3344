"""A small valid spec whose lines a case changes, and how a case says what must be told."""

from __future__ import annotations

import re

BASE = {
    "name": "name: victim",
    "input": "input: 3",
    "layers": "layers:\n  - dense: {units: 4, activation: relu}\n  - dense: 2",
    "loss": "loss: softmax_cross_entropy",
}


def spec(*extra: str, **changed: str | None) -> str:
    """The small spec with the text of some keys changed (None: without them), and more lines from line 7 on."""
    parts = [changed.get(key, text) for key, text in BASE.items()]
    return "\n".join([part for part in (*parts, *extra) if part is not None]) + "\n"


def defining(kind: str, row: str, uses: str = "", **changed: str | None) -> str:
    """The small spec with a definition `own` on lines 8 to 9, used as the second layer or as the loss."""
    use = f"own: {uses}" if uses else "own"
    if kind == "losses":
        changed.setdefault("loss", f"loss: {{{use}}}" if uses else f"loss: {use}")
    else:
        changed.setdefault("layers", f"layers:\n  - dense: 4\n  - {use}")
    return spec(f"define:\n  {kind}:\n    own: {row}", **changed)


def told(expected: str, message: str) -> bool:
    """Whether a message is the one expected, in which `…` stands for anything within a line."""
    pattern = "[^\n]*".join(re.escape(part) for part in expected.split("…"))
    return re.fullmatch(pattern, message) is not None
