"""NumPy: a program becomes one self-contained Python module."""
