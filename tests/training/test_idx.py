"""IDX files read, and every way in which they can be wrong."""

from __future__ import annotations

import gzip
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from training.files import idx, write_idx

from symbp.training.errors import DataError
from symbp.training.idx import read_idx
from symbp.training.mnist import FILES, load_mnist

IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


@pytest.mark.parametrize("compressed", [False, True])
def test_an_array_is_read_back(tmp_path: Path, compressed: bool) -> None:
    path = write_idx(tmp_path / "a-idx3-ubyte", IMAGES, compressed=compressed)
    np.testing.assert_array_equal(read_idx(path, md5=hashlib.md5(idx(IMAGES)).hexdigest(), dimensions=3), IMAGES)


@pytest.mark.parametrize(("kind", "dtype"), [(0x09, "i1"), (0x0B, ">i2"), (0x0C, ">i4"), (0x0D, ">f4"), (0x0E, ">f8")])
def test_numbers_are_big_endian(tmp_path: Path, kind: int, dtype: str) -> None:
    array = np.array([[-1, 2], [100, -4]], dtype)
    path = tmp_path / "a"
    path.write_bytes(idx(array, kind))
    np.testing.assert_array_equal(read_idx(path), array)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an IDX file"),
        (b"\x00\x00\x07\x01" + bytes(5), "not an IDX file"),
        (b"\x89PNG....", "not an IDX file: it begins with 89 50 4e 47"),
        (idx(IMAGES)[:9], "cut off inside its header"),
        (idx(IMAGES)[:-1], "cut off: .* need 40 bytes, the file has 39"),
        (idx(IMAGES) + b"\0", "too long"),
        (gzip.compress(idx(IMAGES), mtime=0)[:-12], "damaged or cut off"),
        (b"\x1f\x8b" + bytes(40), "damaged or cut off"),
        (bytes([0, 0, 8, 4]) + b"\xff" * 16, "cut off"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "damaged"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)


def test_swapped_files_are_refused(tmp_path: Path) -> None:
    path = write_idx(tmp_path / "labels", IMAGES)
    with pytest.raises(DataError, match=r"expected labels \(1 dimension\), the file has 3; are files swapped"):
        read_idx(path, dimensions=1)


def test_another_checksum_is_refused(tmp_path: Path) -> None:
    path = write_idx(tmp_path / "images", IMAGES)
    with pytest.raises(DataError, match=r"its md5 is .*, expected 0123"):
        read_idx(path, md5="0123")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(DataError, match="cannot be read"):
            read_idx(path)


def test_mnist_that_is_not_there_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--data or SYMBP_DATA, or fetch it with --download") as caught:
        load_mnist([tmp_path])
    assert str(tmp_path) in str(caught.value)


def test_mnist_with_a_file_missing_or_swapped_is_refused(tmp_path: Path) -> None:
    write_idx(tmp_path / FILES[1].name, np.zeros(5, np.uint8))
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte .* is missing"):
        load_mnist([tmp_path])
    write_idx(tmp_path / FILES[0].name, np.zeros(5, np.uint8))
    with pytest.raises(DataError, match="are files swapped"):
        load_mnist([tmp_path])


@pytest.mark.data
def test_mnist_is_what_it_should_be() -> None:
    folder = os.environ.get("SYMBP_DATA")
    if not folder or not (Path(folder) / "mnist").is_dir():
        pytest.skip("MNIST is not in SYMBP_DATA")
    data = load_mnist([Path(folder)])
    assert data.test is not None
    assert data.x.shape == (60000, 28, 28)
    assert data.test[0].shape == (10000, 28, 28)
    assert np.bincount(data.y).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
