"""Constants of symbp, and symbp with constants set otherwise."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

Settings = Mapping[str, float]  # of constants by their places: `program.labels.OFTEN`


def value(place: str) -> float:
    """What the constant is."""
    module, name = _found(place)
    found: float = getattr(module, name)
    return found


@contextmanager
def otherwise(settings: Settings) -> Iterator[None]:
    """Within it the constants have these values, also in modules that import them by name."""
    with ExitStack() as stack:
        for place, set_to in settings.items():
            for module in holders(place):
                stack.enter_context(patch.object(module, _found(place)[1], set_to))
        yield


@cache
def holders(place: str) -> tuple[ModuleType, ...]:
    """The module of the constant, and those that import it by name."""
    home, name = _found(place)
    loaded = [module for key, module in sorted(sys.modules.items()) if key.startswith("symbp.")]
    return (home, *(m for m in loaded if m.__file__ and name in _imported(Path(m.__file__), home.__name__)))


def _found(place: str) -> tuple[ModuleType, str]:
    module, _, name = f"symbp.{place}".rpartition(".")
    return import_module(module), name


def _imported(path: Path, module: str) -> set[str]:
    """The names that a file imports from a module."""
    text = path.read_text(encoding="utf-8")
    if f"from {module} import" not in text:
        return set()
    nodes = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ImportFrom) and n.module == module]
    return {alias.name for node in nodes for alias in node.names}
