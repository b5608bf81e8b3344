"""NumPy: a program becomes one self-contained Python module."""

from symbp.targets.numpy.module import emit

__all__ = ["emit"]
