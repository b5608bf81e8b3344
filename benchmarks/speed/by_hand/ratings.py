"""The product of two embeddings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def forward(w: Mapping[str, Any], x: Mapping[str, Any]) -> tuple[Any, Any]:
    """One number for each pair."""
    taste, nature = w["taste.E"][x["user"]], w["nature.E"][x["item"]]
    return (taste * nature).sum(axis=1, keepdims=True), (x, taste, nature)


def backward(w: Mapping[str, Any], saved: Any, delta: Any) -> dict[str, Any]:
    """Rows that stand more than once add up."""
    x, taste, nature = saved
    gradients = {name: np.zeros_like(w[name]) for name in ("taste.E", "nature.E")}
    np.add.at(gradients["taste.E"], x["user"], delta * nature)
    np.add.at(gradients["nature.E"], x["item"], delta * taste)
    return gradients
