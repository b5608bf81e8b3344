"""Who takes part, and what each of them gives: a training step and an inference, on examples of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Contender:
    """`step` trains on the batch and gives the cost before the update; `infer` computes the network's output.

    What takes a step without a cost says NaN.
    """

    step: Callable[[], float]
    infer: Callable[[], object]


@dataclass(frozen=True)
class Entry:
    """`file` has `prepare(workload, given, **options)`; `changes` are keys of the spec that its module has in addition.

    Who has nothing to do `without_products` of matrices does not take part where there are none. Who is `slow` to start
    starts first.
    """

    file: str
    options: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    without_products: bool = True
    slow: bool = False


OURS = "symbp"  # what the others are compared with
WITH_SCIPY = "symbp, SciPy"
CONTENDERS: Mapping[str, Entry] = {
    OURS: Entry("by_symbp"),
    WITH_SCIPY: Entry("by_symbp", changes={"blas": "scipy"}, without_products=False),
    "by hand": Entry("by_hand"),
    "PyTorch": Entry("by_torch"),
    "PyTorch, fused": Entry("by_torch", {"fused": True}),
    "torch.compile": Entry("by_torch", {"compiled": True}, slow=True),
    "JAX": Entry("by_jax"),
    "autograd": Entry("by_autograd"),
    "bound": Entry("bound", {"library": "numpy"}, without_products=False),
    "bound, SciPy": Entry("bound", {"library": "scipy"}, without_products=False),
}
FRAMEWORKS = ("PyTorch", "PyTorch, fused", "torch.compile", "JAX", "autograd")
BOUNDS = tuple(name for name, entry in CONTENDERS.items() if entry.file == "bound")
