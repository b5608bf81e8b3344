"""Scalars, names and lines of Python, as the emitter prints them."""

import math

import pytest
import sympy as sp

from symbp.targets.numpy import names, scalars, source

ETA, BETA, T, N, PEAK = sp.symbols("eta beta t N peak", positive=True)
NAMES = {"eta": "eta", "beta": "beta", "t": "t", "N": "n", "peak": "peak"}
VALUES = {"eta": 0.125, "beta": 0.9, "t": 7, "n": 64, "peak": 3.5}
PRINTED = [
    (1 - BETA**T, "1 - beta**t"),
    (1 / (1 - BETA**T), "1 / (1 - beta**t)"),
    (-ETA / N, "-eta / n"),
    (sp.Rational(1, 2) / N, "1 / (2 * n)"),
    (ETA * sp.Rational(96, 100) ** (T / 250), "0.96 ** (t / 250) * eta"),
    (ETA * (1 + sp.cos(sp.pi * T / PEAK)) / 2, "eta * (math.cos(math.pi * t / peak) + 1) / 2"),
    (sp.Piecewise((ETA, T <= PEAK), (BETA, True)), "(eta if peak >= t else beta)"),
    (sp.sqrt(ETA) + sp.exp(-T), "math.sqrt(eta) + math.exp(-t)"),
    (ETA * BETA ** sp.floor(T / 2), "beta ** math.floor(t / 2) * eta"),
    (sp.Min(1, T / PEAK), "min(1, t / peak)"),
    (-(ETA + 1) * sp.log(N), "(-eta - 1) * math.log(n)"),
    (sp.Rational(-1, 2), "-0.5"),
    (sp.Integer(-3) ** T, "(-3) ** t"),
]


@pytest.mark.parametrize(("expression", "expected"), PRINTED, ids=[text for _, text in PRINTED])
def test_scalar(expression: sp.Expr, expected: str) -> None:
    text = scalars.python(expression, NAMES)
    assert text == expected
    value = float(expression.subs({ETA: 0.125, BETA: 0.9, T: 7, N: 64, PEAK: 3.5}))
    assert eval(text, {"math": math}, dict(VALUES)) == pytest.approx(value, rel=1e-14)


def test_scalar_refuses_what_it_has_no_name_for() -> None:
    with pytest.raises(KeyError, match="gamma"):
        scalars.python(sp.Symbol("gamma"), NAMES)


def test_scalar_refuses_another_kind_of_node() -> None:
    with pytest.raises(TypeError, match="no Python for"):
        scalars.python(sp.gamma(T), NAMES)


def test_names_stay_distinct() -> None:
    assert names.separator(["dense_1.W", "dense_1.b"]) == "_"
    assert names.separator(["a_b.c", "a.b_c"]) == "__"
    assert names.separator(["a_b.c", "a.b_c", "a__b.c", "a.b__c"]) == "___"


def test_calls_break_as_a_formatter_breaks_them() -> None:
    short, long = ["a", "b"], ["argument" * 5, "argument" * 5, "argument" * 4]
    assert source.call("f", short, 1) == ["    f(a, b)"]
    assert source.call("function", long, 0) == ["function(", f"    {', '.join(long)}", ")"]
    assert source.call("f", long * 2, 0) == ["f(", *(f"    {a}," for a in long * 2), ")"]


def test_long_assignments_stand_in_brackets() -> None:
    left, right = "first" * 12, "second" * 10
    assert source.assigned(f"{left} += {right}[:, None]", 1) == [
        f"    {left} += (",
        f"        {right}[:, None]",
        "    )",
    ]
    for line in (f"{left} = b", f"{left} = f({right})", f"{left} = {right} + {right}"):
        assert source.assigned(line, 1) == [f"    {line}"]
    drawn = f"{left} = f({right})"
    assert source.bracketed(drawn, 0, tail="  # drawn") == [f"{left} = f(", f"    {right}", ")  # drawn"]


@pytest.mark.parametrize("text", ["plain", 'with "quotes"', "it's", "back\\slash", "line\nbreak", '"""', "{{ x }}"])
def test_literals_evaluate_to_themselves(text: str) -> None:
    assert eval(source.literal(text)) == text
