"""What calls need besides the program's arrays: each has a name of its own, whatever else the network asks for."""

from __future__ import annotations

import pytest
import sympy as sp

from symbp import pipeline
from symbp.errors import DefectError
from symbp.program.operations import Scalar
from symbp.spec import parse_spec
from symbp.targets.numpy.extras import Extras

LAYER = """
name: net
input: {shape}
layers: [lay: {{name: {name}}}, flatten, dense: 8]
loss: mse
define: {{layers: {{lay: {{formula: "{formula}", parameters: {{w: {{axes: {axes}}}}}, sizes: {sizes}}}}}}}
"""
SUM_AND_NUMBER = r"s[j,k] = sum[n](x[n,j,k])/4\ny[n,j,k] = x[n,j,k] - s[j,k]*w[j]"
SUM_AND_ROW = r"s[n] = 2*sum[k](x[n,k])\ny[n,j] = max(x[n,j]*w[j] - s[n], 2)"
CHOSEN_ALONE = "y[n,j] = max[k](x[n,j,k])*max[l](w[j,l])"
TENSOR = r"over_8_n[n,j,k] = x[n,j,k]*w[j]\ny[n,j,k] = sin(over_8_n[n,j,k])*over_8_n[n,j,k]"


def module(formula: str, shape: list[int], axes: str = "[j]", sizes: str = "{}", name: str = "lay") -> str:
    """The text of a module whose gradient is checked."""
    text = LAYER.format(formula=formula, shape=shape, axes=axes, sizes=sizes, name=name)
    return pipeline.generate(parse_spec(text)).module


def test_two_arrays_under_one_name_are_refused() -> None:
    extras = Extras()
    assert extras.mask((3, "n")) == extras.mask((3, "n")) == "ws.mask_3_n"
    assert extras.scratch((3, "n"), "won") == "ws.won_3_n"
    with pytest.raises(DefectError, match=r"two arrays are called ws.mask_3_n: np.empty\(\(3, n\), np.bool_\) and "):
        extras.scratch((3, "n"), "mask")


def test_a_number_and_rows_of_it_are_three() -> None:
    extras, two = Extras(), sp.Integer(2)
    names = [extras.number(two), extras.number(two, (784,)), extras.ones((784,), Scalar(two))]
    assert names == ["ws.two", "ws.two_784", "ws.twos_784"]
    assert [extras.ones((4,), Scalar(sp.Rational(*value))) for value in ((1, 2), (-6, 7), (1, 4))] == [
        "ws.halves_4",
        "ws.minus_sixes_over_7_4",
        "ws.mean_4",
    ]


def test_names_of_the_program_are_not_taken() -> None:
    extras = Extras(taken=frozenset({"two", "two_4"}))
    assert extras.number(sp.Integer(2), (4,)) == "ws.two_4_"
    assert extras.arrays["two_4_"].made == "np.full((4,), self.two_, dtype)"


def test_a_sum_over_the_batch_beside_a_share_of_it() -> None:
    text = module(SUM_AND_NUMBER, [2, 4])
    assert "self.ones_over_4_n = np.full(n, 1 / 4, dtype)" in text
    assert "self.one_over_4_n = np.array(1 / (4 * n), dtype)" in text


def test_a_sum_beside_a_comparison() -> None:
    text = module(SUM_AND_ROW, [784])
    assert "self.twos_784 = " in text
    assert "self.two_784 = " in text


def test_what_is_chosen_of_a_parameter_beside_what_is_chosen_for_each_example() -> None:
    text = module(CHOSEN_ALONE, [5, 8], "[j, l]", "{l: 8}")
    assert "self.positions_fixed_5 = np.empty((5,), np.intp)" in text
    assert "self.positions_5 = np.empty((n, 5), np.intp)" in text


def test_a_tensor_that_is_called_as_a_number() -> None:
    text = module(TENSOR, [2, 4], name="one")
    assert "self.one_over_8_n = np.empty((n, 2, 4), dtype)" in text
    assert "self.one_over_8_n_ = np.array(1 / (8 * n), dtype)" in text
