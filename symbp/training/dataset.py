"""Examples as a source gives them, before they are split, scaled and shaped for a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]
Given = Any  # what a module takes as `x` or `y`: an array, several by name, or None
Pair = tuple[Given, Given]


def arrays_of(given: Given) -> tuple[np.ndarray, ...]:
    """The arrays of what a module takes, in order."""
    if given is None:
        return ()
    return tuple(given.values()) if isinstance(given, dict) else (given,)


def examples_in(given: Given) -> int:
    """How many examples there are."""
    return len(arrays_of(given)[0])


def each(function: Callable[..., np.ndarray], *given: Given) -> Given:
    """The function of every array: of the only one, or of those of one name."""
    if given[0] is None:
        return None
    if isinstance(given[0], dict):
        return {name: function(*(g[name] for g in given)) for name in given[0]}
    return function(*given)


@dataclass(frozen=True)
class Dataset:
    """`x` (n, ...) and `y` (n, ...) of a source, and its test set where it has one.

    `largest` is the greatest value that a pixel can have, where examples are images: these are scaled as one; the
    columns of a table are scaled each on its own. `classes` names the classes of a target that was text. `ordered`
    examples follow each other in time: what is held out is the end.
    """

    source: str
    x: np.ndarray
    y: np.ndarray
    test: Pair | None = None
    largest: float | None = None
    classes: tuple[str, ...] = ()
    ordered: bool = False


@dataclass(frozen=True)
class NamedArrays:
    """Arrays of a source by the names of inputs and targets, as many examples in each; `test` where it has one."""

    source: str
    train: Arrays
    test: Arrays | None = None
