"""What a contender gives: a training step and an inference, on examples of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Contender:
    """`step` trains on the batch and gives the cost before the update; `infer` computes the network's output.

    Where there is no inference, or what takes a step has no cost, `None` or NaN says so.
    """

    step: Callable[[], float]
    infer: Callable[[], None] | None
