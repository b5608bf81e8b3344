"""Long formulas are broken at their operators, outermost first, and lose nothing."""

from __future__ import annotations

import random

import pytest

from symbp.explain import mathematics as m
from symbp.explain.breaking import broken
from symbp.targets.text.mathematics import write

LIMIT = 40


def width(node: m.Math) -> float:
    return len(write(node)) + (2 * node.indent if isinstance(node, m.Row) else 0)


def formula(chooser: random.Random, depth: int) -> m.Math:
    """A random sum of products of names, nested."""
    if depth == 0:
        return m.Name(chooser.choice("abcxyz"), (m.Name("n"), m.Name(chooser.choice("ijk"))))
    parts = [formula(chooser, depth - 1) for _ in range(chooser.randint(2, 4))]
    if depth % 2:
        return m.Product(tuple(parts))
    return m.Sum(tuple((chooser.choice((1, -1)), part) for part in parts))


@pytest.mark.parametrize("seed", range(20))
def test_lines_fit_and_say_the_same(seed: int) -> None:
    node = formula(random.Random(seed), 4)
    lines = broken(node, width, LIMIT)
    assert len(lines) > 1
    assert max(map(width, lines)) <= LIMIT
    assert "".join(map(write, lines)).replace(" ", "") == write(node).replace(" ", "")


def test_what_fits_stays_one_line() -> None:
    node = m.Sum(((1, m.Name("a")), (1, m.Name("b"))))
    assert broken(node, width, LIMIT) == (node,)


def test_a_sum_is_broken_between_its_terms_before_its_factors() -> None:
    term = m.Product(tuple(m.Name(c, (m.Name("i"),)) for c in "abc"))
    first, *rest = broken(m.Sum(((1, term),) * 4), width, LIMIT)
    assert write(first) == "aᵢ · bᵢ · cᵢ + aᵢ · bᵢ · cᵢ"
    assert all(write(line).startswith("+ ") for line in rest)


def test_a_wide_body_is_opened_behind_its_operator() -> None:
    body = m.Sum(tuple((1, m.Name("x", (m.Name(c),))) for c in "ijklmnop"))
    lines = broken(m.Over("sum", (m.Name("n"),), body), width, 24)
    assert write(lines[0]).startswith("Σₙ (xᵢ + ")
    assert write(lines[-1]).endswith("xₚ)")


def test_what_cannot_be_opened_stays_whole() -> None:
    cases = m.Cases(((m.Name("very_long_name_of_a_tensor"), m.Name("another_long_name")), (m.Name("x"), None)))
    assert broken(cases, width, 10) == (m.Row((cases,), 0),)


def test_a_short_term_is_not_filled_up_with_a_part_of_the_next() -> None:
    first, second = (m.Product(tuple(m.Name(c, (m.Name("i"),)) for c in names)) for names in ("abc", "abcdefg"))
    lines = broken(m.Sum(((1, first), (1, second))), width, LIMIT)
    assert list(map(write, lines)) == ["aᵢ · bᵢ · cᵢ", "+ aᵢ · bᵢ · cᵢ · dᵢ · eᵢ · fᵢ · gᵢ"]


def test_a_line_that_goes_on_within_a_term_stands_further_to_the_right() -> None:
    long = m.Product(tuple(m.Name(c, (m.Name("i"),)) for c in "abcdefghijk"))
    lines = broken(m.Sum(((1, long), (1, long))), width, LIMIT)
    indents = [line.indent for line in lines if isinstance(line, m.Row)]
    assert indents == [0, 2, 1, 2]


@pytest.mark.parametrize("over", [False, True], ids=["of the formula", "in brackets"])
def test_no_term_follows_the_tail_of_another(over: bool) -> None:
    long = m.Product(tuple(m.Name(c, (m.Name("i"),)) for c in "abcdefghij"))
    total = m.Sum(((1, long), (-1, m.Name("x")), (1, m.Name("y"))))
    lines = broken(m.Over("sum", (m.Name("n"),), total) if over else total, width, LIMIT)
    before, *rest = (write(line).removesuffix(")") for line in lines[1:])
    assert before.startswith("· ")
    assert rest == ["− x + y"]
