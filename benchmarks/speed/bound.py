"""The bound: the matrix products of a training step alone, in the same BLAS.

The products are those of the module's program, at the module's sizes and in its order; nothing is computed between
them. Their operands lie in memory as the module has them, transposed where it multiplies a transpose, and also ready in
order; each product is computed in each way that the library offers, by the module's calls among them, and the fastest
at the start stands for it. A library's products are the library's alone: a stack of them in SciPy's BLAS is a loop.

Products with a vector of ones, rows multiplied in pairs and other sums along one axis are none.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.linalg import blas

from benchmarks.speed.contender import Contender
from benchmarks.speed.given import Given
from benchmarks.speed.workloads import Workload
from symbp.program.cost import Sizes, extents
from symbp.program.operations import Contract, Convolve
from symbp.program.program import Program

ROUTINES: Mapping[str, tuple[str, ...]] = {"step": ("forward", "loss", "backward"), "inference": ("forward",)}
Call = Callable[[], object]
TRIALS, ENOUGH = 20, 0.02  # calls, and seconds of them, to choose the fastest


@dataclass(frozen=True)
class Product:
    """`times` contractions, one after the other; letters name axes in the order in which memory holds them.

    It is one product of matrices for each combination of the letters of `stack`.
    """

    left: str
    right: str
    out: str
    stack: str
    sizes: Mapping[str, int]
    times: int = 1

    @property
    def rows(self) -> str:
        """The letters of the left operand that stay."""
        return "".join(x for x in self.left if x in self.out and x not in self.stack)

    @property
    def columns(self) -> str:
        """The letters of the right operand that stay."""
        return "".join(x for x in self.right if x in self.out and x not in self.stack)

    @property
    def summed(self) -> str:
        """The letters that go."""
        return "".join(x for x in self.left if x not in self.out)

    @property
    def operations(self) -> int:
        """Multiplications and additions."""
        return 2 * math.prod(self.sizes.values()) * self.times


def products(program: Program, batch: int, routines: tuple[str, ...] = ROUTINES["step"]) -> list[Product]:
    """Those of the program's contractions that have matrices: letters of either operand alone, and of both."""
    sizes = Sizes(program.arrays, batch, 4)
    found = (_product(op, times, sizes) for op, times in _contractions(program, routines, sizes))
    return [each for each in found if each.rows and each.columns and each.summed]


def _contractions(
    program: Program, routines: tuple[str, ...], sizes: Sizes
) -> Iterator[tuple[Contract | Convolve, int]]:
    for item in program.items(routines):
        times = sizes.steps(item)
        yield from ((op, times) for op in item.operations if isinstance(op, Contract | Convolve))


def _product(op: Contract | Convolve, times: int, sizes: Sizes) -> Product:
    every = {x for x in op.left_axes if x in op.right_axes and x in op.out_axes} | set(op.stack)
    stack = "".join(x for x in op.out_axes if x in every)
    return Product(op.left_axes, op.right_axes, op.out_axes, stack, extents(op, sizes), times)


def prepare(workload: Workload, given: Given, library: str) -> Contender:
    """All products of a step in `numpy`'s or `scipy`'s BLAS; of those of the forward pass, for inference."""
    calls = {
        name: [(fastest(FORMS[library](Operands(product))), product.times) for product in found]
        for name, found in ((name, [Product(**each) for each in of]) for name, of in given.products.items())
    }

    def run(name: str) -> float:
        for call, times in calls[name]:
            for _ in range(times):
                call()
        return math.nan

    return Contender(lambda: run("step"), lambda: run("inference"))


def fastest(forms: Iterator[Call]) -> Call:
    """Of several ways to compute the same."""
    return min(forms, key=_seconds)


def _seconds(call: Call) -> float:
    """The least of some calls, the first not counted."""
    call()
    found: list[float] = []
    while len(found) < TRIALS and (len(found) < 3 or sum(found) < ENOUGH):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return min(found)


class Operands:
    """Arrays of a product as stacks of matrices: views of what memory holds, and the same ready and in order."""

    def __init__(self, product: Product) -> None:
        """Draw the numbers."""
        draw = np.random.default_rng(0)
        self.product = product
        self.stacked = bool(product.stack)

        def stored(axes: str) -> np.ndarray:
            return draw.standard_normal([product.sizes[x] for x in axes], np.float32)

        self.views = [
            self._matrices(stored(axes), axes, *groups)
            for axes, groups in (
                (product.left, (product.rows, product.summed)),
                (product.right, (product.summed, product.columns)),
                (product.out, (product.rows, product.columns)),
            )
        ]
        self.ordered = [each.copy("C") for each in self.views]
        straight = all(each.flags.c_contiguous for each in self.views)
        self.layouts = [self.ordered] if straight else [self.views, self.ordered]

    def _matrices(self, array: np.ndarray, axes: str, rows: str, columns: str) -> np.ndarray:
        """A view wherever the letters of a group lie side by side; an operand without letters of the stack repeats."""
        held = [x for x in self.product.stack if x in axes]
        order = [axes.index(x) for x in (*held, *rows, *columns)]
        shape = [self.product.sizes[x] if x in held else 1 for x in self.product.stack]
        sizes = [math.prod(self.product.sizes[x] for x in group) for group in (rows, columns)]
        return array.transpose(order).reshape(*shape, *sizes)


def in_numpy(operands: Operands) -> Iterator[Call]:
    """`np.matmul`, and for a single product `np.dot`, of which either side may be the transposed one."""
    for a, b, out in operands.layouts:
        yield partial(np.matmul, a, b, out=out)
        if not operands.stacked:
            for x, y, z in ((a, b, out), (b.T, a.T, out.T)):
                if z.flags.c_contiguous:
                    yield partial(np.dot, x, y, out=z)
        if a.shape[-1] == 1:
            yield partial(np.multiply, a, b, out=out)


def in_scipy(operands: Operands) -> Iterator[Call]:
    """`gemm`, for one matrix after the other; transposed operands are flagged, so that none is copied."""
    for a, b, out in operands.layouts:
        x, y = (np.broadcast_to(each, (*out.shape[:-2], *each.shape[-2:])) for each in (a, b))
        found = (_gemm(x[i], y[i], out[i]) for i in np.ndindex(out.shape[:-2]))
        calls = [call for call in found if call]
        if len(calls) == math.prod(out.shape[:-2]):
            yield calls[0] if len(calls) == 1 else partial(_each, calls)


def _each(calls: list[Call]) -> None:
    for call in calls:
        call()


def _gemm(a: Any, b: Any, out: Any) -> Call | None:
    """The product into `out`, in either order; None where an array would have to be copied."""
    if not out.flags.c_contiguous:
        a, b, out = b.T, a.T, out.T
    if not all(each.flags.c_contiguous or each.flags.f_contiguous for each in (a, b)) or not out.flags.c_contiguous:
        return None
    first, second = b, a  # columns come first in SciPy's BLAS: outᵀ = bᵀ aᵀ
    flags = [not each.flags.c_contiguous for each in (first, second)]
    first, second = (each if flag else each.T for each, flag in zip((first, second), flags, strict=True))
    return partial(blas.sgemm, 1.0, first, second, trans_a=flags[0], trans_b=flags[1], c=out.T, overwrite_c=True)


FORMS: Mapping[str, Callable[[Operands], Iterator[Call]]] = {"numpy": in_numpy, "scipy": in_scipy}
