"""Documents as trees: parts, mathematics and tuples of them, each rebuilt from what it consists of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from symbp.explain.mathematics import Math


def rebuilt(piece: Any, change: Callable[[Any], Any]) -> Any:
    """A piece with `change` made to each that it consists of; the piece itself where nothing changes."""
    if isinstance(piece, tuple):
        items = tuple(map(change, piece))
        return items if any(new is not old for new, old in zip(items, piece, strict=True)) else piece
    parts = {name: (value, change(value)) for name, value in _parts(piece)}
    changed = {name: new for name, (old, new) in parts.items() if new is not old}
    return replace(piece, **changed) if changed else piece


def mathematics(piece: Any) -> Iterator[Math]:
    """The mathematics in a piece, each with what stands within it after it."""
    if isinstance(piece, Math):
        yield piece
    inner = piece if isinstance(piece, tuple) else (value for _, value in _parts(piece))
    for each in inner:
        yield from mathematics(each)


def _parts(piece: Any) -> Iterator[tuple[str, Any]]:
    if is_dataclass(piece) and not isinstance(piece, type):
        yield from ((f.name, getattr(piece, f.name)) for f in fields(piece))
