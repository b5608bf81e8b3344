"""Random networks from the whole catalog, generated, run, and compared with autodiff; `make fuzz` tries thousands."""

from __future__ import annotations

import pytest
from random_networks import LAYERS, outcomes, random_spec

TRIED, TOGETHER = 240, 12
SEEDS = [  # of which the first give every row its turn
    pytest.param(first, marks=[] if first < len(LAYERS) else [pytest.mark.slow]) for first in range(0, TRIED, TOGETHER)
]


@pytest.mark.parametrize("first", SEEDS)
def test_random_networks_agree_with_autodiff(first: int) -> None:
    found = list(outcomes(range(first, first + TOGETHER)))
    assert not [f"seed {outcome.seed}: {outcome.problem}" for outcome in found if outcome.problem]
    assert sum(outcome.compared for outcome in found) > TOGETHER // 2


def test_random_networks_with_products_of_scipys_blas() -> None:
    found = list(outcomes(range(TRIED, TRIED + TOGETHER), "scipy"))
    assert not [f"seed {outcome.seed}: {outcome.problem}" for outcome in found if outcome.problem]


def test_every_row_has_its_turn() -> None:
    assert len(LAYERS) <= TRIED
    for seed in range(0, len(LAYERS), 7):
        assert LAYERS[seed].name in random_spec(seed)[1]


def test_a_seed_is_a_network() -> None:
    assert random_spec(3) == random_spec(3)
    assert random_spec(3) != random_spec(3 + len(LAYERS))
