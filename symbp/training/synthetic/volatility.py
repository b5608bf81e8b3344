"""Days of a market whose volatility moves: the next day's realized variance from a window of the past.

The logarithm of the variance is an autoregression of first order, Taylor, Modelling Financial Time Series (1986),
chapter 3; a fall raises it more than a rise (Black, 1976). A day's realized variance is the sum of the squares of its
intraday returns, a noisy measure of the variance. Returns are in percent.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from symbp.training.dataset import Dataset
from symbp.training.random import EXAMPLES, generator

SPREAD = 0.8  # deviation of the logarithm of the variance, over all days
LEVERAGE = -0.5  # correlation of a day's return with the next day's change of volatility


def volatility(options: Mapping[str, float | int]) -> Dataset:
    """`x` (n, window, 2): logarithms of realized variances, and returns; `y`: the next day's logarithm. In order."""
    n, window, intraday = (int(options[key]) for key in ("examples", "window", "intraday"))
    variance, returned = _days(options, n + window, intraday)
    past = np.lib.stride_tricks.sliding_window_view(np.stack([variance, returned], axis=1), window, axis=0)
    return Dataset("volatility", past[:n].transpose(0, 2, 1).copy(), variance[window:], ordered=True)


def _days(options: Mapping[str, float | int], days: int, intraday: int) -> tuple[np.ndarray, np.ndarray]:
    """Of each day the logarithm of its realized variance, and its return."""
    draw = generator(int(options["seed"]), EXAMPLES)
    stays, noise = float(options["persistence"]), float(options["noise"])
    within = draw.standard_normal((days, intraday)) / np.sqrt(intraday)
    shock = LEVERAGE * within.sum(1) + np.sqrt(1 - LEVERAGE**2) * draw.standard_normal(days)
    log_variance = np.empty(days)
    log_variance[0] = SPREAD * draw.standard_normal()
    for day in range(1, days):
        log_variance[day] = stays * log_variance[day - 1] + SPREAD * np.sqrt(1 - stays**2) * shock[day - 1]
    returns = np.exp(log_variance / 2)[:, None] * within
    returns += noise * draw.standard_normal(returns.shape) / np.sqrt(intraday)
    return np.log((returns**2).sum(1)), returns.sum(1)
