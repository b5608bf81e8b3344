"""Every rule of stable evaluation, proven at fifty digits, and refused when it is broken."""

from dataclasses import replace

import mpmath
import numpy as np
import pytest
import sympy as sp

from symbp.derive.stable import RULES, Shifts, stabilize
from symbp.formula.equation import Equation
from symbp.formula.evaluate import evaluate_formula
from symbp.formula.expression import UNITS, First, MaxOver, SumOver, element, index, size
from symbp.formula.indices import Names

EPS = 2.0**-52
POINTS = [sp.Rational(p, 7) for p in (-300, -41, -9, -3, 1, 2, 8, 50, 290)]


def value(expression):
    for unit in UNITS:
        expression = expression.replace(unit, unit.definition)
    expression = flat(expression)
    with mpmath.workdps(50):
        return mpmath.mpf(sp.N(expression, 50))


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.name)
def test_rule_keeps_the_value(rule):
    x = sp.Symbol("x", real=True)
    before, after = rule.before(x), rule.after(x)
    for point in POINTS:
        one, other = value(before.subs(x, point)), value(after.subs(x, point))
        assert abs(one - other) <= mpmath.mpf(10) ** -40 * (1 + abs(one)), point


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.name)
def test_rule_applies_to_its_own_pattern(rule):
    x = element("z", index("n"))
    assert rule.apply(rule.before(x)) == rule.after(x)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.name)
def test_a_wrong_rule_would_be_seen(rule):
    x = sp.Symbol("x", real=True)
    broken = rule.after(2 * x) + sp.Rational(1, 10**6)
    assert any(abs(value(rule.before(x).subs(x, p)) - value(broken.subs(x, p))) > 10**-7 for p in POINTS)


def test_exponential_sums_are_shifted():
    n, j, k = index("n"), index("j"), index("k")
    z = element("z", n, j)
    total = SumOver(sp.exp(element("z", n, k)), k)
    shifts = Shifts(Names())
    softmax, _ = stabilize(sp.exp(z) / total, shifts)
    logsum, _ = stabilize(sp.log(total), shifts)
    assert list(shifts.equations) == [MaxOver(element("z", n, k), k)]
    shift = shifts.equations[MaxOver(element("z", n, k), k)]
    inner = SumOver(sp.exp(element("z", n, k) - shift), k)
    assert softmax == sp.exp(z - shift) / inner
    assert logsum == shift + sp.log(inner)


def difference(factor, read="z"):
    """c*(g - log(sum[k](exp(f[k])))), where f reads z, in stable form; g is z elsewhere, or not; the shifts."""
    n, j, k = index("n"), index("j"), index("k")
    shifts = Shifts(Names())
    total = SumOver(sp.exp(element("z", n, k)), k)
    found, applied = stabilize(factor * element(read, n, j) - factor * sp.log(total) + element("b", j), shifts)
    (shift,) = shifts.equations.values()
    logarithm = sp.log(SumOver(sp.exp(element("z", n, k) - shift), k))
    apart = factor * First(element(read, n, j) - shift) - factor * logarithm + element("b", j)
    return found, apart, applied, shifts


@pytest.mark.parametrize(
    "factor", [sp.Integer(1), sp.Integer(-1), element("y", index("n"), index("j")), -size("N") / 2]
)
def test_what_a_logarithm_is_taken_from_is_shifted_with_it(factor):
    found, apart, applied, _ = difference(factor)
    assert found == apart
    assert applied == ("g - log(sum[k](exp(f[k]))) = (g - m) - log(sum[k](exp(f[k] - m)))",)


def test_what_has_no_part_in_it_is_not_shifted():
    found, _, _, _ = difference(sp.Integer(1), read="w")
    assert not found.has(First)


def test_nothing_is_lost_beside_a_large_shift():
    """As a sum in another order it would: in double precision 1e4 + log(2) has lost four digits."""
    found, _, _, shifts = difference(sp.Integer(1))
    n, j, k = index("n"), index("j"), index("k")
    rows, sizes = np.array([[1e4, 1e4], [-1e4, 1e4], [0.0, 0.5]]), {n: size("N"), j: size("N_k"), k: size("N_k")}
    equations = [Equation(held, maximum, sizes) for maximum, held in shifts.equations.items()]
    equations.append(Equation(element("a", n, j), found, sizes))
    numbers = {size("N"): 3, size("N_k"): 2}
    with mpmath.workdps(50):
        exact = [[float(x - mpmath.log(sum(map(mpmath.exp, row)))) for x in row] for row in rows.tolist()]
    for order, within in ((equations, True), ([equations[0], replace(equations[1], body=flat(found))], False)):
        values = evaluate_formula(order, {"z": rows, "b": np.zeros(2)}, numbers, {})["a"]
        assert np.allclose(values, exact, rtol=EPS, atol=EPS) == within


def flat(expression):
    return expression.replace(First, lambda value: value)
