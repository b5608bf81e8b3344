"""IDX files, the format of MNIST: two zero bytes, a type, the number of dimensions, the dimensions, the numbers.

Plain or compressed by gzip, whatever the file is called. Source of the format: LeCun, Cortes, Burges, The MNIST
database of handwritten digits, section "File formats". All numbers are big-endian.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import zlib
from pathlib import Path

import numpy as np

from symbp.training.errors import DataError

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
GZIP = b"\x1f\x8b"
LIMIT = 2**31  # bytes after decompression; a file that claims more is refused


def read_idx(path: Path, *, md5: str = "", dimensions: int | None = None) -> np.ndarray:
    """The array in a file.

    Raises DataError where the file cannot be read, is no IDX file, is longer or shorter than its header says, has
    another number of dimensions than asked for, or another checksum (of the uncompressed bytes).
    """
    content = _content(path)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in TYPES:
        raise DataError(f"{path}: not an IDX file: it begins with {content[:4].hex(' ') or 'nothing'}")
    kind, rank = np.dtype(TYPES[content[2]]), content[3]
    if dimensions is not None and rank != dimensions:
        expected = {1: "labels (1 dimension)", 3: "images (3 dimensions)"}.get(dimensions, f"{dimensions} dimensions")
        raise DataError(f"{path}: expected {expected}, the file has {rank}; are files swapped?")
    start = 4 + 4 * rank
    if len(content) < start:
        raise DataError(f"{path}: cut off inside its header, after {len(content)} bytes")
    shape = tuple(int.from_bytes(content[4 + 4 * i : 8 + 4 * i], "big") for i in range(rank))
    expected_bytes = start + math.prod(shape) * kind.itemsize
    if len(content) != expected_bytes:
        verb = "cut off" if len(content) < expected_bytes else "too long"
        raise DataError(f"{path}: {verb}: {shape} {kind.name} need {expected_bytes} bytes, the file has {len(content)}")
    if md5 and (came := hashlib.md5(content, usedforsecurity=False).hexdigest()) != md5:
        raise DataError(f"{path}: its md5 is {came}, expected {md5}; the file is damaged or another one")
    return np.frombuffer(content, kind, offset=start).reshape(shape)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            compressed = file.read(2) == GZIP
        with gzip.open(path) if compressed else path.open("rb") as stream:
            content: bytes = stream.read(LIMIT + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: damaged or cut off: {error}") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(content) > LIMIT:
        raise DataError(f"{path}: more than {LIMIT} bytes")
    return content
