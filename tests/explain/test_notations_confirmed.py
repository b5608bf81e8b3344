"""Every line of a derivation holds in numbers, in the layout of every notation."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pytest
from modules import module_of
from notated import Page, check, known

from symbp.derive.derivation import Derivation
from symbp.explain.notations import NOTATIONS
from symbp.pipeline import derive
from symbp.spec import parse_spec
from symbp.verify.examples import draw

NETWORKS: dict[str, dict[str, Any]] = {
    "tanh, sigmoid, squared error": {
        "input": 4,
        "layers": [{"dense": {"units": 3, "activation": "tanh"}}, {"dense": {"units": 2, "activation": "sigmoid"}}],
        "loss": "mse",
    },
    "leaky relu, softmax, labels": {
        "input": 4,
        "layers": [{"dense": {"units": 5, "activation": "leaky_relu"}}, {"dense": 3}],
        "loss": "softmax_cross_entropy",
    },
    "softmax within, penalty": {
        "input": 3,
        "layers": [{"dense": {"units": 4, "activation": "softmax"}}, {"dense": {"units": 2, "bias": False}}],
        "loss": "huber",
        "penalty": {"l2": {"strength": 0.5}},
    },
    "convolution": {
        "input": [2, 5, 5],
        "layers": [
            {"conv2d": {"filters": 3, "kernel_size": 3, "padding": 1, "activation": "relu"}},
            "flatten",
            {"dense": {"units": 2, "activation": "softplus"}},
        ],
        "loss": "mse",
    },
    "embedding, layer norm": {
        "input": {"shape": [3], "kind": "integer", "classes": 6},
        "layers": [
            {"embedding": {"tokens": 6, "units": 4}},
            "layer_norm",
            {"dense": {"units": 3, "activation": "gelu"}},
            {"dense": 2},
        ],
        "loss": "mse",
    },
    "batch norm": {
        "input": 3,
        "layers": [{"dense": 4}, "batch_norm", {"dense": {"units": 2, "activation": "elu"}}],
        "loss": "mse",
    },
    "recurrent": {"input": [3, 2], "layers": [{"lstm": {"units": 2}}, {"dense": 2}], "loss": "mse"},
    "attention": {"input": [3, 4], "layers": [{"multi_head_attention": {"heads": 2}}, {"dense": 2}], "loss": "mse"},
}
TOGETHER = ("batch norm",)  # no example is apart


@cache
def derived(network: str) -> Derivation:
    return derive(parse_spec(json.dumps({"name": "small", **NETWORKS[network]})))


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("network", NETWORKS)
def test_every_line_holds_in_the_layout_of_the_notation(network: str, notation: str) -> None:
    derivation = derived(network)
    n = 1 if NOTATIONS[notation].batch == "one" and network not in TOGETHER else 3
    arrays = draw(derivation.network, n, 5)
    matrices, elements = check(Page(derivation, notation, known(derivation, arrays), n))
    assert elements > 6
    assert (matrices > 6) == (notation != "index"), matrices


@pytest.mark.parametrize("network", NETWORKS)
def test_what_the_lines_are_compared_with_is_what_the_module_computes(network: str) -> None:
    arrays = draw(derived(network).network, 3, 5)
    values = known(derived(network), arrays)
    module = module_of(**NETWORKS[network])
    params = module.init(0, np.float64)
    for name in params:
        params[name][...] = arrays[name]
    cost, gradients = module.loss_and_gradients(params, arrays["x"], arrays["y"])
    assert cost == pytest.approx(float(values["C"]), rel=1e-12)
    for name in params:
        np.testing.assert_allclose(gradients[name], values[f"d_{name}"], rtol=1e-9, atol=1e-12)


class _Untransposed(Page):
    """A page whose weights are taken as they are stored."""

    def is_weight(self, name: str) -> bool:
        return False


@pytest.mark.parametrize("notation", ["nielsen", "ng", "torch"])
def test_a_line_with_weights_the_wrong_way_round_is_noticed(notation: str) -> None:
    derivation = derived("tanh, sigmoid, squared error")
    page = _Untransposed(derivation, notation, known(derivation, draw(derivation.network, 1, 5)), 1)
    with pytest.raises(AssertionError):
        check(page)


def test_the_gradient_of_a_batch_is_the_mean_of_its_examples() -> None:
    derivation = derived("tanh, sigmoid, squared error")
    arrays = draw(derivation.network, 3, 5)
    given = derivation.network.inputs + derivation.network.targets
    each = [known(derivation, {k: v[i : i + 1] if k in given else v for k, v in arrays.items()}) for i in range(3)]
    whole = known(derivation, arrays)
    for parameter in derivation.network.parameters:
        name = f"d_{parameter.name}"
        np.testing.assert_allclose(np.mean([one[name] for one in each], axis=0), whole[name], rtol=1e-9)
