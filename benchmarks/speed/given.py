"""What the processes of a workload are given: a folder with the module, its first parameters and its products.

It is read where it is needed and when it is needed; nothing of symbp is, so that what a contender imports is its own.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

MODULE, PARAMETERS, PRODUCTS = "module.py", "parameters.npz", "products.json"


@dataclass(frozen=True)
class Given:
    """The folder."""

    folder: Path

    @cached_property
    def module(self) -> ModuleType:
        """The generated module, imported."""
        found = importlib.util.spec_from_file_location("module", self.folder / MODULE)
        assert found is not None
        assert found.loader is not None
        module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
        return module

    @cached_property
    def parameters(self) -> Mapping[str, np.ndarray]:
        """The first ones, by their names."""
        with np.load(self.folder / PARAMETERS) as file:
            return dict(file)

    @cached_property
    def products(self) -> Mapping[str, list[dict[str, Any]]]:
        """The products of matrices of a `step`, and of an `inference`."""
        found: Mapping[str, list[dict[str, Any]]] = json.loads((self.folder / PRODUCTS).read_text())
        return found
