"""A claim against the truth at points: both sides as arrays, and whether they agree."""

from __future__ import annotations

import ast
from collections.abc import Sequence

import numpy as np

from symbp.audit.evaluate import Matrices, ShapeError, shown
from symbp.audit.indexed import Indices
from symbp.audit.setting import Point, Setting
from symbp.audit.syntax import Statement
from symbp.audit.vocabulary import MeaninglessError
from symbp.audit.written import written

TOLERANCE = 1e-9  # relative to the largest entry of either side


def sides(statement: Statement, setting: Setting, point: Point) -> tuple[np.ndarray, np.ndarray]:
    """The truth and what is claimed, of one shape; MeaninglessError where the claim has another, or no value."""
    with np.errstate(all="ignore"):
        return _sides(statement, setting, point)


def _sides(statement: Statement, setting: Setting, point: Point) -> tuple[np.ndarray, np.ndarray]:
    if statement.form == "index":
        values = Indices(setting, point)
        left = values.left(statement.left)
        right = values.value(statement.right)
        return left.array, np.asarray(values.spread(right, left.letters))
    matrices = Matrices(setting, point)
    left_, right_ = matrices.value(statement.left), matrices.value(statement.right)
    if left_.shape != right_.shape and isinstance(statement.left, ast.Call):
        whole = Matrices(setting, point, whole=True).value(statement.left)
        left_ = whole if whole.shape == right_.shape else left_
    if left_.shape != right_.shape:
        if right_.size == 1 and left_.size == 1:
            return left_.reshape(()), right_.reshape(())
        raise ShapeError(f"`{written(statement.left)}` is {shown(left_)}, and the right side {shown(right_)}")
    return left_, right_


def agree(truth: np.ndarray, claimed: np.ndarray) -> bool:
    """Whether they are equal but for rounding; what is not a number agrees with nothing."""
    if not np.all(np.isfinite(claimed)):
        return False
    scale = max(1e-3, float(np.max(np.abs(truth), initial=0)), float(np.max(np.abs(claimed), initial=0)))
    return bool(np.max(np.abs(truth - claimed), initial=0) <= TOLERANCE * scale)


def holds(statement: Statement, setting: Setting, points: Sequence[Point]) -> bool:
    """Whether the claim is right at all of the points; a claim whose shapes do not fit is not."""
    try:
        return all(agree(*sides(statement, setting, point)) for point in points)
    except MeaninglessError:
        return False
