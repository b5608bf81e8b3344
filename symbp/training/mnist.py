"""MNIST: its four files, found in a folder, verified, or fetched.

LeCun, Bottou, Bengio, Haffner, Gradient-based learning applied to document recognition, Proc. IEEE 86 (1998).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from symbp.training.dataset import Dataset
from symbp.training.download import fetch
from symbp.training.errors import DataError
from symbp.training.idx import read_idx

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)


@dataclass(frozen=True)
class File:
    """One of the files: its name without `.gz`, the md5 of its uncompressed bytes, and what it holds."""

    name: str
    md5: str
    count: int
    dimensions: int


TRAIN_X = File("train-images-idx3-ubyte", "6bbc9ace898e44ae57da46a324031adb", 60000, 3)
TRAIN_Y = File("train-labels-idx1-ubyte", "a25bea736e30d166cdddb491f175f624", 60000, 1)
TEST_X = File("t10k-images-idx3-ubyte", "2646ac647ad5339dbf082846283269ea", 10000, 3)
TEST_Y = File("t10k-labels-idx1-ubyte", "27ae3e4e09519cfbb04c329615203637", 10000, 1)
FILES = (TRAIN_X, TRAIN_Y, TEST_X, TEST_Y)


def load_mnist(folders: Sequence[Path]) -> Dataset:
    """The training and the test set, from the first of the folders (or its folder `mnist`, `MNIST/raw`) that has it."""
    found = find_mnist(folders)
    if found is None:
        looked = ", ".join(map(str, folders))
        raise DataError(
            f"MNIST is not in {looked} (looked for {TRAIN_X.name}.gz or without .gz, there and below mnist/); "
            "name its folder with --data or SYMBP_DATA, or fetch it with --download"
        )
    train_x, train_y, test_x, test_y = (_read(found, file) for file in FILES)
    return Dataset("mnist", train_x, train_y, (test_x, test_y), largest=255)


def find_mnist(folders: Sequence[Path]) -> Path | None:
    """The first folder with a file of MNIST."""
    for folder in folders:
        for place in (folder, folder / "mnist", folder / "MNIST" / "raw"):
            if any((place / f"{file.name}{end}").is_file() for file in FILES for end in ("", ".gz")):
                return place
    return None


def download_mnist(folder: Path, mirrors: Sequence[str] = MIRRORS, *, quiet: bool = False) -> Path:
    """Fetch what is missing into `folder/mnist`, each file whole and verified, or not at all."""
    place = folder / "mnist"
    for file in FILES:
        path = place / f"{file.name}.gz"
        if not path.exists():
            fetch(
                [f"{mirror}{path.name}" for mirror in mirrors],
                path,
                lambda part, file=file: read_idx(part, md5=file.md5),  # type: ignore[misc]
                quiet=quiet,
            )
    return place


def _read(folder: Path, file: File) -> np.ndarray:
    path = folder / file.name
    if not path.is_file():
        path = folder / f"{file.name}.gz"
    if not path.is_file():
        raise DataError(f"{folder}: {file.name} (or {file.name}.gz) is missing; the other files of MNIST are there")
    array = read_idx(path, md5=file.md5, dimensions=file.dimensions)
    if len(array) != file.count:
        raise DataError(f"{path}: expected {file.count} examples, the file has {len(array)}")
    return array
