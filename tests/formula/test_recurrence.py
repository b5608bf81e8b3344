"""The order of evaluation of equations that read each other across steps of one index."""

import numpy as np
import pytest

from symbp.formula.evaluate import evaluate_formula
from symbp.formula.expression import elements
from symbp.formula.grammar import FormulaError
from symbp.formula.parse import read_formula
from symbp.formula.recurrence import OrderError, in_groups, in_order
from symbp.formula.scope import Declared, Scope

PAIR = """
z[n,t,j] = x[n,t,j] + sum[k](h[n,t-1,k]*V[k,j])
h[n,t,j] = tanh(z[n,t,j])
y[n,j] = h[n,0,j]
"""


def read(text, outputs=("y",), **ranks):
    declared = {n: Declared(r, "parameter" if n.isupper() else "input") for n, r in ranks.items()}
    return read_formula("test", text, Scope(declared, {}, outputs))


def test_equations_that_read_each_other_step_together():
    both, last = in_groups(read(PAIR, x=3, V=2).equations)
    assert both.tensors == ("z", "h")
    assert (both.axes, both.direction) == ({"z": 1, "h": 1}, 1)
    z, _ = both.equations
    shifts = {str(r): both.shift(e, r) for e in both.equations for r in elements(e.body) if r.tensor in both.axes}
    assert shifts == {"h[n,t - 1,k]": -1, "z[n,t,j]": 0}
    assert str(both.index(z)) == "t"
    assert (last.tensors, last.axes, last.direction) == (("y",), {}, 0)


def test_the_order_within_a_step_is_found_whatever_order_is_given():
    equations = read(PAIR, x=3, V=2).equations
    for order in ((1, 2, 0), (2, 1, 0), (2, 0, 1)):
        assert in_order([equations[k] for k in order]) == equations


def test_later_positions_come_first_where_they_are_read():
    (group,) = in_groups(read("y[n,t] = x[n,t] + y[n,t+2]", x=2).equations)
    assert group.direction == -1


def test_the_axis_may_differ_from_tensor_to_tensor():
    (group,) = in_groups(read("u[t,n] = y[n,t-1]*x[n,t]; y[n,t] = u[t,n] + 1", x=2).equations)
    assert group.axes == {"u": 0, "y": 1}


@pytest.mark.parametrize(
    "text",
    [
        "y[n,t] = y[n,t]*x[n,t]",  # itself, at once
        "u[n,t] = y[n,t]; y[n,t] = u[n,t]*x[n,t]",  # each other, at once
        "y[n,t] = y[n,t-1] + y[n,t+1]*x[n,t]",  # both directions
        "y[n,t] = x[n,t] + sum[s](y[n,s])",  # every position
        "y[n,t] = x[n,t] + y[n,0]",  # a fixed position
        "y[n,t] = x[n,t] + y[n,2*t]",  # no fixed distance
        "y[n,t] = y[n,t-1] + y[n-1,t]*x[n,t]",  # two axes
    ],
)
def test_what_has_no_order_is_refused(text):
    with pytest.raises(FormulaError, match="in no order of evaluation"):
        read(text, x=2)


def test_two_axes_that_move_together_have_an_order():
    (group,) = in_groups(read("y[n,t] = x[n,t] + y[n-1,t-1]", x=2).equations)
    assert (group.axes, group.direction) == ({"y": 0}, 1)


def test_reading_ahead_needs_a_recurrence():
    with pytest.raises(FormulaError, match="`u` is read before the equation that computes it"):
        read("y[n,t] = u[n,t]; u[n,t] = x[n,t]", x=2)
    equations = read("u[n,t] = x[n,t]; y[n,t] = u[n,t]", x=2).equations
    assert in_order(equations[::-1]) == equations


def test_order_errors_name_the_equations():
    one, other = read("u[n,t] = x[n,t]; y[n,t] = u[n,t]", x=2).equations
    circle = type(one)(one.target, other.target, one.sizes)
    with pytest.raises(OrderError, match=r"u\[n,t\] = y\[n,t\]; y\[n,t\] = u\[n,t\]"):
        in_groups([circle, other])


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_evaluation_goes_step_by_step(steps):
    formula = read(PAIR.replace("y[n,j] = h[n,0,j]", "y[n,t,j] = h[n,t,j]"), x=3, V=2)
    draw = np.random.default_rng(steps)
    x, v = draw.normal(size=(2, steps, 3)), draw.normal(size=(3, 3))
    sizes = dict(zip(formula.tensors["x"].axes, x.shape, strict=True)) | {formula.tensors["V"].axes[0]: 3}
    found = evaluate_formula(formula.equations, {"x": x, "V": v}, sizes)["y"]
    h = np.zeros((2, 3))
    for t in range(steps):
        h = np.tanh(x[:, t] + h @ v)
        np.testing.assert_allclose(found[:, t], h, rtol=1e-14)


def test_evaluation_backwards_and_further_than_a_step_away():
    formula = read("y[n,t] = x[n,t] + 2*y[n,t+2]", x=2)
    sizes = dict(zip(formula.tensors["x"].axes, (1, 5), strict=True))
    found = evaluate_formula(formula.equations, {"x": np.array([[1.0, 2, 3, 4, 5]])}, sizes)["y"]
    np.testing.assert_array_equal(found, [[1 + 2 * (3 + 2 * 5), 2 + 2 * 4, 3 + 2 * 5, 4, 5]])
