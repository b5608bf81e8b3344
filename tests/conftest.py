"""What JAX compiled for one file of tests is given up before the next: all of it would be gigabytes in each worker."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def _compiled_for_this_file() -> Iterator[None]:
    yield
    if "jax" in sys.modules:
        sys.modules["jax"].clear_caches()
