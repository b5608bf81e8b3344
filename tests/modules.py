"""Generated modules of small specs: the stages of `symbp.pipeline` without the document and the check.

A network is derived once, whatever trains it; a module is kept for the next who asks.
"""

from __future__ import annotations

import json
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from symbp import pipeline
from symbp.derive.derivation import Derivation
from symbp.explain.numbering import step_numbers
from symbp.program.optimize import optimize
from symbp.spec.read import parse_spec
from symbp.targets.load import load_source
from symbp.targets.numpy import emit

TRAINING = ("optimizer", "schedule", "clip")  # keys of a spec on which no derivation depends

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
    spec = parse_spec(text)
    derivation = _derivation(json.dumps({k: v for k, v in json.loads(text).items() if k not in TRAINING}))
    optimized = optimize(derivation, pipeline.updates(spec), step_numbers(derivation))
    return load_source(emit(spec, derivation, optimized), spec.name)


@cache
def _derivation(text: str) -> Derivation:
    return pipeline.derive(parse_spec(text))


def set_identity(params: Any, others: dict[str, Any]) -> Any:
    """The dense layer as the identity, and every other parameter as given, by its own name without its layer's."""
    for name, values in params.items():
        own = name.partition(".")[2]
        values[...] = {"W": np.eye(len(values)), "b": 0.0}[own] if name.startswith("dense") else others[own]
    return params
