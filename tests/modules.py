"""Generated modules of small specs, by the same path as a spec in a file, kept for the next who asks."""

from __future__ import annotations

import json
from functools import cache
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np

from symbp import pipeline
from symbp.derive.derivation import FormulaDerivation
from symbp.derive.derive import derive_formula
from symbp.derive.network import derive_network
from symbp.formula.equation import Formula
from symbp.forward.build import build_network
from symbp.program.optimize import optimize
from symbp.spec.read import parse_spec
from symbp.targets.load import load_source
from symbp.targets.numpy import emit

# A cost that is linear in the prediction: `y` is the cotangent of `a`.
PROJECTION: dict[str, Any] = {
    "loss": "projection",
    "define": {"losses": {"projection": {"formula": "C = sum[...](a[...] * y[...])"}}},
}


def module_of(**spec: Any) -> ModuleType:
    """The module of a spec, given as its YAML's keys and values; in double precision unless it says otherwise."""
    return _module(json.dumps({"name": "small", "dtype": "float64", **spec}))


def module_alone(**spec: Any) -> ModuleType:
    """The same without its derivation as a document, which most tests of many modules do not look at."""
    read = parse_spec(json.dumps({"name": "small", "dtype": "float64", **spec}))
    network = build_network(read)
    with patch("symbp.derive.network.derive_formula", _by_name):
        derivation = derive_network(network)
    optimized = optimize(derivation, pipeline.updates(read))
    return load_source(emit(read, derivation, optimized), "small")


_DERIVED: dict[str, FormulaDerivation] = {}


def _by_name(formula: Formula) -> FormulaDerivation:
    if formula.name not in _DERIVED:
        _DERIVED[formula.name] = derive_formula(formula)
    return _DERIVED[formula.name]


@cache
def _module(text: str) -> ModuleType:
    return pipeline.load_module(pipeline.generate(parse_spec(text), check=False))


def set_identity(params: Any, others: dict[str, Any]) -> Any:
    """The dense layer as the identity, and every other parameter as given, by its own name without its layer's."""
    for name, values in params.items():
        own = name.partition(".")[2]
        values[...] = {"W": np.eye(len(values)), "b": 0.0}[own] if name.startswith("dense") else others[own]
    return params
