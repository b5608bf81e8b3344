"""Ratings by users of items: a mean, what users and items add to it, a product of tastes of low rank, and noise.

Koren, Bell, Volinsky, Matrix Factorization Techniques for Recommender Systems, Computer 42 (2009), equation 4.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from symbp.training.dataset import NamedArrays
from symbp.training.errors import DataError
from symbp.training.random import EXAMPLES, generator

MEAN, OF_USERS, OF_ITEMS, OF_TASTE = 3.0, 0.4, 0.5, 0.7  # the mean of ratings, and three deviations


def ratings(options: Mapping[str, float | int]) -> NamedArrays:
    """Arrays `user` and `item`, whole numbers, and `rating`; no pair stands twice."""
    n, users, items, rank = (int(options[key]) for key in ("examples", "users", "items", "rank"))
    if n > users * items:
        raise DataError(f"ratings: {n} examples of {users} users and {items} items, which make {users * items} pairs")
    draw = generator(int(options["seed"]), EXAMPLES)
    user, item = np.divmod(draw.choice(users * items, n, replace=False), items)
    taste, kind = draw.standard_normal((users, rank)), draw.standard_normal((items, rank))
    product = (taste[user] * kind[item]).sum(-1) / np.sqrt(rank)
    rating = MEAN + OF_USERS * draw.standard_normal(users)[user] + OF_ITEMS * draw.standard_normal(items)[item]
    rating += OF_TASTE * product + options["noise"] * draw.standard_normal(n)
    return NamedArrays("ratings", {"user": user, "item": item, "rating": rating})
