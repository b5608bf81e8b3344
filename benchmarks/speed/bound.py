"""The bound: the matrix products of a training step alone, in the same BLAS, operands ready and in order."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import blas

from benchmarks.speed.contender import Contender
from benchmarks.speed.workloads import Workload, generated
from symbp.program.cost import Sizes, extents
from symbp.program.program import Contract, Loop, Program, Statement

Multiply = Callable[[Any, Any, Any], object]


@dataclass(frozen=True)
class Product:
    """`times` products, one after the other, of matrices (m, k) and (k, n); `stack` of them at once."""

    m: int
    k: int
    n: int
    stack: int = 1
    times: int = 1

    @property
    def operations(self) -> int:
        """Multiplications and additions."""
        return 2 * self.m * self.k * self.n * self.stack * self.times


def products(workload: Workload, routines: tuple[str, ...] = ("forward", "loss", "backward")) -> list[Product]:
    """Those of the module's program; sums of products along one axis alone are none."""
    program = generated(workload).optimized.program
    found = (_product(op, times, program, workload.batch) for op, times in _contractions(program, routines))
    return [each for each in found if min(each.m, each.k, each.n) > 1 or (workload.batch == 1 and each.m * each.n > 1)]


def _contractions(program: Program, routines: tuple[str, ...]) -> Iterator[tuple[Contract, int]]:
    for item in program.items(routines):
        match item:
            case Statement(operations=operations):
                times = 1
            case Loop(operations=operations, extent=extent):
                times = int(extent.value)
        yield from ((op, times) for op in operations if isinstance(op, Contract))


def _product(op: Contract, times: int, program: Program, batch: int) -> Product:
    sizes = extents(op, Sizes(program.arrays, batch, 4))

    def together(letters: set[str]) -> int:
        return math.prod(sizes[letter] for letter in letters)

    left, right, out = (set(axes) for axes in (op.left_axes, op.right_axes, op.out_axes))
    stack = (left & right & out) | set(op.stack)
    return Product(
        together(left & out - stack),
        together(left & right - out),
        together(right & out - stack),
        together(stack),
        times,
    )


def prepare(workload: Workload, library: str = "numpy") -> Contender:
    """All products of a step in `numpy`'s or `scipy`'s BLAS; of those of the forward pass, for inference."""
    step, infer = (
        [_prepared(each, library) for each in products(workload, routines)]
        for routines in (("forward", "loss", "backward"), ("forward",))
    )

    def run(calls: list[tuple[Callable[[], object], int]]) -> float:
        for call, times in calls:
            for _ in range(times):
                call()
        return math.nan

    def inferred() -> None:
        run(infer)

    return Contender(lambda: run(step), inferred)


def _prepared(each: Product, library: str) -> tuple[Callable[[], object], int]:
    draw = np.random.default_rng(0)
    stack = (each.stack,) if each.stack > 1 else ()
    a = draw.normal(size=(*stack, each.m, each.k)).astype(np.float32)
    b = draw.normal(size=(*stack, each.k, each.n)).astype(np.float32)
    out = np.empty((*stack, each.m, each.n), np.float32)
    if library == "scipy" and not stack:
        return lambda: blas.sgemm(1.0, b.T, a.T, c=out.T, overwrite_c=True), each.times
    return lambda: np.matmul(a, b, out=out), each.times
