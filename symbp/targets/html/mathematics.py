r"""Written mathematics in MathML Core, one function for each node of `symbp.explain.mathematics`.

What browsers have in common is used and nothing else: no `mathvariant` but `normal` (bold and blackboard digits are
characters of their own), no `mfenced`, no alignment by attributes. Every string is escaped.

Not made by way of the LaTeX target and a converter: latex2mathml 3.81 prints `\arg` as it stands, makes a symbol of
every letter of a word, and asks for blackboard digits by a `mathvariant` that browsers ignore.
"""

from __future__ import annotations

from functools import singledispatch
from html import escape
from itertools import pairwise
from operator import add

from symbp.explain import mathematics as m
from symbp.explain.identifiers import GREEK, parts
from symbp.explain.levels import ATOM, POWER, PRODUCT, SUM, is_tall, level
from symbp.explain.typography import are_letters, between, factors, is_at_function, is_enclosed, is_power_of_e
from symbp.targets.html.symbols import ACCENTS, BARS, GLYPHS
from symbp.targets.latex.width import blank, width
from symbp.targets.text.symbols import FUNCTIONS, SIGNS

APPLIED, TIMES = "<mo>&#x2061;</mo>", "<mo>&#x2062;</mo>"  # nothing to be seen: of a function to its argument, times
PARTIAL = '<mo form="prefix" lspace="0" rspace="0">∂</mo>'  # Firefox sets an upright letter apart from an italic one
THIN = '<mspace width="0.17em"/>'
JOINTS = {"elementwise": "<mo>⊙</mo>", "dot": "<mo>⋅</mo>", "nothing": TIMES, "space": TIMES + THIN}


def write(node: m.Math, *, display: bool = False) -> str:
    """A piece of mathematics as a `math` element, in a line or set apart."""
    block = ' display="block"' if display else ""
    return f"<math{block}>{row(node)}</math>"


def row(node: m.Math) -> str:
    """A piece of mathematics as one element."""
    return f"<mrow>{_write(node)}</mrow>"


@singledispatch
def _write(node: m.Math) -> str:
    raise TypeError(f"no MathML for {type(node).__name__}")


def sign(text: str, **attributes: str) -> str:
    """An operator."""
    given = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<mo{given}>{escape(text)}</mo>"


def _fence(text: str, side: str, tall: bool) -> str:
    return sign(text, form=side, stretchy="true" if tall else "false")


def _fenced(left: str, right: str, inside: str, tall: bool) -> str:
    return f"<mrow>{_fence(left, 'prefix', tall)}{inside}{_fence(right, 'postfix', tall)}</mrow>"


def _parentheses(*nodes: m.Math) -> str:
    inside = f"<mo>,</mo>{THIN}".join(map(_write, nodes))
    return _fenced("(", ")", inside, any(map(is_tall, nodes)))


def bracket(node: m.Math, least: int) -> str:
    """The node, in brackets where it binds less than `least`."""
    return _parentheses(node) if level(node) < least else _write(node)


def word(text: str) -> str:
    """A letter of mathematics, or an upright word."""
    if text.isdigit():
        return f"<mn>{text}</mn>"
    return f"<mi>{escape(GREEK.get(text, text))}</mi>"


@_write.register
def _(node: m.Number) -> str:
    return word(node.text) if node.text.isalpha() else f"<mn>{escape(node.text)}</mn>"


@_write.register
def _(node: m.Name) -> str:
    return _named(node)


def _named(node: m.Name, *, transposed: bool = False) -> str:
    named = parts(node.base)
    text = word(named.root)
    if named.accent:
        text = f'<mover accent="true">{text}{sign(ACCENTS[named.accent], stretchy="false")}</mover>'
    below = ["<mo>,</mo>".join(word(p) for p in named.subscript.split("_"))] if named.subscript else []
    if node.indices:
        below.append(_indices(node.indices))
    if named.primes:  # in a superscript of an index they would be too small to be seen
        text = f"<mrow>{text}{sign('′' * named.primes, lspace='0', rspace='0')}</mrow>"
    return _scripts(text, "<mo>,</mo>".join(below), _layer(node) + (THIN + "<mi>⊤</mi>" if transposed else ""))


def _layer(node: m.Name) -> str:
    if not node.layer:
        return ""
    number = f"<mn>{escape(node.layer)}</mn>"
    if not node.marks:
        return number
    return f"{_fence(node.marks[0], 'prefix', False)}{number}{_fence(node.marks[1], 'postfix', False)}"


def _scripts(base: str, below: str, above: str) -> str:
    if below and above:
        return f"<msubsup>{base}<mrow>{below}</mrow><mrow>{above}</mrow></msubsup>"
    if below:
        return f"<msub>{base}<mrow>{below}</mrow></msub>"
    return f"<msup>{base}<mrow>{above}</mrow></msup>" if above else base


def _indices(items: tuple[m.Math, ...]) -> str:
    return ("" if are_letters(items) else "<mo>,</mo>").join(map(_write, items))


@_write.register
def _(node: m.Sum) -> str:
    text = ""
    for one, term in node.terms:
        if text:
            text += sign("+" if one > 0 else "−")
        elif one < 0:
            text += sign("−", form="prefix")
        text += bracket(term, PRODUCT)
    return text


@_write.register
def _(node: m.Product) -> str:
    written = [_parentheses(factor) if enclosed else _write(factor) for factor, enclosed in factors(node)]
    joints = (JOINTS[between(node.kind, *pair)] for pair in pairwise(node.factors))
    return written[0] + "".join(map(add, joints, written[1:]))


@_write.register
def _(node: m.Fraction) -> str:
    return f"<mfrac>{row(node.above)}{row(node.below)}</mfrac>"


@_write.register
def _(node: m.Power) -> str:
    if isinstance(node.exponent, m.Fraction):
        raised = f"{bracket(node.exponent.above, PRODUCT)}<mo>/</mo>{bracket(node.exponent.below, POWER)}"
    else:
        raised = _write(node.exponent)
    if isinstance(node.base, m.Call) and is_at_function(node):
        power = _scripts(_function(node.base.function), "", raised)
        return f"{power}{APPLIED}{_parentheses(*node.base.arguments)}"
    return _scripts(_parentheses(node.base) if is_enclosed(node.base) else row(node.base), "", raised)


@_write.register
def _(node: m.Root) -> str:
    return f"<msqrt>{_write(node.body)}</msqrt>"


def _function(name: str) -> str:
    return word(FUNCTIONS.get(name, name))


@_write.register
def _(node: m.Call) -> str:
    if not node.arguments:
        return _function(node.function)
    if is_power_of_e(node):
        return _scripts("<mi>e</mi>", "", _write(node.arguments[0]))
    return f"{_function(node.function)}{APPLIED}{_parentheses(*node.arguments)}"


@_write.register
def _(node: m.Bars) -> str:
    return _fenced(*BARS[node.kind], _write(node.body), is_tall(node.body))


@_write.register
def _(node: m.Over) -> str:
    bound = "<mo>,</mo>".join(map(_write, node.bound))
    if node.operator == "sum":
        head = sign("∑", movablelimits="true")
    else:
        head = sign("arg\u2009max" if node.operator == "argmax" else "max", movablelimits="true", form="prefix")
    opened = f"<munder>{head}<mrow>{bound}</mrow></munder>"
    return opened if node.is_alone else opened + bracket(node.body, PRODUCT)


@_write.register
def _(node: m.Component) -> str:
    return _scripts(_parentheses(node.body), _indices(node.indices), "")


@_write.register
def _(node: m.Cases) -> str:
    rows = []
    for value, condition in node.rows:
        word = f"{node.when}\u00a0" if condition else node.otherwise
        when = f"<mtext>{escape(word)}</mtext>{_write(condition) if condition else ''}"
        rows.append(f"<mtr><mtd>{_write(value)}</mtd><mtd>{when}</mtd></mtr>")
    return f'<mrow>{_fence("{", "prefix", True)}<mtable class="cases">{"".join(rows)}</mtable></mrow>'


@_write.register
def _(node: m.Relation) -> str:
    text = bracket(node.operands[0], SUM)
    for relation, operand in zip(node.signs, node.operands[1:], strict=True):
        text += sign(SIGNS[relation]) + bracket(operand, SUM)
    return text


@_write.register
def _(node: m.Logic) -> str:
    if node.operator == "not":
        return sign("¬") + _parentheses(node.operands[0])
    joint = f"<mtext>\u00a0{escape(node.word or node.operator)}\u00a0</mtext>"
    return joint.join(_parentheses(o) if isinstance(o, m.Logic) else _write(o) for o in node.operands)


@_write.register
def _(node: m.Indicator) -> str:
    return "<mn>𝟙</mn>" + _fenced("[", "]", _write(node.condition), is_tall(node.condition))


@_write.register
def _(node: m.Derivative) -> str:
    if node.twice:
        whole, places = node.twice
        squared = f"<msup>{PARTIAL}<mn>2</mn></msup>{bracket(whole, ATOM)}"
        below = "".join(f"{PARTIAL}{_write(place)}" for place in places)
        return f"<mfrac><mrow>{squared}</mrow><mrow>{below}</mrow></mfrac>"
    above = _parentheses(node.of) if isinstance(node.of, m.Fraction) else bracket(node.of, ATOM)
    of, by = (f"<mrow>{PARTIAL}{part}</mrow>" for part in (above, _write(node.by)))
    return f"<mfrac>{of}{by}</mfrac>"


@_write.register
def _(node: m.Differential) -> str:
    return f"<mi>d</mi>{_write(node.by)}"


@_write.register
def _(node: m.Nabla) -> str:
    return f"{_scripts(sign('∇', form='prefix'), _write(node.by), '')}{bracket(node.of, ATOM)}"


@_write.register
def _(node: m.Slope) -> str:
    name = f"<mrow>{_function(node.function)}{sign('′', lspace='0', rspace='0')}</mrow>"
    return f"{name}{APPLIED}{_parentheses(node.argument)}"


@_write.register
def _(node: m.Held) -> str:
    bar = _fence("|", "postfix", True)
    return (
        f"<msub><mrow>{_write(node.body)}{bar}</mrow><mrow>{'<mo>,</mo>'.join(map(_write, node.fixed))}</mrow></msub>"
    )


@_write.register
def _(node: m.Tuple) -> str:
    return _fenced("⟨", "⟩", "<mo>,</mo>".join(map(_write, node.items)), False)


@_write.register
def _(node: m.Transposed) -> str:
    if isinstance(node.body, m.Name) and node.body.layer:
        return _named(node.body, transposed=True)
    if isinstance(node.body, m.Differential):
        return f"<mi>d</mi>{_write(m.Transposed(node.body.by))}"
    body = _parentheses(node.body) if isinstance(node.body, m.Derivative) else bracket(node.body, ATOM)
    return _scripts(f"<mrow>{body}</mrow>", "", "<mi>⊤</mi>")


@_write.register
def _(node: m.Shaped) -> str:
    rows, columns = map(_write, node.shape)
    brace = f'<mspace class="brace" width="{width(node.body):.3g}em" height="0.25em"/>'  # Chromium cuts off a wide `⏟`
    braced = f'<munder accentunder="true">{row(node.body)}{brace}</munder>'
    return f"<munder>{braced}<mrow>{rows}{sign('×')}{columns}</mrow></munder>"


@_write.register
def _(node: m.Ones) -> str:
    return "<mn>𝟏</mn>"


@_write.register
def _(node: m.Words) -> str:
    return f"<mtext>{escape(node.text)}</mtext>" if node.text else ""


@_write.register
def _(node: m.Blank) -> str:
    here = "" if node.again else f' id="question-{node.number}"'
    style = f'style="width: {blank(node):g}em"'
    link = f'<a class="blank"{here} href="#answer-{node.number}" {style}>{node.number}</a>'
    return f"<mn>{link}</mn>"  # mtext would count as space, and the sign before it lose its own


@_write.register
def _(node: m.Glyph) -> str:
    text = GLYPHS[node.text]
    if not text:
        return TIMES
    if text in "()":
        size = "2.1em" if node.tall else "1.3em"
        side = "prefix" if text == "(" else "postfix"
        return sign(text, form=side, stretchy="true", minsize=size, maxsize=size)
    return sign(text)


@_write.register
def _(node: m.Row) -> str:
    return "".join(map(_write, node.pieces))
