"""Expressions as written mathematics: every node kind, and the typography of the common forms."""

from __future__ import annotations

import inspect

import pytest
import sympy as sp
from explained import assert_balanced

from symbp.explain import mathematics as m
from symbp.explain.identity import read_identity
from symbp.explain.naming import Naming
from symbp.explain.notation import UnknownNodeError, write, write_number
from symbp.formula import expression as nodes
from symbp.formula.expression import (
    UNITS,
    First,
    Flat,
    InRange,
    MaxOver,
    Padded,
    Partial,
    SumOver,
    Winner,
    element,
    index,
    logistic,
    scalar,
    size,
    stop,
)
from symbp.formula.grammar import FUNCTIONS
from symbp.targets.latex import mathematics as latex
from symbp.targets.latex.width import width
from symbp.targets.text import mathematics as text

n, i, j, k, u, v = map(index, "nijkuv")
N, alpha = size("N"), scalar("alpha")


def t(name: str) -> object:
    """A tensor to be indexed by calling it."""
    return lambda *indices: element(name, *indices)


x, W, b, z, p, y, d_z, d_a, mu = map(t, ("x", "W", "b", "z", "p", "y", "d_z", "d_a", "mu"))
label = element("y", n, integer=True)

ONE_OF_EVERY_KIND = (
    SumOver(x(n, i) * W(i, j), i)
    + MaxOver(z(n, k), k)
    + Winner(z(n, k), k, k)
    + Winner(x(u, v), u, u, v)
    + element("f", n, Flat(u, v))
    + InRange(2 * i + u - 1, N)
    + d_z(n, j) * Partial(z(n, j), W(i, j))
    + sp.KroneckerDelta(i, k)
    + p(n, label)
    + sp.Piecewise(
        (x(n, i), sp.And(x(n, i) > 0, sp.Ne(i, j))), (alpha, sp.Or(z(n, i) <= 1, sp.Not(sp.Eq(i, u)))), (2, True)
    )
    + sum(unit(x(n, i)) for unit in (*UNITS, stop))
    + sum(getattr(sp, "Abs" if name == "abs" else name)(z(n, j)) for name in FUNCTIONS if hasattr(sp, name))
    + sp.pi
    + sp.E
    + sp.Rational(1, 3)
    + sp.Rational(8943, 200000) * z(n, j) ** 3
    + sp.Float(0.25)
    + z(n, j) ** alpha
    + 1 / sp.sqrt(p(n, j))
    + d_a(n, j)
    + First(z(n, j) - mu(n))
    + Padded(x(n, 2 * i - 1), -sp.oo)
    + sp.Piecewise((z(n, i), i <= n), (-sp.oo, True))
)


def test_one_expression_of_every_kind_is_written_for_every_target() -> None:
    written = write(ONE_OF_EVERY_KIND, Naming())
    assert_balanced(f"${latex.write(written)}$")
    assert text.write(written)
    assert width(written) > 0


def test_that_expression_holds_every_node_of_the_language() -> None:
    kinds = {type(node) for node in sp.preorder_traversal(ONE_OF_EVERY_KIND)}
    own = {
        c
        for _, c in inspect.getmembers(nodes, inspect.isclass)
        if issubclass(c, sp.Basic) and c.__module__ == nodes.__name__
    }
    functions = {getattr(sp, "Abs" if name == "abs" else name) for name in FUNCTIONS if hasattr(sp, name)}
    functions = {f for f in functions if inspect.isclass(f)}  # sqrt is a power
    missing = {c for c in own if not c.__name__.startswith("_")} | functions
    assert missing <= kinds, missing - kinds


def test_a_node_without_notation_is_an_error() -> None:
    with pytest.raises(UnknownNodeError, match="zeta"):
        write(sp.zeta(z(n, j)) + 1, Naming())
    with pytest.raises(UnknownNodeError, match="nan"):
        write(sp.nan, Naming())


@pytest.mark.parametrize("kind", sorted(m.Math.__subclasses__(), key=lambda c: c.__name__))
def test_every_target_writes_every_notation_node(kind: type[m.Math]) -> None:
    for target in (latex, text):
        assert target._write.dispatch(kind) is not target._write.dispatch(m.Math), f"{target.__name__}: {kind.__name__}"


TYPOGRAPHY = [
    (First(z(n, j) - mu(n)) - sp.log(p(n, j)), r"(z_{nj} - \mu_{n}) - \log(p_{nj})", "(zₙⱼ − μₙ) − log(pₙⱼ)"),
    (SumOver(x(n, i) * W(i, j), i) + b(j), r"\sum_{i} x_{ni} W_{ij} + b_{j}", "Σᵢ xₙᵢ · Wᵢⱼ + bⱼ"),
    (
        d_a(n, j) * sp.Piecewise((1, z(n, j) > 0), (0, True)),
        r"\frac{\partial C}{\partial a_{nj}} \, \mathbb{1}[z_{nj} > 0]",
        "∂C/∂aₙⱼ · 𝟙[zₙⱼ > 0]",
    ),
    (sp.Piecewise((0, z(n, j) > 0), (1, True)), r"\mathbb{1}[z_{nj} \le 0]", "𝟙[zₙⱼ ≤ 0]"),
    (sp.Piecewise((0, (z(n, j) <= 0) | (z(n, j) >= 6)), (1, True)), r"\mathbb{1}[0 < z_{nj} < 6]", "𝟙[0 < zₙⱼ < 6]"),
    (sp.Piecewise((z(n, j), z(n, j) > 0), (0, True)), r"\max(0,\, z_{nj})", "max(0, zₙⱼ)"),
    (
        sp.Piecewise((1 - z(n, j) * y(n, j), z(n, j) * y(n, j) < 1), (0, True)),
        r"\max(0,\, 1 - y_{nj} z_{nj})",
        "max(0, 1 − yₙⱼ · zₙⱼ)",
    ),
    (
        sp.Piecewise((z(n, j), z(n, j) > 0), (alpha * z(n, j), True)),
        r"\begin{cases} z_{nj} & \text{if } z_{nj} > 0 \\ \alpha z_{nj} & \text{otherwise} \end{cases}",
        "{ zₙⱼ if zₙⱼ > 0; α · zₙⱼ otherwise }",
    ),
    (sp.Rational(8943, 200000) * z(n, j), "0.044715 z_{nj}", "0.044715 · zₙⱼ"),
    (z(n, j) / 2, r"\frac{z_{nj}}{2}", "zₙⱼ/2"),
    (z(n, j) / 10, "0.1 z_{nj}", "0.1 · zₙⱼ"),
    (z(n, j) / 3, r"\frac{z_{nj}}{3}", "zₙⱼ/3"),
    (sp.Rational("1.0507009873554804934"), r"1.050700987355\ldots ", "1.050700987355…"),
    (-z(n, j), "-z_{nj}", "−zₙⱼ"),
    (1 - z(n, j), "1 - z_{nj}", "1 − zₙⱼ"),
    ((p(n, j) - y(n, j)) / N, r"\frac{p_{nj} - y_{nj}}{N}", "(pₙⱼ − yₙⱼ)/N"),
    (-SumOver(-z(n, j), n) / N, r"\frac{1}{N} \, \sum_{n} z_{nj}", "1/N · Σₙ zₙⱼ"),
    (SumOver(-sp.log(p(n, label)), n) / N, r"-\frac{1}{N} \, \sum_{n} \log(p_{n, y_{n}})", "−1/N · Σₙ log(p[n,yₙ])"),
    (-d_a(n, j) / z(n, j) ** 2, r"-\frac{1}{z_{nj}^{2}} \, \frac{\partial C}{\partial a_{nj}}", "−1/zₙⱼ² · ∂C/∂aₙⱼ"),
    (x(n, i) / sp.sqrt(element("v", n) + scalar("eps")), r"\frac{x_{ni}}{\sqrt{v_{n} + \varepsilon}}", "xₙᵢ/√(vₙ + ε)"),
    (1 - sp.tanh(z(n, j)) ** 2, r"1 - \tanh^{2}(z_{nj})", "1 − tanh(zₙⱼ)²"),
    (sp.exp(-z(n, j)), r"e^{-z_{nj}}", "exp(−zₙⱼ)"),
    (logistic(z(n, j)), r"\sigma(z_{nj})", "σ(zₙⱼ)"),
    (sp.Abs(mu(n)), r"\lvert \mu_{n} \rvert", "|μₙ|"),
    (Partial(z(n, j), W(i, j)), r"\frac{\partial z_{nj}}{\partial W_{ij}}", "∂zₙⱼ/∂Wᵢⱼ"),
    (sp.KroneckerDelta(i, k), r"\mathbb{1}[i = k]", "𝟙[i = k]"),
    (element("x", n, scalar("S") * i + u), "x_{n, S i + u}", "x[n,S · i + u]"),
    (element("w", index("o"), index("c"), u, v), "w_{ocuv}", "w[o,c,u,v]"),
    (element("y", n, Flat(u, v)), r"y_{n, \langle u, v \rangle}", "y[n,⟨u,v⟩]"),
    (SumOver(x(n, index("j'")), n, index("j'")), r"\sum_{n, j'} x_{nj'}", "Σₙ Σⱼ′ xₙⱼ′"),
    (SumOver(z(n, j), j) * p(n, j), r"p_{nj} \, \sum_{j} z_{nj}", "pₙⱼ · Σⱼ zₙⱼ"),
    (scalar("label_smoothing") * z(n, j), r"\mathrm{label\_smoothing} \, z_{nj}", "label_smoothing · zₙⱼ"),
    (scalar("beta_1") ** scalar("t"), r"\beta_{1}^{t}", "β₁^t"),
]


@pytest.mark.parametrize(("expression", "in_latex", "in_text"), TYPOGRAPHY, ids=[row[2] for row in TYPOGRAPHY])
def test_typography(expression: sp.Expr, in_latex: str, in_text: str) -> None:
    written = write(expression, Naming())
    assert latex.write(written) == in_latex
    assert text.write(written) == in_text


@pytest.mark.parametrize(
    ("identity", "in_text"),
    [
        ("log(a*b) = log(a) + log(b)", "log(a · b) = log(a) + log(b)"),
        (
            "exp(g)/sum[k](exp(f[k])) = exp(g - m)/sum[k](exp(f[k] - m))",
            "exp(g)/(Σₖ exp(fₖ)) = exp(g − m)/(Σₖ exp(fₖ − m))",
        ),
        ("log(cosh(x)) = |x| + log1p(expm1(-2*|x|)/2)", "log(cosh(x)) = |x| + log1p(expm1(−2 · |x|)/2)"),
    ],
)
def test_identities_are_read_as_mathematics(identity: str, in_text: str) -> None:
    read = read_identity(identity)
    assert read is not None
    assert text.write(read) == in_text


@pytest.mark.parametrize("prose", ["a and b", "x = lambda y: y", "x = y = z", "f(x", "x = [1]"])
def test_what_is_no_identity_stays_text(prose: str) -> None:
    assert read_identity(prose) is None


@pytest.mark.parametrize(
    ("value", "in_latex"),
    [(0.5, "0.5"), (1e-8, "10^{-8}"), (2.5e-9, r"2.5 \cdot 10^{-9}"), (-1.0, "-1"), (1e20, "10^{20}"), (784, "784")],
)
def test_values_of_hyperparameters(value: float, in_latex: str) -> None:
    assert latex.write(write_number(value)) == in_latex
