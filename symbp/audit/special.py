"""Special values for which a claim about a formula is right that is wrong in general: symmetric matrices, signs.

x.T @ A @ x     grad_x = 2 * A @ x          right for symmetric `A`
norm1(x)        grad_x = x / x              right for positive `x`
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from symbp.audit.nearby import Nearby
from symbp.audit.points import GIVEN
from symbp.audit.setting import Point, Setting
from symbp.formula.equation import Tensor

FEWEST = 3  # points at which a claim is right before it is said to be
ELEMENTWISE: tuple[tuple[str, Callable[[np.ndarray], np.ndarray]], ...] = (
    ("positive `{}`", lambda value: np.abs(value) + 0.1),
    ("`{}` of 1 and -1 alone", lambda value: np.where(value < 0, -1.0, 1.0)),
    ("`{}` of 0 and 1 alone", lambda value: np.where(value < 0.2, 0.0, 1.0)),
)


def special_values(setting: Setting, points: Sequence[Point]) -> Iterator[Nearby]:
    """The same formula at values of one tensor that have more in common; of a network none is looked at."""
    if setting.layout is not None:
        return
    for tensor in setting.formula.tensors.values():
        if tensor.role in GIVEN and tensor.kind != "int":
            for words, change in _changes(tensor):
                found = [p for point in points if (p := _changed(setting, point, tensor.name, change)) is not None]
                if len(found) >= FEWEST:
                    yield Nearby(words.format(tensor.name), setting, found)


def _changes(tensor: Tensor) -> Iterator[tuple[str, Callable[[np.ndarray], np.ndarray]]]:
    if len(tensor.axes) == 2 and tensor.axes[0] == tensor.axes[1]:
        yield "symmetric `{}`", lambda value: (value + value.T) / 2
    yield from ELEMENTWISE


def _changed(setting: Setting, point: Point, name: str, change: Callable[[np.ndarray], np.ndarray]) -> Point | None:
    given = {t.name: point.values[t.name] for t in setting.formula.tensors.values() if t.role in GIVEN}
    return setting.point(point.sizes, {**given, name: change(given[name])})
