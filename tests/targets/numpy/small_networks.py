"""Small networks as specs, and the modules that they become, loaded from memory."""

from __future__ import annotations

import sys
from functools import cache
from types import ModuleType

import numpy as np

from symbp.catalog import lookup
from symbp.catalog.entry import EntryKind
from symbp.derive.network import derive_network
from symbp.explain.numbering import step_numbers
from symbp.forward.build import build_network
from symbp.forward.rows import update_of
from symbp.program.optimize import Optimized, optimize
from symbp.spec.model import InputSpec, LayerSpec, NetworkSpec, OptionValue, Place, Use
from symbp.targets.numpy import emit

Given = tuple[str, dict[str, OptionValue]]
Layers = tuple[Given, ...]
PLACE = Place("net.yaml", 1, "")


def use(kind: EntryKind, given: Given) -> Use:
    """A use of a catalog row with these options, the others at their defaults."""
    entry = lookup(kind, given[0])
    assert entry is not None, given
    defaults = {o.name: o.default for o in entry.options if o.default is not None}
    return Use(entry, defaults | given[1], frozenset(given[1]), PLACE)


def network(
    *layers: Given,
    loss: Given = ("softmax_cross_entropy", {}),
    optimizer: Given = ("momentum", {"learning_rate": 0.1, "momentum": 0.5}),
    schedule: Given | None = None,
    clipping: tuple[Given, ...] = (),
    penalties: tuple[Given, ...] = (),
    inputs: int = 4,
    name: str = "small",
) -> NetworkSpec:
    """A spec with layers `kind_1`, `kind_2`, ..., each numbered among its kind."""
    kinds = [kind for kind, _ in layers]
    return NetworkSpec(
        name,
        PLACE,
        "0123456789abcdef" * 4,
        (InputSpec("x", (inputs,)),),
        tuple(
            LayerSpec(f"{layer[0]}_{kinds[: i + 1].count(layer[0])}", use("layer", layer))
            for i, layer in enumerate(layers)
        ),
        use("loss", loss),
        use("optimizer", optimizer),
        use("schedule", schedule) if schedule else None,
        tuple(use("clipping", c) for c in clipping),
        tuple(use("penalty", p) for p in penalties),
    )


def mlp(hidden: str = "relu", outputs: int = 3, **options: object) -> NetworkSpec:
    """4-5-`outputs` with this activation in between."""
    return network(("dense", {"units": 5}), (hidden, {}), ("dense", {"units": outputs}), **options)  # type: ignore[arg-type]


SPECS: dict[str, NetworkSpec] = {
    "classifier": mlp(),
    "regression": mlp("tanh", loss=("mse", {}), optimizer=("adam", {})),
    "binary": mlp("sigmoid", 1, loss=("bce_with_logits", {}), optimizer=("sgd", {"learning_rate": 0.5})),
    "everything": mlp(
        "gelu",
        loss=("softmax_cross_entropy", {"targets": "probabilities", "label_smoothing": 0.1}),
        optimizer=("nadam", {"weight_decay": 0.01}),
        schedule=("cosine", {"T_max": 20}),
        clipping=(("global_norm", {"max_norm": 0.5}),),
        penalties=(("l1", {"strength": 0.01}), ("l2", {"strength": 0.02})),
    ),
}


@cache
def optimized(name: str) -> Optimized:
    """The program of a spec, with its plan."""
    spec, derivation = SPECS[name], derive_network(build_network(SPECS[name]))
    update = [update_of(u.entry, u.options).formula for u in (*spec.clipping, spec.optimizer)]
    return optimize(derivation, update, step_numbers(derivation))


@cache
def source(name: str) -> str:
    """The module of a spec, as text."""
    return emit(SPECS[name], derive_network(build_network(SPECS[name])), optimized(name))


@cache
def module(name: str) -> ModuleType:
    """The module of a spec, loaded."""
    loaded = ModuleType(f"generated_{name}")
    sys.modules[loaded.__name__] = loaded  # so that what it defines can be pickled
    exec(compile(source(name), f"<{name}>", "exec"), loaded.__dict__)
    return loaded


def batch(name: str, n: int, dtype: type = np.float64, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Random examples for a module."""
    draw = np.random.default_rng(seed)
    x = draw.standard_normal((n, 4)).astype(dtype)
    if name == "classifier":
        return x, draw.integers(3, size=n)
    y = draw.random((n, 1 if name == "binary" else 3)).astype(dtype)
    return x, (y / y.sum(axis=1, keepdims=True) if name == "everything" else y)
