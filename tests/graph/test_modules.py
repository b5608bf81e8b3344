"""Modules of several inputs, outputs and targets: what their functions take, give and refuse."""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from graphs import AUTOENCODER, SPEC

from symbp.pipeline import generate, load_module
from symbp.spec import parse_spec


@cache
def module(text: str = SPEC) -> ModuleType:
    """The module of a spec."""
    return load_module(generate(parse_spec(text)))


def batch(n: int = 3) -> tuple[dict[str, Any], dict[str, Any]]:
    """Random examples."""
    draw = np.random.default_rng(2)
    x = {"image": draw.normal(size=(n, 2, 3)), "user": draw.integers(0, 5, (n, 2))}
    return x, {"label": draw.integers(0, 3, n), "position": draw.uniform(size=(n, 2))}


def test_one_layer_reshapes_to_several_ranks() -> None:
    m = module(
        "name: net\ninput: [4, 4]\nlayers: [reshape: [2, 8], reshape: [16], reshape: [2, 2, 4], dense: 2]\nloss: mse\n"
    )
    x = np.random.default_rng(0).normal(size=(3, 4, 4))
    params = m.init(0, np.float64)
    expected = x.reshape(3, 2, 2, 4) @ params["dense_1.W"] + params["dense_1.b"]
    np.testing.assert_allclose(m.forward(params, x), expected, rtol=1e-12)


def test_results_come_by_name() -> None:
    m, (x, _) = module(), batch()
    params = m.init(1)
    outputs = {name: array.copy() for name, array in m.forward(params, x).items()}
    predicted = m.predict(params, x)
    assert {name: array.shape for name, array in outputs.items()} == {"kind": (3, 3), "place": (3, 2)}
    weights = np.exp(outputs["kind"])
    np.testing.assert_allclose(predicted["kind"], weights / weights.sum(1, keepdims=True), rtol=1e-14)
    np.testing.assert_array_equal(predicted["place"], outputs["place"])


def test_the_cost_is_the_weighted_sum_of_the_losses() -> None:
    m, (x, y) = module(), batch()
    params = m.init(1)
    predicted = m.predict(params, x)
    entropy = -np.log(predicted["kind"][np.arange(3), y["label"]]).mean()
    squared = np.square(predicted["place"] - y["position"]).mean()
    assert m.loss(params, x, y) == pytest.approx(entropy + 0.25 * squared, rel=1e-14)


def test_gradients_of_inputs_come_by_name_where_they_are_real() -> None:
    m, (x, y) = module(), batch()
    params = m.init(1)
    _, _, of_x = m.loss_and_gradients(params, x, y, input_gradient=True)
    assert {name: array.shape for name, array in of_x.items()} == {"image": (3, 2, 3)}
    x["image"][1, 0, 2] += 1e-6
    above = m.loss(params, x, y)
    x["image"][1, 0, 2] -= 2e-6
    expected = (above - m.loss(params, x, y)) / 2e-6
    _, _, again = m.loss_and_gradients(params, x, y, input_gradient=True)
    assert again["image"][1, 0, 2] == pytest.approx(expected, rel=1e-5)


def test_training_lowers_the_cost() -> None:
    m, (x, y) = module(), batch(8)
    trainer = m.Trainer(m.init(0))
    costs = [trainer.step(x, y) for _ in range(60)]
    assert costs[-1] < 0.2 * costs[0]
    assert costs[0] == m.loss(m.init(0), x, y)


def test_the_module_checks_itself() -> None:
    for text in (SPEC, AUTOENCODER):
        assert all(reading.error < module(text).TOLERANCE for reading in module(text).check().values())


REFUSED = [
    (
        lambda x, y: (x["image"], y),
        TypeError,
        r"x: expected a mapping with image, user, came float64 of shape \(3, 2, 3\)",
    ),
    (lambda x, y: ({"image": x["image"]}, y), TypeError, "x: expected a mapping with image, user, came one with image"),
    (lambda x, y: ({**x, "user": x["user"][:2]}, y), ValueError, r"as in another, came \{'image': 3, 'user': 2\}"),
    (lambda x, y: ({**x, "user": x["user"] * 1.0}, y), TypeError, r"x\['user'\]: expected integers of shape \(n, 2\)"),
    (lambda x, y: ({**x, "user": x["user"] + 5}, y), ValueError, r"x\['user'\]: expected integers from 0 to 4, came"),
    (lambda x, y: ({**x, "image": x["image"].astype("f")}, y), TypeError, r"x\['image'\]: expected float64 of shape"),
    (
        lambda x, y: ({**x, "image": x["image"][:, :1]}, y),
        ValueError,
        r"x\['image'\]: expected float64 of .*\(n, 2, 3\)",
    ),
    (lambda x, y: ({k: v[:0] for k, v in x.items()}, y), ValueError, r"with n > 0"),
    (lambda x, y: (x, y["label"]), TypeError, "y: expected a mapping with label, position"),
    (lambda x, y: (x, {k: v[:2] for k, v in y.items()}), ValueError, "y: expected 3 examples as in x, came 2"),
    (lambda x, y: (x, {**y, "label": y["label"] + 3}), ValueError, r"y\['label'\]: expected integers from 0 to 2"),
]


@pytest.mark.parametrize(("change", "error", "message"), REFUSED)
def test_what_does_not_fit_is_refused(change: Any, error: type[Exception], message: str) -> None:
    m = module()
    with pytest.raises(error, match=message):
        m.loss(m.init(0), *change(*batch()))


def test_a_cost_without_targets_takes_none() -> None:
    m = module(AUTOENCODER)
    x, params = batch()[0]["image"].reshape(3, 6)[:, :4].copy(), m.init(0)
    outputs = m.forward(params, x)
    assert outputs["code"].shape == (3, 2)
    assert m.loss(params, x) == pytest.approx(np.square(outputs["decoded"] - x).mean(), rel=1e-14)
    assert m.Trainer(params).step(x) == m.loss(params, x)
    with pytest.raises(TypeError, match="y: the cost has no target, expected None"):
        m.loss(params, x, x)
