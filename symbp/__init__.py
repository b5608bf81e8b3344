"""symbp: back-propagation derived symbolically, explained step by step, emitted as NumPy.

In a notebook: `symbp.derivation("spec.yaml")`, and `symbp.diff("norm2(X @ w - y)**2", "w")`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symbp.expression.run import diff as diff
    from symbp.notebook import derivation as derivation

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """What is there for notebooks, imported when it is first used: SymPy takes its time."""
    if name == "derivation":
        from symbp.notebook import derivation

        return derivation
    if name == "diff":
        from symbp.expression.run import diff

        return diff
    raise AttributeError(f"module `symbp` has no attribute `{name}`")
