"""Figures beside the cost, decided by kinds of targets and losses, and counted right."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from symbp import pipeline
from symbp.catalog import entries
from symbp.forward.build import build_network
from symbp.forward.comparison import Comparison, comparison
from symbp.spec.read import parse_spec
from symbp.training.compared import Compared, Tally
from symbp.training.measure import Measure
from symbp.training.metrics import unpacked
from symbp.training.prepare import Examples

DRAW = np.random.default_rng(5)


def spec(losses: str, layers: str = "[dense: 4]", more: str = "") -> Any:
    return parse_spec(f"name: small\ninput: 4\nlayers: {layers}\n{losses}\n{more}\n")


def test_losses_of_differences_are_found_by_their_formulas() -> None:
    found = {e.name for e in entries("loss") if e.targeted and _compares(f"loss: {e.name}").differences}
    assert found == {"mse", "mae", "huber", "smooth_l1", "log_cosh"}


def _compares(losses: str, **parts: str) -> Comparison:
    found = comparison(build_network(spec(losses, **parts)))
    assert found is not None
    return found


def test_what_is_compared_is_read_off_the_network() -> None:
    assert _compares("losses: [{loss: mse, target: x}]") == Comparison("dense_1.z", "x", differences=True)
    assert _compares("losses: [{loss: mse, weight: 0.5, target: q}]", more="penalty: l2").target == "q"
    assert _compares("loss: softmax_cross_entropy") == Comparison("softmax.a", "y", probabilities=True)
    own = "define: {losses: {odd: {formula: 'C = reduce[...](sqrt(1 + (a[...] - y[...])**2))'}}}"
    assert _compares("loss: odd", more=own).differences
    several = "losses: [{loss: mse, on: a, target: p}, {loss: mse, on: b, target: q}]"
    assert (
        comparison(build_network(spec(several, "[{dense: {units: 4, name: a}}, {dense: {units: 4, name: b}}]"))) is None
    )


def test_probabilities_are_found_by_what_makes_them() -> None:
    found = {e.name for e in entries("loss") if e.targeted and _compares(f"loss: {e.name}").probabilities}
    linked = {e.name for e in entries("loss") if e.link == "softmax"}
    assert found == linked != set()
    assert _compares("loss: cross_entropy", layers="[dense: 4, softmax]").probabilities
    halves = "define: {layers: {halves: {formula: 'y[n,j] = exp(x[n,j]) / (2 * sum[k](exp(x[n,k])))'}}}"
    assert not _compares("loss: cross_entropy", layers="[dense: 4, halves]", more=halves).probabilities
    shares = "define: {layers: {shares: {formula: 'y[n,j] = x[n,j]**2 / sum[k](x[n,k]**2)'}}}"
    assert not _compares("loss: cross_entropy", layers="[dense: 4, shares]", more=shares).probabilities  # 0 / 0


def test_a_loss_that_was_joined_with_its_link_compares_the_same() -> None:
    smoothed = "loss: {softmax_cross_entropy: {label_smoothing: 0.1}}"
    for losses in ("loss: bce_with_logits", "loss: softmax_cross_entropy", smoothed):
        stated = spec(losses)
        assert comparison(pipeline.derive(stated).network) == comparison(build_network(stated))


X = DRAW.normal(size=(20, 4)).astype(np.float32)
LABELS = DRAW.integers(4, size=20)


@pytest.mark.parametrize(
    ("losses", "y", "expected"),
    [
        ("loss: softmax_cross_entropy", LABELS, Compared(classes=True)),
        ("loss: mse", np.eye(4)[LABELS], Compared(classes=True)),
        ("loss: bce_with_logits", DRAW.integers(2, size=(20, 4)), Compared(True, 0.5, masks=True)),
        ("loss: hinge", 2.0 * DRAW.integers(2, size=(20, 4)) - 1, Compared(True, 0.0, masks=True)),
        ("loss: huber", X, Compared(differences=True)),
        ("loss: bce_with_logits", DRAW.uniform(size=(20, 4)), Compared()),
        ("loss: poisson_nll", X, Compared()),
        ("loss: gaussian_nll", X[:, :2], Compared()),
        ("losses: [{loss: mse, target: x}]", None, Compared(differences=True, source="x")),
    ],
)
def test_kinds(losses: str, y: Any, expected: Compared) -> None:
    assert Compared.of((X, y), spec(losses), build_network(spec(losses))) == expected


def test_figures_are_those_of_their_definitions() -> None:
    a, b = (DRAW.uniform(size=(30, 2, 3)) for _ in range(2))
    masks, values = Tally(Compared(True, 0.5, masks=True)), Tally(Compared(differences=True))
    for part in (slice(0, 20), slice(20, 30)):
        masks.add(a[part], (None, b[part] > 0.5))
        values.add(a[part], (None, b[part]))
    said, wanted = set(np.flatnonzero(a > 0.5)), set(np.flatnonzero(b > 0.5))
    assert masks.iou == len(said & wanted) / len(said | wanted)
    assert masks.accuracy == 1 - len(said ^ wanted) / a.size
    assert values.rmse == pytest.approx(np.linalg.norm(a - b) / np.sqrt(a.size))
    assert (masks.rmse, values.accuracy, values.iou) == (None, None, None)


def test_labels_at_every_step_of_a_sequence() -> None:
    tally = Tally(Compared(classes=True))
    labels = np.array([[0, 1, 2], [2, 2, 1]])
    tally.add(np.eye(3)[[[0, 1, 1], [2, 0, 1]]], (None, labels))
    assert tally.accuracy == 4 / 6


def test_the_root_of_the_mean_square_is_the_root_of_the_cost() -> None:
    made = pipeline.generate(spec("losses: [{loss: mse, target: x}]"), check=False)
    module, network = pipeline.load_module(made), made.derivation.network
    pair = (X, None)
    measured = Measure(module, Examples(pair, None, pair, Compared.of(pair, made.spec, network)))(module.init(), pair)
    assert measured.rmse == pytest.approx(np.sqrt(measured.loss), rel=1e-5)  # single precision


def test_rows_from_before_there_were_figures() -> None:
    row = {"epoch": 2, "steps": 9, "learning_rate": 0.1, "train_loss": 1.5, "test_loss": 2.0, "seconds": 0.5}
    (read,) = unpacked(json.dumps([row]))
    assert (read.epoch, read.test_loss, read.test_rmse, read.validation_accuracy) == (2, 2.0, None, None)
    with pytest.raises(TypeError, match="steps"):
        unpacked(json.dumps([{name: value for name, value in row.items() if name != "steps"}]))
