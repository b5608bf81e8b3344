"""Windows as a few strided slices: which letters an operation loops over, one slice for each value of them.

Along every axis of the array with windows one letter at most runs in a slice; the other letters of its place are
loops. What `over` names is a loop, and of the rest the letters with smaller extents, since loops are to be few.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import TypeVar

from symbp.forward.network import BATCH, Dim
from symbp.program.operations import Convolve, Windows

L = TypeVar("L")  # letters as an operation has them, or indices


def extents_of(windows: Windows, shape: tuple[Dim, ...]) -> dict[str, Dim]:
    """The extent of every letter; `shape` is that of the array on the other side."""
    return {**dict(zip(windows.axes, shape, strict=True)), **dict(windows.over)}


def sliced(steps: tuple[tuple[L, int], ...], over: Container[L], extents: Mapping[L, Dim]) -> L | None:
    """The letter of a place that runs in a slice, if any; `steps` are those of the place."""
    found = [letter for letter, _ in steps if letter not in over]
    return max(found, key=lambda a: (extents[a] == BATCH, extents[a]), default=None)


def loops(windows: Windows, extents: Mapping[str, Dim]) -> tuple[str, ...]:
    """The letters that are loops: those of `over` first, each group in the order of the places."""
    over = frozenset(letter for letter, _ in windows.over)
    kept = {sliced(place.steps, over, extents) for place in windows.places}
    others = [a for place in windows.places for a, _ in place.steps if a not in over and a not in kept]
    return (*(letter for letter, _ in windows.over), *others)


def leads(product: Convolve, letter: str) -> bool:
    """Whether a letter that is no stack's stands before all others of its group in each array that holds it.

    A part of its values is then a part of each matrix that a reshape of the array shows.
    """
    sides = [axes for axes, _ in product.sides]
    group = {a for a in "".join(sides) if a not in product.stack and all((a in x) == (letter in x) for x in sides)}
    held = [axes for axes, _ in product.held if letter in axes]
    return letter in group and all(min(map(axes.index, group)) == axes.index(letter) for axes in held)
