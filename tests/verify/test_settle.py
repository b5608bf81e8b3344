"""Who is right where autodiff of the definitions loses digits: told by differences in fifty digits."""

from __future__ import annotations

import numpy as np
import pytest

from symbp.forward.build import build_network
from symbp.pipeline import generate
from symbp.spec import parse_spec
from symbp.verify import check
from symbp.verify.settle import settled

SPEC = "name: large\ninput: 2\nlayers: [dense: 1]\nloss: bce_with_logits\n"


def large_logits(network: object, batch: int, seed: int) -> dict[str, np.ndarray]:
    """Examples whose logits are near 20: 1 - sigmoid of them keeps half of its digits."""
    return {
        "dense_1.W": np.array([[2.0], [3.0]]),
        "dense_1.b": np.array([0.5]),
        "x": np.array([[4.0, 4.1], [0.3, -0.2]]),
        "y": np.array([[0.25], [0.75]]),
    }


def test_what_the_library_cancels_is_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "draw", large_logits)
    generated = generate(parse_spec(SPEC), dtype="float64", check=False)
    report = check.compare(generated, batch=2)
    assert report.passed
    assert any(reading.settled for reading in report.readings)

    real = check.module_gradients

    def wrong(*arguments: object) -> dict[str, np.ndarray]:
        found = real(*arguments)  # type: ignore[arg-type]
        return {**found, "dense_1.W": found["dense_1.W"] * (1 + 1e-7)}

    monkeypatch.setattr(check, "module_gradients", wrong)
    failed = {r.name for r in check.compare(generated, batch=2).readings if not r.passed}
    assert failed == {"dense_1.W"}


def test_what_overflows_in_the_library_is_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The derivative of 1 / (1 + exp(-beta z)) is NaN to autodiff where exp overflows, and 0 to the module."""
    arrays = {"swish_beta_1.beta": np.array(-1.5), "x": np.array([[600.0, 0.4]]), "y": np.array([[0.2, 0.3]])}
    monkeypatch.setattr(check, "draw", lambda network, batch, seed: arrays)
    generated = generate(
        parse_spec("name: large\ninput: 2\nlayers: [swish_beta]\nloss: mse\n"), dtype="float64", check=False
    )
    with np.errstate(over="ignore", invalid="ignore"):
        report = check.compare(generated, batch=1)
    assert report.passed
    assert {r.name for r in report.readings if r.settled} == {"swish_beta_1.beta", "x"}

    real = check.module_gradients
    monkeypatch.setattr(check, "module_gradients", lambda *given: {**real(*given), "x": np.array([[1e-3, 0.0]])})
    with np.errstate(over="ignore", invalid="ignore"):
        failed = {r.name for r in check.compare(generated, batch=1).readings if not r.passed}
    assert failed == {"x"}


def test_what_is_infinite_in_the_library_measures_nothing_else() -> None:
    """The largest entry of any gradient is one that is finite: beside an infinite one no error would be seen."""
    expected = {"v": np.array([np.inf, 1.0]), "w": np.array([1.0])}
    found = {"v": np.array([2.0, 1.0]), "w": np.array([1.5])}
    unknown, wrong = check._readings("a library", found, expected, 1e-9)
    assert not unknown.passed
    assert wrong.error == 0.5
    exact = {"v": found["v"]}
    known, _ = check._readings("a library", found, expected, 1e-9, "", lambda name, *given: exact.get(name))
    assert known.passed


def test_entries_are_exact() -> None:
    network = build_network(parse_spec(SPEC))
    arrays = large_logits(network, 2, 0)
    z = arrays["x"] @ arrays["dense_1.W"] + arrays["dense_1.b"]
    gradient = (1 / (1 + np.exp(-z)) - arrays["y"]).sum(0) / 2
    off = np.full(1, np.nan)
    exact = settled(network, arrays, "dense_1.b", gradient, off, 1e-9)
    assert exact is not None
    np.testing.assert_allclose(exact, gradient, rtol=1e-15)
    arrays["x"], arrays["y"] = np.repeat(arrays["x"], 9, 0), np.repeat(arrays["y"], 9, 0)
    assert settled(network, arrays, "x", arrays["x"], np.full(arrays["x"].shape, np.nan), 1e-9) is None
