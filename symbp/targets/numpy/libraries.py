"""The libraries that multiply matrices for a module, by the name that a spec gives them, and what each can do."""

from __future__ import annotations

from collections.abc import Mapping

from symbp.program.library import PLAIN, Library
from symbp.spec.model import Blas

LIBRARIES: Mapping[Blas, Library] = {
    "numpy": PLAIN,
    "scipy": Library(adds_products=True, adds_vectors=True, reads_across=True),
}
