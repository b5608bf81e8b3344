"""Who takes part, and what each of them gives: a training step and an inference, on examples of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.machine import supports
from benchmarks.speed.workloads import Workload
from benchmarks.turns import VARIABLES


@dataclass(frozen=True)
class Contender:
    """`step` trains on the batch and gives the cost before the update; `infer` computes the network's output.

    What takes a step without a cost says NaN.
    """

    step: Callable[[], float]
    infer: Callable[[], object]


def _everywhere(workload: Workload, threads: int) -> bool:
    return True


def _on_one_with_avx512(workload: Workload, threads: int) -> bool:
    """OpenBLAS takes its kernels for AVX-512 there, if nobody asks for others."""
    return threads == 1 and supports("avx512f")


def _divisible(workload: Workload, threads: int) -> bool:
    """There is an example for each of several threads."""
    return 1 < threads <= workload.batch


@dataclass(frozen=True)
class Entry:
    """`file` has `prepare(workload, given, **options)`; `changes` are keys of the spec that its module has in addition.

    Where a module is `divided` it has the threads itself, for parts of a batch, and products have one. `environment`
    are variables of the process besides those of threads. It takes part `where` workload and threads are such that it
    can; who has nothing to do `without_products` of matrices, where there are some. Who is `slow` to start starts
    first.
    """

    file: str
    options: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    divided: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    where: Callable[[Workload, int], bool] = _everywhere
    without_products: bool = True
    slow: bool = False

    def changes_for(self, threads: int) -> Mapping[str, Any]:
        """Keys of the spec, where the module is to work on so many threads."""
        return {**self.changes, "threads": threads} if self.divided else self.changes

    def variables(self, threads: int) -> Mapping[str, str]:
        """Of its process."""
        return {**dict.fromkeys(VARIABLES, "1" if self.divided else str(threads)), **self.environment}


OURS = "symbp"  # what the others are compared with
WITH_SCIPY, WITH_THREADS, WITH_AVX2 = "symbp, SciPy", "symbp, threads", "symbp, AVX2"
CONTENDERS: Mapping[str, Entry] = {
    OURS: Entry("by_symbp"),
    WITH_SCIPY: Entry("by_symbp", changes={"blas": "scipy"}, without_products=False),
    WITH_THREADS: Entry("by_symbp", divided=True, where=_divisible),
    WITH_AVX2: Entry(
        "by_symbp", environment={"OPENBLAS_CORETYPE": "Haswell"}, where=_on_one_with_avx512, without_products=False
    ),
    "by hand": Entry("by_hand"),
    "PyTorch": Entry("by_torch"),
    "PyTorch, fused": Entry("by_torch", {"fused": True}),
    "torch.compile": Entry("by_torch", {"compiled": True}, slow=True),
    "JAX": Entry("by_jax"),
    "autograd": Entry("by_autograd"),
    "bound": Entry("bound", {"library": "numpy"}, without_products=False),
    "bound, SciPy": Entry("bound", {"library": "scipy"}, without_products=False),
}
ALL_OURS = tuple(name for name, entry in CONTENDERS.items() if entry.file == "by_symbp")
FRAMEWORKS = ("PyTorch", "PyTorch, fused", "torch.compile", "JAX", "autograd")
BOUNDS = tuple(name for name, entry in CONTENDERS.items() if entry.file == "bound")
