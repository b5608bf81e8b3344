"""How wide a formula is when LaTeX has set it: an estimate in ems of Computer Modern, for breaking lines.

Advance widths are those of cmmi10, cmr10 and cmex10, rounded up; subscripts are set at seven tenths.
"""

from __future__ import annotations

from itertools import pairwise

from symbp.explain import mathematics as m
from symbp.explain.identifiers import parts
from symbp.explain.levels import PRODUCT, SUM, level
from symbp.targets.latex.languages import CHINESE

LETTER, DIGIT, BRACKET, BINARY, RELATION, SMALL = 0.57, 0.5, 0.42, 1.25, 1.35, 0.7
SUM_SIGN, BAR, SPACE, DOT, COMMA = 1.5, 0.3, 0.2, 0.73, 0.45
NARROWEST, WIDEST = 8, 26  # boxes of a worksheet


def width(node: m.Math) -> float:
    """The width in ems, in display style."""
    match node:
        case m.Number(text=text):
            return 0.6 if text.isalpha() else DIGIT * len(text)
        case m.Name():
            return _name(node)
        case m.Sum(terms=terms):
            signs = sum(BINARY for _ in terms[1:]) + (0.8 if terms[0][0] < 0 else 0)
            return signs + sum(_within(term, PRODUCT) for _, term in terms)
        case m.Product(factors=factors, kind=kind):
            between = (BINARY if kind == "elementwise" else _between(a, b) for a, b in pairwise(factors))
            return sum(_within(f, PRODUCT) for f in factors) + sum(between)
        case m.Fraction(above=above, below=below):
            return max(width(above), width(below)) + BAR
        case m.Derivative(of=of, by=by):
            return max(width(of), width(by)) + LETTER + BAR
        case m.Differential(by=by):
            return 0.52 + width(by)
        case m.Nabla(of=of, by=by):
            return 0.85 + SMALL * width(by) + SPACE + width(of)
        case m.Slope(function=function, argument=argument):
            return _function(function) + 0.3 + 2 * BRACKET + width(argument)
        case m.Held(body=body, fixed=fixed):
            return width(body) + BRACKET + SMALL * sum(map(width, fixed))
        case m.Power(base=base, exponent=exponent):
            return _within(base, PRODUCT + 1) + SMALL * width(exponent)
        case m.Root(body=body):
            return 0.9 + width(body)
        case m.Call(function=function, arguments=arguments):
            return _function(function) + 2 * BRACKET + sum(map(width, arguments))
        case m.Bars(body=body) | m.Indicator(condition=body):
            return width(body) + 3 * BRACKET
        case m.Over(operator=operator, bound=bound, body=body):
            sign = SUM_SIGN if operator == "sum" else LETTER * len(operator)
            written = SMALL * (sum(map(width, bound)) + COMMA * (len(bound) - 1))
            return max(sign, written) + SPACE + _within(body, PRODUCT)
        case m.Component(body=body, indices=indices):
            return 2 * BRACKET + width(body) + SMALL * sum(map(width, indices))
        case m.Cases(rows=rows):
            values = max(width(value) for value, _ in rows)
            return 3.5 + values + max(width(c) if c else 3.0 for _, c in rows)
        case m.Relation(operands=operands):
            return sum(_within(o, SUM) for o in operands) + RELATION * (len(operands) - 1)
        case m.Logic(operands=operands):
            return sum(map(width, operands)) + 2.5 * len(operands)
        case m.Tuple(items=items):
            return 2 * BRACKET + sum(width(i) + 0.5 for i in items)
        case m.Shaped(body=body, shape=(rows, columns)):
            return max(width(body), SMALL * (width(rows) + width(columns) + BINARY)) + SPACE
        case m.Transposed(body=body):
            return width(body) + 0.7
        case m.Words(text=text):
            return sum(1.0 if CHINESE.match(character) else 0.5 for character in text)
        case m.Blank():
            return blank(node)
        case m.Glyph(text=text):
            return BRACKET + 0.1 if text in "()" else BINARY
        case m.Row(pieces=pieces, indent=indent):
            return 2.0 * indent + sum(width(p) + SPACE / 2 for p in pieces)
        case _:
            return LETTER


def blank(node: m.Blank) -> float:
    """The width of a box to write into: more than the answer takes in print."""
    return round(min(max(NARROWEST, 1.8 * width(node.answer)), WIDEST))


def _between(before: m.Math, after: m.Math) -> float:
    return DOT if isinstance(before, m.Derivative) and isinstance(after, m.Derivative) else SPACE


def _within(node: m.Math, least: int) -> float:
    return width(node) + (2 * BRACKET if level(node) < least else 0)


def _function(name: str) -> float:
    return LETTER * (1 if name in ("logistic", "exp") else len(name))


def _name(node: m.Name) -> float:
    named = parts(node.base)
    own = LETTER if named.is_letter or len(named.root) == 1 else 0.53 * len(named.root)
    below = 0.45 * len(named.subscript) + SMALL * sum(width(i) + 0.1 for i in node.indices)
    return own + 0.3 * named.primes + max(below, 1.0 if node.layer else 0)
