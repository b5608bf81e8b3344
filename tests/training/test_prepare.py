"""Splits, scales and shapes: seeded, from the training set alone, and refused where they do not fit the network."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest
from training.files import SPEC, examples

from symbp.forward.build import build_network
from symbp.spec.read import parse_spec
from symbp.training.batches import batches
from symbp.training.compared import Compared
from symbp.training.dataset import Dataset
from symbp.training.errors import DataError
from symbp.training.prepare import Examples, prepare


def prepared(dataset: Dataset, **changes: str) -> Examples:
    text = SPEC
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    spec = parse_spec(text)
    return prepare(dataset, spec, build_network(spec))


def source(n: int = 100, **parts: object) -> Dataset:
    x, y = examples(n)
    return Dataset("numbers", **({"x": x, "y": y} | parts))  # type: ignore[arg-type]


def test_the_parts_are_disjoint_and_whole() -> None:
    marked = np.arange(300.0).reshape(100, 3)
    made = prepared(source(x=marked), standard="none")
    assert made.validation is not None
    assert [len(pair[0]) for pair in (made.train, made.validation, made.test)] == [64, 16, 20]
    everything = np.concatenate([made.train[0], made.validation[0], made.test[0]])
    np.testing.assert_array_equal(np.sort(everything[:, 0]), marked[:, 0])


def test_the_split_follows_from_the_seed() -> None:
    one, same = prepared(source()), prepared(source())
    other = prepared(source(), **{"seed: 3": "seed: 4"})
    np.testing.assert_array_equal(one.train[0], same.train[0])
    assert one.fingerprint() == same.fingerprint() != other.fingerprint()


def test_columns_are_scaled_by_the_training_set() -> None:
    x = np.array([1, 10, 100]) * np.random.default_rng(0).normal(size=(100, 3)) + 5
    made = prepared(source(x=np.c_[x[:, :2], np.full(100, 7.0)]))
    np.testing.assert_allclose(made.train[0].mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(made.train[0].std(axis=0), [1, 1, 0], atol=1e-6)
    made = prepared(source(x=x), standard="unit")
    assert made.train[0].min(axis=0).tolist() == [0, 0, 0]
    assert made.train[0].max(axis=0).tolist() == [1, 1, 1]
    assert not np.allclose(made.test[0].min(axis=0), 0)


def test_images_are_scaled_as_one() -> None:
    x = np.random.default_rng(0).integers(256, size=(100, 3), dtype=np.uint8)
    made = prepared(source(x=x, largest=255.0), standard="unit")
    assert set(np.round(made.train[0] * 255).astype(int).ravel()) <= set(x.ravel().tolist())
    made = prepared(
        source(x=x, largest=255.0), standard="standard, mean: 0.25, std: 0.5", **{"validation: 0.2": "validation: 0.0"}
    )
    known = np.sort((x / 255 - 0.25) / 0.5, axis=None)
    np.testing.assert_allclose(np.sort(np.concatenate([made.train[0], made.test[0]]), axis=None), known, rtol=1e-6)


def test_labels_become_rows_where_the_cost_compares_rows() -> None:
    made = prepared(source(), softmax_cross_entropy="mse")
    assert made.compared == Compared(classes=True)
    assert set(map(tuple, made.train[1].tolist())) == {(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)}


def test_two_classes_of_a_single_output() -> None:
    made = prepared(
        source(y=np.arange(100) % 2), **{"- dense: 3": "- dense: 1", "softmax_cross_entropy": "bce_with_logits"}
    )
    assert made.train[1].shape == (64, 1)
    assert made.compared == Compared(classes=True, threshold=0.5)


def test_numbers_have_no_accuracy() -> None:
    made = prepared(source(y=np.linspace(0, 1, 100)), **{"- dense: 3": "- dense: 1", "softmax_cross_entropy": "mse"})
    assert made.compared == Compared(differences=True)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"x": np.ones((100, 4))}, r"an example has shape \(4,\), 4 numbers; the spec's input is \(3,\), 3 numbers"),
        (
            {"y": np.full(100, 3)},
            r"labels run from 3 to 3; the network's output dense_2.z has 3 classes, 0 to 2\n"
            r".*: layers\[\d\].dense: make the last layer `dense: 4`",
        ),
        ({"y": -np.ones(100, int)}, r"labels run from -1 to -1; (.|\n)*labels begin at 0"),
        ({"y": np.linspace(0, 1, 100)}, "compares with labels, the targets are float64"),
        ({"y": np.zeros(99, int)}, "100 inputs and 99 targets"),
        ({"x": np.ones((1, 3)), "y": np.zeros(1, int)}, "both parts need one at least"),
    ],
)
def test_examples_that_do_not_fit(parts: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(DataError, match=message):
        prepared(source(**parts))


def test_numbers_beyond_the_precision_of_the_network_are_refused() -> None:
    x = np.ones((100, 3))
    x[7, 1] = 1e39
    with pytest.raises(DataError, match=r"x has numbers of up to 1e\+39, beyond what float32 holds"):
        prepared(source(x=x), standard="none")
    prepared(source(x=x))  # scaled, they fit


def test_labels_of_more_places_than_an_example_has_are_refused() -> None:
    with pytest.raises(DataError, match="a row of 3 classes for each of 3 places; a `flatten` before its last layer"):
        prepared(source(), **{"layers:": "layers:\n  - reshape: [3, 1]"})


def test_batches_follow_from_seed_and_epoch() -> None:
    pair = (np.arange(10.0)[:, None], np.arange(10))

    def order(epoch: int, start: int = 0, shuffle: bool = True) -> list[list[int]]:
        made = batches(pair, 4, seed=1, epoch=epoch, shuffle=shuffle, start=start)
        return [y.tolist() for x, y in made if (x[:, 0] == y).all()]

    assert order(1) == order(1) != order(2)
    assert sorted(chain(*order(1))) == list(range(10))
    assert [len(batch) for batch in order(1)] == [4, 4, 2]
    assert order(1, start=1) == order(1)[1:]
    assert order(1, shuffle=False) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
