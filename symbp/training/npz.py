"""NumPy's `.npz` files from strangers: whole, without pickles, and closed whatever is in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file. OSError where it cannot be opened, ValueError where it is damaged or no such file."""
    with path.open("rb") as whole:
        try:
            with np.load(whole, allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except Exception as error:  # what an archive, its compression, a header or its sizes may raise has no end
            raise ValueError(str(error) or type(error).__name__) from error
