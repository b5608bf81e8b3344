"""A generated module loaded from its text, and its own gradient check run before the text goes anywhere."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from types import ModuleType


class GradientError(Exception):
    """A module whose gradient is wrong: an error of symbp itself. Nothing is written."""


class _Text(importlib.abc.SourceLoader):
    """Loads a module from a text that symbp emitted and inspected."""

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path

    def get_filename(self, fullname: str) -> str:
        return self.path

    def get_data(self, path: str) -> bytes:
        return self.text.encode()


def load_source(text: str, name: str) -> ModuleType:
    """The module of a text, under a name of its own that no import finds."""
    label = f"symbp_generated_{name}"
    loader = _Text(text, f"<{name}, generated>")
    spec = importlib.machinery.ModuleSpec(label, loader, origin=loader.path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[label] = module
    try:
        loader.exec_module(module)
    finally:
        del sys.modules[label]
    return module


def check_module(text: str, name: str) -> None:
    """Run the module's own check; GradientError names every parameter whose gradient disagrees."""
    module = load_source(text, name)
    readings = module.check()
    wrong = {key: r for key, r in readings.items() if not r.error <= module.TOLERANCE}
    if wrong:
        shown = ", ".join(f"{key} (relative error {reading.error:.1e})" for key, reading in wrong.items())
        raise GradientError(f"{name}: the gradient fails its check and is not written: {shown}")
