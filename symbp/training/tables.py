"""Examples of the user's own, from CSV and NPZ files."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from symbp.training.dataset import Dataset
from symbp.training.errors import DataError
from symbp.training.npz import read_npz

LARGEST_LABEL = 2**53  # whole numbers beyond are no longer told apart in double precision
NAMES = (("x_train", "y_train", "x_test", "y_test"), ("x", "y"))


def load_npz(path: Path, target: str = "") -> Dataset:
    """Arrays `x` and `y`, or `x_train`, `y_train`, `x_test`, `y_test`; `target` names another array than `y`."""
    arrays = read_arrays(path)
    if target:
        arrays |= {"y": arrays.pop(target)} if target in arrays else {}
        if "y" not in arrays:
            raise DataError(f"{path}: has no array `{target}`, only {', '.join(arrays)}")
    names = next((n for n in NAMES if all(name in arrays for name in n)), None)
    if names is None:
        wanted = "x and y, or x_train, y_train, x_test and y_test"
        raise DataError(f"{path}: expected arrays {wanted}; has {', '.join(arrays)}")
    x, y, *rest = (numbers_of(arrays, name, path) for name in names)
    largest = 255.0 if x.dtype == np.uint8 else None
    return Dataset(str(path), x, y, (rest[0], rest[1]) if rest else None, largest)


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Every array of an `.npz` file."""
    try:
        return read_npz(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as .npz: {getattr(error, 'strerror', None) or error}") from None


def numbers_of(arrays: Mapping[str, np.ndarray], name: str, path: Path) -> np.ndarray:
    """An array of a file, which must hold finite numbers, an example a row."""
    array = arrays[name]
    if array.dtype.kind not in "fiub" or array.ndim == 0:
        held = f"{array.dtype} of shape {array.shape}"
        raise DataError(f"{path}: {name} holds {held}, expected numbers, an example a row")
    if not np.isfinite(array).all():
        raise DataError(f"{path}: {name} holds numbers that are not finite")
    return array


def load_csv(path: Path, target: str = "") -> Dataset:
    """Rows of numbers under a line of names; the target is the column that is named, else the last.

    A target of text becomes classes 0, 1, ... in the order of the sorted texts.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            rows = [(reader.line_num, row) for row in reader if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(rows) < 2 or len(rows[0][1]) < 2:
        raise DataError(f"{path}: expected a line of names and lines of numbers, with two columns or more")
    names = [name.strip() for name in rows[0][1]]
    if all(_is_number(name) for name in names):
        raise DataError(f"{path}:1: the first line holds numbers; expected the columns' names")
    if target and target not in names:
        raise DataError(f"{path}:1: has no column `{target}`, only {', '.join(names)}")
    if target and names.count(target) > 1:
        raise DataError(f"{path}:1: several columns are named `{target}`")
    column = names.index(target) if target else len(names) - 1
    numbers, targets = [], []
    for line, row in rows[1:]:
        if len(row) != len(names):
            raise DataError(f"{path}:{line}: {len(row)} values, the first line names {len(names)}")
        targets.append(row[column].strip())
        numbers.append([_number(cell, path, line, names[i]) for i, cell in enumerate(row) if i != column])
    if all(map(_is_number, targets)):
        y = np.array([_number(row[column].strip(), path, line, names[column]) for line, row in rows[1:]])
        whole = (y == np.round(y)).all() and np.abs(y).max() < LARGEST_LABEL
        return Dataset(str(path), np.array(numbers), y.astype(np.int64) if whole else y)
    classes = tuple(sorted(set(targets)))
    return Dataset(str(path), np.array(numbers), np.array([classes.index(t) for t in targets]), classes=classes)


def _is_number(cell: str) -> bool:
    """Whether a cell is a number as tables write it; Python reads `1_0` and digits of any script too."""
    if not cell.isascii() or "_" in cell:
        return False
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _number(cell: str, path: Path, line: int, column: str) -> float:
    if not _is_number(cell) or not np.isfinite(float(cell)):
        raise DataError(f"{path}:{line}: column {column}: expected a finite number, came {cell[:40]!r}")
    return float(cell)
