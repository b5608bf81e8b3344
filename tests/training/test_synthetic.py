"""Examples that are made: the same for the same options, of the shapes and with the statistics that are promised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from symbp.forward.build import build_network
from symbp.spec.read import parse_spec
from symbp.spec.schema import MADE as MODELS
from symbp.training.dataset import Dataset, NamedArrays
from symbp.training.errors import DataError
from symbp.training.named import is_named, named_examples
from symbp.training.prepare import prepare
from symbp.training.sources import MADE
from symbp.training.synthetic.ratings import MEAN, ratings
from symbp.training.synthetic.tones import WORDS

LOADERS: Mapping[str, Callable[[Mapping[str, float | int]], Dataset | NamedArrays]] = {**MADE, "ratings": ratings}


def made(source: str, **options: float) -> Any:
    """The examples of a source with these options, and the defaults of the others."""
    return LOADERS[source](MODELS[source](source=source, **options).model_dump())  # type: ignore[arg-type]


def arrays(found: Dataset | NamedArrays) -> list[np.ndarray]:
    return [found.x, found.y] if isinstance(found, Dataset) else list(found.train.values())


@pytest.mark.parametrize("source", MODELS)
def test_examples_follow_from_the_options(source: str) -> None:
    one, same, other = (arrays(made(source, examples=50, seed=seed)) for seed in (3, 3, 4))
    assert all(len(array) == 50 and np.isfinite(array).all() for array in one)
    assert [a.tobytes() for a in one] == [a.tobytes() for a in same]
    assert all(a.tobytes() != b.tobytes() for a, b in zip(one, other, strict=True))


def test_shapes_stand_out_where_their_mask_is() -> None:
    found = made("shapes", examples=300, size=24, most=2)
    assert found.x.shape == found.y.shape == (300, 1, 24, 24)
    assert set(np.unique(found.y)) == {0, 1}
    share = found.y.mean(axis=(1, 2, 3))
    assert (share > 0).all()
    assert 0.1 < share.mean() < 0.25
    inside = np.array([x[y > 0].mean() - x[y == 0].mean() for x, y in zip(found.x, found.y, strict=True)])
    assert (np.abs(inside) > 0.1).mean() > 0.8
    assert 0.3 < (inside > 0).mean() < 0.7, "as many are lighter as darker"


def test_shapes_without_noise_are_smooth_outside_of_edges() -> None:
    clean, noisy = (made("shapes", examples=20, noise=noise).x for noise in (0.0, 0.2))
    steps = [np.median(np.abs(np.diff(x, axis=-1))) for x in (clean, noisy)]
    assert steps[0] < 0.02
    assert steps[1] == pytest.approx(0.2 * np.sqrt(2) * 0.6745, rel=0.1)  # the median of a normal's absolute value


def test_words_of_the_same_vowels_differ_in_their_order_alone() -> None:
    found = made("tones", examples=800, frames=30, bands=12)
    assert found.x.shape == (800, 30, 12)
    assert found.classes == WORDS
    assert set(found.y.tolist()) == set(range(len(WORDS)))
    x = (found.x - found.x.mean((0, 1))) / found.x.std((0, 1))
    forth, back = (x[found.y == WORDS.index(word)] for word in ("ia", "ai"))

    def apart(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.sqrt(np.mean((a.mean(0) - b.mean(0)) ** 2)))

    assert apart(forth.mean(1), back.mean(1)) < 0.1, "frames without order look alike"
    assert apart(forth[:, 8:14], back[:, 8:14]) > 0.5, "frames in order do not"


def test_ratings_are_of_low_rank_but_for_the_noise() -> None:
    found = made("ratings", users=40, items=30, examples=1200, rank=2, noise=0.0)
    user, item, rating = (found.train[name] for name in ("user", "item", "rating"))
    assert user.dtype.kind == item.dtype.kind == "i"
    table = np.full((40, 30), np.nan)
    table[user, item] = rating
    assert np.isfinite(table).all(), "no pair stands twice"
    values = np.linalg.svd(table, compute_uv=False)
    assert values[4] < 1e-9 * values[0] < values[3], "a mean with two biases, and a product of rank 2"
    noisy = made("ratings", users=40, items=30, examples=1200, rank=2, noise=0.5).train["rating"]
    assert np.std(noisy - rating) == pytest.approx(0.5, rel=0.1)
    assert noisy.mean() == pytest.approx(MEAN, abs=0.5)


def test_more_ratings_than_pairs_are_refused() -> None:
    with pytest.raises(DataError, match="101 examples of 10 users and 10 items, which make 100 pairs"):
        made("ratings", users=10, items=10, examples=101)


def test_a_window_shows_the_days_before_its_target() -> None:
    found = made("volatility", examples=2000, window=7)
    assert found.x.shape == (2000, 7, 2)
    np.testing.assert_array_equal(found.x[1:, -1, 0], found.y[:-1])  # the day of one target is the next window's last
    np.testing.assert_array_equal(found.x[1:, :-1], found.x[:-1, 1:])
    logs = found.y - found.y.mean()
    persistence = (logs[2:] * logs[:-2]).mean() / (logs[1:] * logs[:-1]).mean()  # the noise of measuring cancels
    assert persistence == pytest.approx(0.97, abs=0.02)
    returns = found.x[1:, -1, 1]
    assert np.corrcoef(returns, np.diff(found.y))[0, 1] < 0.1
    assert abs(np.corrcoef(returns[1:], returns[:-1])[0, 1]) < 0.1, "returns do not foretell each other"
    assert np.corrcoef(returns[1:] ** 2, returns[:-1] ** 2)[0, 1] > 0.1, "their squares do"


SERIES = """
name: series
input: [7, 2]
layers: [flatten, dense: 1]
loss: mse
training: {validation: 0.25}
data: {source: volatility, examples: 100, window: 7, normalize: standard}
"""


def test_what_is_held_out_of_a_series_is_its_end() -> None:
    spec = parse_spec(SERIES)
    assert spec.data is not None
    found = MADE["volatility"](spec.data.options)
    examples = prepare(found, spec, build_network(spec))
    assert examples.validation is not None
    held = [pair[1][:, 0] for pair in (examples.train, examples.validation, examples.test)]
    assert [len(part) for part in held] == [60, 20, 20]
    np.testing.assert_array_equal(np.concatenate(held), found.y.astype(np.float32))


RATED = """
name: rated
input: {user: {shape: [], kind: integer}, item: {shape: [], kind: integer}}
layers:
  - embedding: {tokens: 30, units: 2, input: user, name: taste}
  - embedding: {tokens: 20, units: 2, input: item, name: nature}
  - dot: [taste, nature]
losses: [{loss: mse, target: rating}]
data: {source: ratings, users: 30, items: 20, examples: 400}
"""


def test_ratings_come_by_name() -> None:
    spec = parse_spec(RATED)
    assert spec.data is not None
    network = build_network(spec)
    assert is_named(spec.data, network)
    examples = named_examples(ratings(spec.data.options), spec, network)
    assert examples.train[0]["user"].shape == (320,)
    assert examples.test[1].shape == (80, 1)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("target: rating", "target: stars", "ratings: expected arrays user, item, stars; has user, item, rating"),
        ("users: 30", "users: 40", "ratings: user runs from 0 to 39, expected whole numbers from 0 to 29"),
    ],
)
def test_ratings_of_something_else_are_refused(old: str, new: str, message: str) -> None:
    spec = parse_spec(RATED.replace(old, new))
    assert spec.data is not None
    found, network = ratings(spec.data.options), build_network(spec)
    with pytest.raises(DataError, match=message):
        named_examples(found, spec, network)


def test_a_source_alone_has_its_defaults() -> None:
    spec = parse_spec(SERIES.partition("data:")[0] + "data: volatility\n")
    assert spec.data is not None
    assert spec.data.options == {"examples": 3000, "seed": 0, "window": 20, "intraday": 13, "noise": 0.0} | {
        "persistence": 0.97
    }
