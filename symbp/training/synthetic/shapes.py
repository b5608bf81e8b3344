"""Images of discs, ellipses and rectangles, and their masks: segmentation.

A shape is lighter or darker than what is behind it, so that no one brightness parts shapes from background.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from symbp.training.dataset import Dataset
from symbp.training.random import EXAMPLES, generator

WAVES = 4  # of which a background is made
SOFTNESS = 0.02  # of an edge, in widths of the image
LEAST, MOST = 0.15, 0.5  # how much a shape differs from what is behind it


def shapes(options: Mapping[str, float | int]) -> Dataset:
    """`x` (n, 1, size, size), bright from 0 to 1 or near, and masks of the same shape, 0 and 1."""
    n, size = int(options["examples"]), int(options["size"])
    draw = generator(int(options["seed"]), EXAMPLES)
    image = _background(draw, n, size)
    mask = np.zeros(image.shape, bool)
    present = np.arange(int(options["most"])) < draw.integers(1, int(options["most"]), n, endpoint=True)[:, None]
    for there in map(np.flatnonzero, present.T):
        edge = _edge(draw, len(there), size)
        step = draw.uniform(LEAST, MOST, (len(there), 1, 1)) * draw.choice([-1, 1], (len(there), 1, 1))
        image[there] += step / (1 + np.exp(np.clip((edge / SOFTNESS), -50, 50)))
        mask[there] |= edge <= 0
    image += options["noise"] * draw.standard_normal(image.shape, np.float32)
    return Dataset("shapes", image[:, None], mask[:, None].astype(np.float32), largest=1.0)


def _grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    """The heights and the widths of the pixels' centres, from 0 to 1."""
    centres = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size)
    return centres[:, None], centres[None, :]


def _drawn(draw: np.random.Generator, n: int, *ranges: tuple[float, float]) -> Iterator[np.ndarray]:
    """A number of each range for each example, uniform."""
    return (draw.uniform(low, high, (n, 1, 1)).astype(np.float32) for low, high in ranges)


def _background(draw: np.random.Generator, n: int, size: int) -> np.ndarray:
    """Slow waves around a brightness of 0.5."""
    rows, columns = _grid(size)
    image = np.full((n, size, size), 0.5, np.float32)
    for _ in range(WAVES):
        height, u, v, phase = _drawn(draw, n, (0, 0.08), (-6, 6), (-6, 6), (0, 7))
        image += height * np.sin(u * rows + v * columns + phase)
    return image


def _edge(draw: np.random.Generator, n: int, size: int) -> np.ndarray:
    """For every pixel about how far outside of a shape it is, in widths of the image; negative inside."""
    rows, columns = _grid(size)
    y, x, angle = _drawn(draw, n, (0.15, 0.85), (0.15, 0.85), (0, np.pi))
    a, b = _drawn(draw, n, (0.08, 0.25), (0.08, 0.25))
    kind = draw.integers(3, size=(n, 1, 1))  # a disc, an ellipse, a rectangle
    b = np.where(kind == 0, a, b)
    u = np.abs((columns - x) * np.cos(angle) + (rows - y) * np.sin(angle)) / a
    v = np.abs((rows - y) * np.cos(angle) - (columns - x) * np.sin(angle)) / b
    away: np.ndarray = (np.where(kind == 2, np.maximum(u, v), np.hypot(u, v)) - 1) * np.minimum(a, b)
    return away
