"""Products that refuse arrays which a library would copy: SciPy's routines as a module calls them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy.linalg import blas


def _watched(name: str, result: str) -> Any:
    """The routine, which refuses what SciPy would copy."""
    routine, dtype = getattr(blas, name), np.float32 if name[0] == "s" else np.float64

    def call(*given: Any, **named: Any) -> Any:
        for array in (*given, named.get(result)):
            if isinstance(array, np.ndarray):
                assert array.flags.f_contiguous or (array.ndim == 1 and array.flags.contiguous)
                assert array.dtype == dtype
        made = routine(*given, **named)
        if result:
            assert named[f"overwrite_{result}"]
            assert np.shares_memory(made, named[result])
        return made

    return call


ROUTINES = SimpleNamespace(
    **{
        f"{kind}{name}": _watched(f"{kind}{name}", result)
        for kind in "sd"
        for name, result in (("gemm", "c"), ("gemv", "y"), ("dot", ""), ("axpy", ""))
    }
)
