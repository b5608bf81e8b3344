"""Every rule of stable evaluation, proven at fifty digits, and refused when it is broken."""

import mpmath
import pytest
import sympy as sp

from symbp.derive.stable import RULES, Shifts, stabilize
from symbp.formula.expression import UNITS, MaxOver, SumOver, element, index
from symbp.formula.indices import Names

POINTS = [sp.Rational(p, 7) for p in (-300, -41, -9, -3, 1, 2, 8, 50, 290)]


def value(expression):
    for unit in UNITS:
        expression = expression.replace(unit, unit.definition)
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
