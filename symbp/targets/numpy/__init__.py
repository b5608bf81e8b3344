"""NumPy: a program becomes one self-contained Python module."""

from symbp.targets.numpy.module import emit, memory, scratch

__all__ = ["emit", "memory", "scratch"]
