"""Generated modules of small specs, by the same path as a spec in a file, kept for the next who asks."""

from __future__ import annotations

import json
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from symbp import pipeline
from symbp.spec.read import parse_spec

# A cost that is linear in the prediction: `y` is the cotangent of `a`.
PROJECTION: dict[str, Any] = {
    "loss": "projection",
    "define": {"losses": {"projection": {"formula": "C = sum[...](a[...] * y[...])"}}},
}


def module_of(**spec: Any) -> ModuleType:
    """The module of a spec, given as its YAML's keys and values; in double precision unless it says otherwise."""
    return _module(json.dumps({"name": "small", "dtype": "float64", **spec}))


@cache
def _module(text: str) -> ModuleType:
    return pipeline.load_module(pipeline.generate(parse_spec(text), check=False))


def set_identity(params: Any, others: dict[str, Any]) -> Any:
    """The dense layer as the identity, and every other parameter as given, by its own name without its layer's."""
    for name, values in params.items():
        own = name.partition(".")[2]
        values[...] = {"W": np.eye(len(values)), "b": 0.0}[own] if name.startswith("dense") else others[own]
    return params
