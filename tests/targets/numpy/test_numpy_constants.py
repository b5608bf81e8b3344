"""Numbers as arrays: their names, their values, and rows of them that `maximum` and `minimum` compare with."""

import numpy as np
import pytest
import sympy as sp

from symbp.targets.numpy import constants

N = sp.Symbol("N", integer=True, positive=True)


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        (sp.Integer(0), "zero", 0),
        (sp.Integer(-1), "minus_one", -1),
        (sp.Rational(1, 2), "half", 0.5),
        (sp.Rational(-1, 2), "minus_half", -0.5),
        (sp.Rational(1, 96), "one_over_96", 1 / 96),
        (1 / N, "one_over_n", 1 / 7),
        (2 / (49 * N), "two_over_49_n", 2 / (49 * 7)),
        (-1 / (3 * N), "minus_one_over_3_n", -1 / 21),
    ],
)
def test_a_short_number_has_a_name(value: sp.Expr, name: str, expected: float) -> None:
    found = constants.named(value)
    assert found is not None
    assert found[0] == name
    assert eval(found[1], {"n": 7}) == expected


@pytest.mark.parametrize(
    "value", [sp.Float("0.044715"), sp.Integer(17), N, N / 2, 1 / N**2, 1 / (N + 1), sp.Symbol("a")]
)
def test_another_has_none(value: sp.Expr) -> None:
    assert constants.named(value) is None


@pytest.mark.parametrize(
    ("value", "shape", "expected"),
    [
        (sp.Rational(1, 6), (2, 3), True),
        (1 / (6 * N), ("n", 6), True),
        (1 / N, ("n",), True),
        (1 / N, ("n", 2), False),
        (sp.Rational(1, 6), ("n", 6), False),
        (2 / N, ("n",), False),
    ],
)
def test_a_share_of_all_is_a_mean(value: sp.Expr, shape: tuple[int | str, ...], expected: bool) -> None:
    assert constants.is_share(value, shape) == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_exponential_of_the_largest_logarithm_is_finite(dtype: type) -> None:
    found = constants.named(sp.Symbol("log_max", positive=True))
    assert found is not None
    largest = np.array(eval(found[1], {"np": np, "dtype": dtype}), dtype)
    assert np.isfinite(np.exp(largest))
    with np.errstate(over="ignore"):
        assert np.isinf(np.exp(np.nextafter(largest, dtype(np.inf)) * dtype(1.0001)))
