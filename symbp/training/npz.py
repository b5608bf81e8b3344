"""NumPy's `.npz` files from strangers: whole, without pickles, and closed whatever is in them."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file. OSError where it cannot be read, ValueError where it is damaged or no such file."""
    with path.open("rb") as whole:
        try:
            with np.load(whole, allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except (AttributeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise ValueError(str(error)) from None
