"""The JSON Schema takes what the reader takes of graphs, and refuses what no reading could mean."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from graphs import AUTOENCODER, NETWORKS, SPEC, WITH_LOSSES
from ruamel.yaml import YAML

from symbp.spec.jsonschema import spec_schema

VALIDATOR = jsonschema.Draft202012Validator(spec_schema())
HEAD = "name: graph\nloss: mean_squared_error\n"
GRAPHS = {
    **{name: HEAD + text for name, text in NETWORKS.items()},
    **{name: f"name: graph\n{text}" for name, text in WITH_LOSSES.items()},
    "module": SPEC,
    "autoencoder": AUTOENCODER,
}


def document(text: str) -> Any:
    """The text as plain data."""
    return YAML(typ="safe", pure=True).load(text)


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs_are_valid(name: str) -> None:
    VALIDATOR.validate(document(GRAPHS[name]))


@pytest.mark.parametrize(
    "changes",
    [
        {"input": {"shape": [2], "kind": "whole"}},
        {"input": {"shape": [0]}},
        {"input": {"a": {"kind": "integer"}}},
        {"input": {}},
        {"layers": [{"dense": {"units": 2, "input": 3}}]},
        {"layers": [{"dense": {"units": 2, "inputs": []}}]},
        {"layers": [{"dense": ["a", "b"]}]},
        {"losses": [{"loss": "mse"}]},
        {"output": 3},
    ],
    ids=str,
)
def test_what_means_nothing_is_refused(changes: dict[str, Any]) -> None:
    spec = document(HEAD + "input: 4\nlayers: [{dense: 2}]")
    VALIDATOR.validate(spec)
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate({**spec, **changes})
