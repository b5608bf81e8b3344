r"""Written mathematics in LaTeX, one function for each node of `symbp.explain.mathematics`; MathJax reads it too.

Only macros that amsmath, amssymb and MathJax as GitHub runs it have in common are used (`\operatorname` is none).
`\mathbb{1}`, for amssymb has no blackboard digits, and the boxes of a worksheet need the definitions in
`templates/latex/document.tex.jinja`.
"""

from __future__ import annotations

from functools import singledispatch
from itertools import pairwise
from operator import add

from symbp.explain import mathematics as m
from symbp.explain.identifiers import GREEK, parts
from symbp.explain.levels import ATOM, POWER, PRODUCT, SUM, is_tall, level
from symbp.explain.typography import are_letters, between, factors, is_at_function, is_enclosed, is_power_of_e
from symbp.targets.latex.symbols import FUNCTIONS, GLYPHS, JOINTS, OPERATORS, SIGNS, TALL_GLYPHS
from symbp.targets.latex.width import blank


def write(node: m.Math) -> str:
    """The LaTeX of a piece of mathematics, without math delimiters."""
    return _write(node)


@singledispatch
def _write(node: m.Math) -> str:
    raise TypeError(f"no LaTeX for {type(node).__name__}")


def bracket(node: m.Math, least: int) -> str:
    """The node, in brackets where it binds less than `least`."""
    return _parentheses(node) if level(node) < least else _write(node)


def _parentheses(*nodes: m.Math) -> str:
    inside = ",\\, ".join(map(_write, nodes))
    return rf"\left({inside}\right)" if any(map(is_tall, nodes)) else f"({inside})"


def word(text: str) -> str:
    """A letter of mathematics, or an upright word with underscores and the like escaped."""
    if text in GREEK:
        return rf"\{'varepsilon' if text == 'epsilon' else text}"
    if len(text) == 1 or text.isdigit():
        return text
    escaped = text.replace("_", r"\_")
    return rf"\mathrm{{{escaped}}}"


@_write.register
def _(node: m.Number) -> str:
    return word(node.text) if node.text.isalpha() else node.text.replace("…", r"\ldots ").replace("∞", r"\infty")


@_write.register
def _(node: m.Name) -> str:
    named = parts(node.base)
    text = word(named.root)
    if named.accent:
        text = rf"\{named.accent}{{{text}}}"
    below = [", ".join(word(p) for p in named.subscript.split("_"))] if named.subscript else []
    if node.indices:
        below.append(_indices(node.indices))
    if below:
        text += f"_{{{', '.join(below)}}}"
    above = "'" * named.primes
    if node.layer:
        return f"{text}^{{{above}{node.marked}}}"
    return text + above


def _indices(items: tuple[m.Math, ...]) -> str:
    return ("" if are_letters(items) else ", ").join(map(_write, items))


@_write.register
def _(node: m.Sum) -> str:
    text = ""
    for sign, term in node.terms:
        plus = " + " if text else ""
        text += (plus if sign > 0 else " - " if text else "-") + bracket(term, PRODUCT)
    return text


@_write.register
def _(node: m.Product) -> str:
    written = [_parentheses(factor) if enclosed else _write(factor) for factor, enclosed in factors(node)]
    joints = (JOINTS[between(node.kind, *pair)] for pair in pairwise(node.factors))
    return written[0] + "".join(map(add, joints, written[1:]))


@_write.register
def _(node: m.Fraction) -> str:
    return rf"\frac{{{_write(node.above)}}}{{{_write(node.below)}}}"


@_write.register
def _(node: m.Power) -> str:
    if isinstance(node.exponent, m.Fraction):
        raised = f"{bracket(node.exponent.above, PRODUCT)}/{bracket(node.exponent.below, POWER)}"
    else:
        raised = _write(node.exponent)
    if isinstance(node.base, m.Call) and is_at_function(node):
        arguments = _parentheses(*node.base.arguments)
        return f"{_function(node.base.function)}^{{{raised}}}{arguments}"
    return f"{_parentheses(node.base) if is_enclosed(node.base) else _write(node.base)}^{{{raised}}}"


@_write.register
def _(node: m.Root) -> str:
    return rf"\sqrt{{{_write(node.body)}}}"


def _function(name: str) -> str:
    return FUNCTIONS.get(name, rf"\mathrm{{{name}}}")


@_write.register
def _(node: m.Call) -> str:
    if not node.arguments:
        return _function(node.function)
    if is_power_of_e(node):
        return f"e^{{{_write(node.arguments[0])}}}"
    return _function(node.function) + _parentheses(*node.arguments)


@_write.register
def _(node: m.Bars) -> str:
    left, right = (r"\lvert", r"\rvert") if node.kind == "absolute" else (r"\lfloor", r"\rfloor")
    grow = (r"\left", r"\right") if is_tall(node.body) else ("", "")
    return f"{grow[0]}{left} {_write(node.body)} {grow[1]}{right}"


@_write.register
def _(node: m.Over) -> str:
    bound = ", ".join(map(_write, node.bound))
    head = rf"{OPERATORS[node.operator]}_{{{bound}}}"
    return head if node.is_alone else f"{head} {bracket(node.body, PRODUCT)}"


@_write.register
def _(node: m.Component) -> str:
    return f"{_parentheses(node.body)}_{{{_indices(node.indices)}}}"


@_write.register
def _(node: m.Cases) -> str:
    rows = []
    for value, condition in node.rows:
        when = rf"\text{{{node.when} }} {_write(condition)}" if condition else rf"\text{{{node.otherwise}}}"
        rows.append(f"{_write(value)} & {when}")
    joined = r" \\ ".join(rows)
    return rf"\begin{{cases}} {joined} \end{{cases}}"


@_write.register
def _(node: m.Relation) -> str:
    text = bracket(node.operands[0], SUM)
    for sign, operand in zip(node.signs, node.operands[1:], strict=True):
        text += f" {SIGNS[sign]} {bracket(operand, SUM)}"
    return text


@_write.register
def _(node: m.Logic) -> str:
    if node.operator == "not":
        return rf"\neg {_parentheses(node.operands[0])}"
    joint = rf" \text{{ {node.word or node.operator} }} "
    return joint.join(_parentheses(o) if isinstance(o, m.Logic) else _write(o) for o in node.operands)


@_write.register
def _(node: m.Indicator) -> str:
    grow = (r"\left", r"\right") if is_tall(node.condition) else ("", "")
    return rf"\mathbb{{1}}{grow[0]}[{_write(node.condition)}{grow[1]}]"


@_write.register
def _(node: m.Derivative) -> str:
    if node.twice:
        above, by = node.twice
        below = r" \, ".join(rf"\partial {_write(b)}" for b in by)
        return rf"\frac{{\partial^2 {bracket(above, ATOM)}}}{{{below}}}"
    of = _parentheses(node.of) if isinstance(node.of, m.Fraction) else bracket(node.of, ATOM)
    return rf"\frac{{\partial {of}}}{{\partial {_write(node.by)}}}"


@_write.register
def _(node: m.Differential) -> str:
    return f"d{_write(node.by)}"


@_write.register
def _(node: m.Nabla) -> str:
    return rf"\nabla_{{{_write(node.by)}}} {bracket(node.of, ATOM)}"


@_write.register
def _(node: m.Slope) -> str:
    return f"{FUNCTIONS.get(node.function) or word(node.function)}'{_parentheses(node.argument)}"


@_write.register
def _(node: m.Held) -> str:
    return rf"\left. {_write(node.body)} \right|_{{{', '.join(map(_write, node.fixed))}}}"


@_write.register
def _(node: m.Tuple) -> str:
    return rf"\langle {', '.join(map(_write, node.items))} \rangle"


@_write.register
def _(node: m.Transposed) -> str:
    if isinstance(node.body, m.Name) and node.body.layer:
        bare = _write(m.Name(node.body.base, node.body.indices))
        return rf"{bare}^{{{node.body.marked} \top}}"
    if isinstance(node.body, m.Differential):
        return f"d{_write(m.Transposed(node.body.by))}"
    body = _parentheses(node.body) if isinstance(node.body, m.Derivative) else bracket(node.body, ATOM)
    return rf"{body}^{{\top}}"


@_write.register
def _(node: m.Shaped) -> str:
    rows, columns = map(_write, node.shape)
    return rf"\underbrace{{{_write(node.body)}}}_{{{rows} \times {columns}}}"


@_write.register
def _(node: m.Ones) -> str:
    return r"\mathbf{1}"


@_write.register
def _(node: m.Words) -> str:
    return rf"\text{{{node.text}}}" if node.text else ""


@_write.register
def _(node: m.Blank) -> str:
    return rf"\{'again' if node.again else 'question'}{{{node.number}}}{{{blank(node):g}em}}"


@_write.register
def _(node: m.Glyph) -> str:
    return TALL_GLYPHS.get(node.text, GLYPHS[node.text]) if node.tall else GLYPHS[node.text]


@_write.register
def _(node: m.Row) -> str:
    return " ".join(filter(None, map(_write, node.pieces)))
