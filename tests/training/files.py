"""Small data files of every kind, and specs that read them."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

SPEC = """\
name: tiny
input: 3
layers:
  - dense: {units: 5, activation: tanh}
  - dense: 3
loss: softmax_cross_entropy
optimizer: {adam: {learning_rate: 0.05}}
training: {batch_size: 8, epochs: 6, seed: 3, validation: 0.2, checkpoint_every: 3}
data: {source: npz, path: examples.npz, normalize: standard}
"""


def idx(array: np.ndarray, kind: int = 0x08) -> bytes:
    """An array of bytes as an IDX file."""
    head = bytes([0, 0, kind, array.ndim]) + b"".join(d.to_bytes(4, "big") for d in array.shape)
    return head + array.tobytes()


def examples(n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Three clouds of points that a network can tell apart."""
    draw = np.random.default_rng(0)
    y = draw.integers(3, size=n)
    return draw.normal(size=(n, 3)) + 2 * np.eye(3)[y], y


def write_examples(folder: Path) -> Path:
    """`tiny.yaml` and `examples.npz`; the path of the spec."""
    x, y = examples()
    np.savez(folder / "examples.npz", x=x, y=y)
    path = folder / "tiny.yaml"
    path.write_text(SPEC)
    return path


def write_idx(path: Path, array: np.ndarray, *, compressed: bool = False) -> Path:
    """An IDX file, compressed on demand."""
    path.write_bytes(gzip.compress(idx(array)) if compressed else idx(array))
    return path
