"""NumPy's `.npz` files from strangers: whole, without pickles, and closed whatever is in them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file. OSError where it cannot be opened, ValueError where it is damaged or no such file."""
    with path.open("rb") as whole:
        try:
            if not zipfile.is_zipfile(whole):  # else NumPy takes it for a pickle, and says how to open that
                raise ValueError("it is no NumPy archive (`.npz`), or not a whole one")
            whole.seek(0)
            with np.load(whole, allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except Exception as error:  # what an archive, its compression, a header or its sizes may raise has no end
            said = str(error) or type(error).__name__
            raise ValueError("it holds Python objects, not numbers" if "allow_pickle" in said else said) from error
