"""The article's chain rule with its three factors, for every layer that weighs its inputs.

    ∂C/∂w = ∂C/∂a · ∂a/∂z · ∂z/∂w

Each factor is read off a gradient that was derived: ∂z/∂w off the weighing layer's, ∂a/∂z off the activation's,
∂C/∂a off what reads the activation. A factor is a gradient divided by the cotangent in it; where that leaves no
cotangent out (softmax couples its neurons) or the activation was joined with the cost, the first two factors are
found together, as the error δ.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import sympy as sp

from symbp.derive.derivation import Gradient
from symbp.explain import mathematics as m
from symbp.explain.document import Code, Display, Heading, Paragraph, Part
from symbp.explain.naming import COST, COTANGENT, Naming
from symbp.explain.notation import write
from symbp.explain.view import View
from symbp.formula.equation import Equation
from symbp.formula.expression import Element, SumOver, elements
from symbp.formula.indices import Names, bound_indices, rename_bound
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
        Heading(1, ("The chain rule, layer by layer",)),
        Paragraph(
            (
                "A weight changes the cost through the weighted input of its neuron, that through the neuron’s "
                "activation: ", _three_factors(), ".",
            )
        ),
    ]  # fmt: skip
    return opening + parts


def _three_factors() -> m.Math:
    c, w, a, z = m.Name(COST), m.Name("w"), m.Name("a"), m.Name("z")
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
    readers = view.readers(output)
    activation = readers[0] if len(readers) == 1 else None
    slope = _slope(view, activation, output, z) if activation else None
    shown = activation if slope is not None else None
    parts.append(Display(tuple(_chain_line(view, weighing, shown) for weighing in weighings)))
    parts.append(Paragraph(("How the weighted input changes with ", *_listed(view, weighings), ":")))
    lines = (m.Line(_last_factor(view, weighing), _math(view, block, weighing.factor)) for weighing in weighings)
    parts.append(Display(tuple(lines)))
    if activation is not None and slope is not None:
        parts.extend(_activation(view, activation, slope, z))
    else:
        for reader in readers:
            parts.extend(_cost(view, reader, output, z, "the weighted input (its first two factors in one)"))
    parts.append(Paragraph(("Together:",)))
    parts.append(Display(tuple(_found(view, w) for w in weighings)))
    return parts


def _math(view: View, block: Block, expression: sp.Expr) -> m.Math:
    return write(expression, view.naming(block))


def _listed(view: View, weighings: list[_Weighing]) -> list[str | m.Math | Code]:
    pieces: list[str | m.Math | Code] = []
    for weighing in weighings:
        pieces.extend([" and " if pieces else "", view.naming(weighing.block).tensor(weighing.gradient.tensor)])
    return pieces


def _weight(weighing: _Weighing) -> Element:
    return Element(sp.Symbol(weighing.gradient.tensor, real=True), *weighing.gradient.equation.target.indices)


def _weighted(weighing: _Weighing) -> Element:
    name = weighing.cotangent.tensor[len(COTANGENT) :]
    return Element(sp.Symbol(name, real=True), *weighing.cotangent.indices)


def _last_factor(view: View, weighing: _Weighing) -> m.Math:
    block = weighing.block
    return m.Derivative(_math(view, block, _weighted(weighing)), _math(view, block, _weight(weighing)))


def _chain_line(view: View, weighing: _Weighing, activation: Block | None) -> m.Line:
    """∂C/∂w as a sum over the batch of three factors, or of two where the first two are found together."""
    block = weighing.block
    c, z = m.Name(COST), _math(view, block, _weighted(weighing))
    first: tuple[m.Math, ...] = (m.Derivative(c, z),)
    if activation is not None:
        a = view.naming(activation).tensor(
            activation.formula.output.name, tuple(write(i, Naming()) for i in weighing.cotangent.indices)
        )
        first = (m.Derivative(c, a), m.Derivative(a, z))
    product = m.Product((*first, _last_factor(view, weighing)))
    bound = tuple(m.Name(i.name) for i in weighing.bound)
    return m.Line(m.Derivative(c, _math(view, block, _weight(weighing))), m.Over("sum", bound, product))


def _found(view: View, weighing: _Weighing) -> m.Line:
    equation = weighing.gradient.equation
    block = weighing.block
    return m.Line(_math(view, block, equation.target), _math(view, block, equation.body))


def _gradient_at(view: View, block: Block, tensor: str, indices: tuple[sp.Expr, ...]) -> Equation | None:
    """The block's gradient by a tensor of the network that it reads, at the given indices."""
    local = next((t.name for t in block.formula.tensors.values() if block.binding.get(t.name) == tensor), "")
    for gradient in view.derivation.of(block).backward:
        if gradient.tensor == local:
            return _relabelled(gradient.equation, indices)
    return None


def _relabelled(equation: Equation, indices: tuple[sp.Expr, ...]) -> Equation | None:
    """The equation with other free indices, bound ones renamed out of their way; None where that cannot be said."""
    old = equation.target.indices
    if old == indices:
        return equation
    if len(old) != len(indices) or any(not i.is_Symbol for i in (*old, *indices)):
        return None
    return _moved(equation.target, equation.body, indices)


@lru_cache(maxsize=256)
def _moved(target: Element, body: sp.Expr, indices: tuple[sp.Symbol, ...]) -> Equation:
    sizes = {i: i for i in bound_indices(body)}  # only names matter here
    renamed = rename_bound(body, Names([i.name for i in (*indices, *target.indices)]), sizes)
    moved = dict(zip(target.indices, indices, strict=True))
    return Equation(target.xreplace(moved), renamed.xreplace(moved), {})


def _slope(view: View, activation: Block, tensor: str, z: Element) -> sp.Expr | None:
    """∂a/∂z where the activation's gradient is ∂C/∂a at the same element times something without cotangents."""
    equation = _gradient_at(view, activation, tensor, z.indices)
    if equation is None:
        return None
    output = f"{COTANGENT}{activation.formula.output.name}"
    reads = [e for e in elements(equation.body) if e.tensor.startswith(COTANGENT)]
    if len(reads) != 1 or reads[0].tensor != output or reads[0].indices != z.indices:
        return None
    slope = equation.body / reads[0]
    return None if slope.has(reads[0]) else slope


def _activation(view: View, activation: Block, slope: sp.Expr, z: Element) -> list[Part]:
    """The factor ∂a/∂z, and the factor ∂C/∂a from whatever reads the activation."""
    naming = view.naming(activation)
    local = activation.formula.with_role("input")[0].name
    indices = tuple(write(i, Naming()) for i in z.indices)
    of = naming.tensor(activation.formula.output.name, indices)
    parts: list[Part] = [
        Paragraph(("How the activation changes with the weighted input (", Code(activation.name), "):")),
        Display((m.Line(m.Derivative(of, naming.tensor(local, indices)), write(slope, naming)),)),
    ]
    output = activation.binding[activation.formula.output.name]
    for reader in view.readers(output):
        parts.extend(_cost(view, reader, output, z, "the activation"))
    return parts


def _cost(view: View, reader: Block, tensor: str, z: Element, what: str) -> list[Part]:
    """How the cost changes with a tensor, through one block that reads it."""
    equation = _gradient_at(view, reader, tensor, z.indices)
    if equation is None:
        return []
    naming = view.naming(reader)
    line = m.Line(write(equation.target, naming), write(equation.body, naming))
    return [Paragraph((f"How the cost changes with {what}, through ", Code(reader.name), ":")), Display((line,))]
