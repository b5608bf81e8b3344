"""Written mathematics as one line of Unicode for a terminal, one function for each node of `symbp.explain.mathematics`.

Indices are subscripts where Unicode has all the letters they need (`Wᵢⱼ`), else brackets (`w[o,c,u,v]`).
"""

from __future__ import annotations

from functools import singledispatch

from symbp.explain import levels
from symbp.explain import mathematics as m
from symbp.explain.identifiers import GREEK, parts
from symbp.explain.typography import are_letters, factors
from symbp.targets.text.braces import braced
from symbp.targets.text.symbols import (
    ACCENTS,
    BLANK,
    FUNCTIONS,
    GLYPHS,
    OPERATORS,
    PRODUCTS,
    SIGNS,
    SUBSCRIPTS,
    SUPERSCRIPTS,
)


def write(node: m.Math) -> str:
    """The mathematics as Unicode text on one line."""
    return _write(node)


def level(node: m.Math) -> int:
    """How strongly a node binds on one line: a fraction is a division there."""
    if isinstance(node, m.Shaped):
        return level(node.body)
    return levels.PRODUCT if isinstance(node, m.Fraction | m.Derivative) else levels.level(node)


@singledispatch
def _write(node: m.Math) -> str:
    raise TypeError(f"no text for {type(node).__name__}")


def bracket(node: m.Math, least: int) -> str:
    """The node, in brackets where it binds less than `least`."""
    return f"({_write(node)})" if level(node) < least else _write(node)


def _lowered(text: str) -> str | None:
    """The text as Unicode subscripts, where every character has one."""
    return "".join(SUBSCRIPTS[c] for c in text) if all(c in SUBSCRIPTS for c in text) else None


def _word(text: str) -> str:
    return GREEK.get(text, text)


@_write.register
def _(node: m.Number) -> str:
    return _word(node.text)


@_write.register
def _(node: m.Name) -> str:
    named = parts(node.base)
    text = _word(named.root) + ACCENTS.get(named.accent, "")
    if named.subscript:
        lowered = _lowered(named.subscript) if len(named.subscript) == 1 else None
        text += lowered or f"_{named.subscript}"
    text += "′" * named.primes
    text += _layer(node)
    if not node.indices:
        return text
    return text + (f"[{','.join(map(_write, node.indices))}]" if named.subscript else _indices(node.indices))


def _layer(node: m.Name) -> str:
    """The number of a layer as a superscript, or after a sign for one: there are no brackets among superscripts."""
    raised = all(c in SUPERSCRIPTS for c in node.marked)
    return "".join(SUPERSCRIPTS[c] for c in node.marked) if raised else f"^{node.marked}"


def _indices(items: tuple[m.Math, ...]) -> str:
    written = [_write(i) for i in items]
    lowered = _lowered("".join(written).replace("′", "'")) if are_letters(items) else None
    return lowered or f"[{','.join(written)}]"


@_write.register
def _(node: m.Sum) -> str:
    text = ""
    for sign, term in node.terms:
        plus = " + " if text else ""
        text += (plus if sign > 0 else " − " if text else "−") + bracket(term, levels.PRODUCT)
    return text


@_write.register
def _(node: m.Product) -> str:
    pieces: list[str] = []
    for factor, enclosed in factors(node):
        divided = isinstance(factor, m.Fraction) and pieces
        pieces.append(f"({_write(factor)})" if enclosed or divided else _write(factor))
    return PRODUCTS[node.kind].join(pieces)


@_write.register
def _(node: m.Fraction) -> str:
    above = f"({_write(node.above)})" if isinstance(node.above, m.Over) else bracket(node.above, levels.PRODUCT)
    below = bracket(node.below, levels.POWER)
    return f"{above}/{below}"


@_write.register
def _(node: m.Power) -> str:
    base = bracket(node.base, levels.ATOM)
    raised = _write(node.exponent)
    if raised.removeprefix("−").isdigit():
        return base + "".join(SUPERSCRIPTS[c] for c in raised.replace("−", "-"))
    return f"{base}^{bracket(node.exponent, levels.ATOM)}"


@_write.register
def _(node: m.Root) -> str:
    return f"√{_write(node.body)}" if isinstance(node.body, m.Name | m.Number) else f"√({_write(node.body)})"


@_write.register
def _(node: m.Call) -> str:
    name = FUNCTIONS.get(node.function, node.function)
    return f"{name}({', '.join(map(_write, node.arguments))})" if node.arguments else name


@_write.register
def _(node: m.Bars) -> str:
    return f"|{_write(node.body)}|" if node.kind == "absolute" else f"⌊{_write(node.body)}⌋"


@_write.register
def _(node: m.Over) -> str:
    each = [_indices((index,)) for index in node.bound]
    if len(each) == 1 or (node.operator == "sum" and not any("[" in index for index in each)):
        head = " ".join(OPERATORS[node.operator] + index for index in each)
    else:
        head = f"{OPERATORS[node.operator]}[{','.join(map(_write, node.bound))}]"
    return head if node.is_alone else f"{head} {bracket(node.body, levels.PRODUCT)}"


@_write.register
def _(node: m.Component) -> str:
    return f"({_write(node.body)}){_indices(node.indices)}"


@_write.register
def _(node: m.Cases) -> str:
    rows = [f"{_write(v)} {node.when} {_write(c)}" if c else f"{_write(v)} {node.otherwise}" for v, c in node.rows]
    return "{ " + "; ".join(rows) + " }"


@_write.register
def _(node: m.Relation) -> str:
    text = _write(node.operands[0])
    for sign, operand in zip(node.signs, node.operands[1:], strict=True):
        text += f" {SIGNS[sign]} {_write(operand)}"
    return text


@_write.register
def _(node: m.Logic) -> str:
    word = node.word or node.operator
    if node.operator == "not":
        return f"{word} ({_write(node.operands[0])})"
    return f" {word} ".join(f"({_write(o)})" if isinstance(o, m.Logic) else _write(o) for o in node.operands)


@_write.register
def _(node: m.Indicator) -> str:
    return f"𝟙[{_write(node.condition)}]"


@_write.register
def _(node: m.Derivative) -> str:
    if node.twice:
        of, by = node.twice
        return f"∂²{bracket(of, levels.ATOM)}/{''.join(f'∂{_write(b)}' for b in by)}"
    return f"∂{bracket(node.of, levels.ATOM)}/∂{_write(node.by)}"


@_write.register
def _(node: m.Differential) -> str:
    return f"d{_write(node.by)}"


@_write.register
def _(node: m.Nabla) -> str:
    by = _write(node.by)
    return f"∇{_lowered(by) or f'[{by}]'} {bracket(node.of, levels.ATOM)}"


@_write.register
def _(node: m.Slope) -> str:
    return f"{FUNCTIONS.get(node.function, node.function)}′({_write(node.argument)})"


@_write.register
def _(node: m.Held) -> str:
    return f"({_write(node.body)} {node.at} {', '.join(map(_write, node.fixed))})"


@_write.register
def _(node: m.Tuple) -> str:
    return f"⟨{','.join(map(_write, node.items))}⟩"


@_write.register
def _(node: m.Transposed) -> str:
    return f"{bracket(node.body, levels.ATOM)}ᵀ"


@_write.register
def _(node: m.Shaped) -> str:
    return braced(_write(node.body), "×".join(bracket(size, levels.POWER).replace(" ", "") for size in node.shape))


@_write.register
def _(node: m.Ones) -> str:
    return "𝟏"


@_write.register
def _(node: m.Words) -> str:
    return node.text


@_write.register
def _(node: m.Blank) -> str:
    return f"[{node.number} {BLANK}]"


@_write.register
def _(node: m.Glyph) -> str:
    return GLYPHS[node.text]


@_write.register
def _(node: m.Row) -> str:
    return " ".join(filter(None, map(_write, node.pieces))).replace("( ", "(").replace(" )", ")")
