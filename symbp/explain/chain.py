"""The article's chain rule with its three factors, for every layer whose parameters multiply or add to its output.

    ∂C/∂w = ∂C/∂a · ∂a/∂z · ∂z/∂w

Each factor is read off a gradient that was derived: ∂z/∂w off the weighing layer's, ∂a/∂z off the activation's,
∂C/∂a off what reads the activation. A factor is a gradient divided by the cotangent in it; where that leaves no
cotangent out (softmax couples its neurons) or the activation was joined with the cost, the first two factors are
found together, as the error δ.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from symbp.derive.derivation import Gradient
from symbp.explain import mathematics as m
from symbp.explain.asked import asked
from symbp.explain.document import Code, Display, Heading, Inline, Paragraph, Part
from symbp.explain.forward import index_form
from symbp.explain.layout import COTANGENT
from symbp.explain.naming import WEIGHTED_INPUT
from symbp.explain.notation import write
from symbp.explain.shares import Share, names, summed
from symbp.explain.view import View
from symbp.formula.equation import Equation
from symbp.formula.expression import Element, SumOver, elements
from symbp.forward.network import Block


@dataclass(frozen=True)
class _Weighing:
    """A gradient of the form sum[bound](cotangent * factor): the parameter's, of a block that weighs its inputs."""

    block: Block
    gradient: Gradient
    cotangent: Element
    factor: sp.Expr
    bound: tuple[sp.Symbol, ...]


def chain(view: View) -> list[Part]:
    """The three factors for the weights and the bias of every block that has them."""
    parts: list[Part] = []
    for block in view.blocks:
        weighings = _weighings(view, block)
        if weighings:
            parts.extend(_layer(view, weighings))
    if not parts:
        return []
    opening: list[Part] = [
        Heading(1, view.say("chain.heading")),
        Paragraph(view.say("chain.opening", factors=_three_factors(view.cost))),
    ]
    return opening + parts


def _three_factors(c: m.Name) -> m.Math:
    w, a, z = m.Name("w"), m.Name("a"), m.Name("z")
    product = m.Product((m.Derivative(c, a), m.Derivative(a, z), m.Derivative(z, w)))
    return m.Relation((m.Derivative(c, w), product), ("=",))


def _weighings(view: View, block: Block) -> list[_Weighing]:
    """The parameters of a block whose gradient is the output's cotangent times a factor, summed."""
    found = []
    output = f"{COTANGENT}{block.formula.output.name}"
    roles = {t.name: t.role for t in block.formula.tensors.values()}
    for gradient in view.derivation.of(block).backward:
        body = gradient.equation.body
        if roles.get(gradient.tensor) != "parameter" or not isinstance(body, SumOver):
            continue
        reads = [e for e in elements(body) if e.tensor.startswith(COTANGENT)]
        if len(reads) == 1 and reads[0].tensor == output:
            factor = body.body / reads[0]
            if not factor.has(*reads):
                found.append(_Weighing(block, gradient, reads[0], factor, body.bound))
    return found


def _layer(view: View, weighings: list[_Weighing]) -> list[Part]:
    block = weighings[0].block
    parts: list[Part] = [Heading(2, (Code(block.name),))]
    z = weighings[0].cotangent
    output = block.binding[block.formula.output.name]
    shares = view.shares(output)
    activation = shares[0].block if len(shares) == 1 else None
    slope = _slope(shares[0], z) if activation else None
    shown = activation if slope is not None else None
    parts.append(Display(tuple(_chain_line(view, weighing, shown) for weighing in weighings)))
    parts.extend(_beside(view, weighings))
    parameters = [view.naming(block).tensor(weighing.gradient.tensor) for weighing in weighings]
    listed = view.language.listed(parameters)
    parts.append(Paragraph(view.say("chain.weighted", output=_called(view, z), parameters=listed)))
    lines = (m.Line(_last_factor(view, weighing), _math(view, block, weighing.factor)) for weighing in weighings)
    parts.append(Display(tuple(lines)))
    if activation is not None and slope is not None:
        parts.extend(_activation(view, shares[0], slope, z))
    else:
        parts.extend(_cost(view, shares, z, joint=True))
    parts.append(Paragraph(view.say("chain.together")))
    parts.append(Display(tuple(_found(view, w) for w in weighings)))
    return list(asked(parts, after=0 if view.level == "full" else 2))


def _called(view: View, cotangent: Element) -> Inline:
    """What a block's output is: a layer of neurons weighs its inputs, others scale, look up or mix."""
    weighs = cotangent.tensor == f"{COTANGENT}{WEIGHTED_INPUT}"
    return view.say("chain.input") if weighs else view.say("chain.output")


def _math(view: View, block: Block, expression: sp.Expr) -> m.Math:
    return write(expression, view.naming(block))


def _line(view: View, block: Block, equation: Equation) -> m.Line:
    return index_form(equation, view.naming(block))


def _weight(weighing: _Weighing) -> Element:
    return _element(weighing.gradient.tensor, weighing.gradient.equation.target.indices)


def _weighted(weighing: _Weighing) -> Element:
    name = weighing.cotangent.tensor[len(COTANGENT) :]
    return _element(name, weighing.cotangent.indices)


def _element(name: str, indices: tuple[sp.Expr, ...]) -> Element:
    return Element(sp.Symbol(name, real=True), *indices)


def _last_factor(view: View, weighing: _Weighing) -> m.Math:
    block = weighing.block
    return m.Derivative(_math(view, block, _weighted(weighing)), _math(view, block, _weight(weighing)))


def _chain_line(view: View, weighing: _Weighing, activation: Block | None) -> m.Line:
    """∂C/∂w as a sum over the batch of three factors, or of two where the first two are found together."""
    block = weighing.block
    c, z = view.naming(block).cost, _math(view, block, _weighted(weighing))
    first: tuple[m.Math, ...] = (m.Derivative(c, z),)
    if activation is not None:
        a = _math(view, activation, _element(activation.formula.output.name, weighing.cotangent.indices))
        first = (m.Derivative(c, a), m.Derivative(a, z))
    product = m.Product((*first, _last_factor(view, weighing)))
    bound = tuple(m.Name(i.name) for i in weighing.bound if not view.naming(block).layout.hides(i.name))
    through = m.Over("sum", bound, product) if bound else product
    right = summed([through], more=bool(_others(view, weighing)))
    return m.Line(m.Derivative(c, _math(view, block, _weight(weighing))), right)


def _found(view: View, weighing: _Weighing) -> m.Line:
    equation, block, others = weighing.gradient.equation, weighing.block, _others(view, weighing)
    beside = [(share, at) for share in others if (at := share.at(equation.target.indices))]
    found = _line(view, block, equation)
    rights = [found.right, *(_line(view, s.block, e).right for s, e in beside)]
    return m.Line(found.left, summed(rights, more=len(beside) < len(others)))


def _slope(share: Share, z: Element) -> sp.Expr | None:
    """∂a/∂z where the activation's gradient is ∂C/∂a at the same element times something without cotangents."""
    equation = share.at(z.indices)
    if equation is None:
        return None
    output = f"{COTANGENT}{share.block.formula.output.name}"
    reads = [e for e in elements(equation.body) if e.tensor.startswith(COTANGENT)]
    if len(reads) != 1 or reads[0].tensor != output or reads[0].indices != z.indices:
        return None
    slope = equation.body / reads[0]
    return None if slope.has(reads[0]) else slope


def _activation(view: View, reading: Share, slope: sp.Expr, z: Element) -> list[Part]:
    """The factor ∂a/∂z, and the factor ∂C/∂a from whatever reads the activation; z is what was read, of all inputs."""
    activation = reading.block
    naming = view.naming(activation)
    of = write(_element(activation.formula.output.name, z.indices), naming)
    by = write(_element(reading.gradient.tensor, z.indices), naming)
    parts: list[Part] = [
        Paragraph(view.say("chain.activation", output=_called(view, z), activation=Code(activation.name))),
        Display((m.Line(m.Derivative(of, by), write(slope, naming)),)),
    ]
    output = activation.binding[activation.formula.output.name]
    return [*parts, *_cost(view, view.shares(output), z, joint=False)]


def _cost(view: View, shares: tuple[Share, ...], z: Element, *, joint: bool) -> list[Part]:
    """How the cost changes with the activation, or the two first factors `joint`: what its readers give, added up."""
    found = [(share, equation) for share in shares if (equation := share.at(z.indices))]
    if not found:
        return []
    share, equation = found[0]
    rights = [_line(view, s.block, e).right for s, e in found]
    line = m.Line(_line(view, share.block, equation).left, summed(rights, more=len(found) < len(shares)))
    blocks = view.language.listed(map(Code, names(shares)))
    both = view.say("chain.cost_joint", output=_called(view, z), blocks=blocks)
    return [Paragraph(both if joint else view.say("chain.cost", blocks=blocks)), Display((line,))]


def _others(view: View, weighing: _Weighing) -> tuple[Share, ...]:
    """What other readings of the parameter add to its gradient: a penalty's, for one."""
    mine = Share(weighing.block, weighing.gradient)
    return tuple(s for s in view.shares(weighing.block.binding[weighing.gradient.tensor]) if not s.same(mine))


def _beside(view: View, weighings: list[_Weighing]) -> list[Part]:
    """What the dots in the chain rule stand for, where there are any."""
    others = names(share for weighing in weighings for share in _others(view, weighing))
    blocks = view.language.listed(map(Code, others))
    return [Paragraph(view.say("chain.dots", blocks=blocks))] if others else []
