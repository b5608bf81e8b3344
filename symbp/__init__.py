"""symbp: back-propagation derived symbolically, explained step by step, emitted as NumPy."""

__version__ = "0.1.0"
