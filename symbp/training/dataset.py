"""Examples as a source gives them, before they are split, scaled and shaped for a network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Pair = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Dataset:
    """`x` (n, ...) and `y` (n, ...) of a source, and its test set where it has one.

    `largest` is the greatest value that a pixel can have, where examples are images: these are scaled as one; the
    columns of a table are scaled each on its own. `classes` names the classes of a target that was text.
    """

    source: str
    x: np.ndarray
    y: np.ndarray
    test: Pair | None = None
    largest: float | None = None
    classes: tuple[str, ...] = ()
