"""What is timed, by the name that its row has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.speed import by_symbp
from benchmarks.speed.caches import SIZES
from benchmarks.speed.given import Given
from benchmarks.speed.workloads import Workload
from benchmarks.turns import Form

LINE = 64  # bytes of a cache line
WIDTH = 1024  # of the vector, as the matrix that a product reads
BEHIND = 8  # rows
STEPS = {"mlp": 64, "lstm": 32, "transformer": 4}  # batches by kind


@dataclass(frozen=True)
class Timed:
    """A call, and what comes before it and is not timed."""

    call: Form
    before: Form | None = None


def forms_of(workloads: Sequence[Workload], folders: Sequence[Path]) -> Mapping[str, Timed]:
    """Around products, then the steps of the workloads, whose modules lie in the folders."""
    found = {**around_a_product(), **in_place()}
    for workload, folder in zip(workloads, folders, strict=True):
        found[step(workload)] = Timed(by_symbp.prepare(workload, Given(folder)).step)
    return found


def around_a_product() -> dict[str, Timed]:
    """A product that OpenBLAS divides among threads, and what touches its result or the rows behind it."""
    rows, between, columns = SIZES
    draw = np.random.default_rng(0)
    a, b = (draw.standard_normal(shape, np.float32) for shape in ((rows, between), (between, columns)))
    room = np.zeros((2 * rows, columns), np.float32)
    z, behind = room[:rows], room[rows : rows + BEHIND]
    own, away = np.zeros_like(z), np.zeros_like(behind)
    product = partial(np.dot, a, b, out=z)
    lines = z.nbytes // LINE
    size, written = f"{rows} x {between} by {between} x {columns}", f"{lines:,} cache lines that"
    return {
        f"product of {size}": Timed(product),
        f"sum of {written} this thread wrote": Timed(own.sum, partial(np.add, z, 1, out=own)),
        f"sum of {written} the product wrote": Timed(z.sum, product),
        "tanh of the product": Timed(partial(np.tanh, z, out=own), product),
        f"writing {BEHIND} rows behind the product": Timed(partial(behind.fill, 1), product),
        f"writing {BEHIND} rows elsewhere": Timed(partial(away.fill, 1), product),
    }


def in_place() -> dict[str, Timed]:
    """A vector that changes after a product has read it, as parameters do after the backward pass."""
    rows, _, between = SIZES
    w = np.ones(between * WIDTH, np.float32)
    a, out = np.ones((rows, between), np.float32), np.empty((rows, WIDTH), np.float32)
    product = partial(np.dot, a, w.reshape(between, WIDTH), out=out)
    return {f"{w.nbytes >> 20} MiB that a product has read, in place": Timed(partial(np.negative, w, out=w), product)}


def step(workload: Workload) -> str:
    """What the row of its step is called."""
    return f"step of {workload.name}"
