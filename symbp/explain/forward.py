"""The forward pass of the network, block by block: in index form, and between matrices where it has such a form."""

from __future__ import annotations

from symbp.explain import mathematics as m
from symbp.explain.document import Code, Display, Heading, Paragraph, Part
from symbp.explain.matrix import matrix_form
from symbp.explain.naming import COST, Naming
from symbp.explain.notation import write
from symbp.explain.view import View
from symbp.formula.equation import Equation
from symbp.forward.network import Block

WORDS = {"uniform": "drawn from [0, 1) anew for every step", "normal": "drawn anew for every step, normal"}


def forward(view: View) -> list[Part]:
    """Every block's equations with the network's tensors."""
    parts: list[Part] = [Heading(1, ("Forward pass",))]
    for block in view.blocks:
        naming = view.naming(block)
        parts.append(Paragraph((Code(block.name), ":")))
        parts.append(Display(tuple(line for e in block.formula.equations for line in both_forms(e, naming))))
        parts.extend(_of_modes(view, block))
    costs = view.derivation.network.costs
    if view.complete and len(costs) > 1:
        letters = (view.letters[cost] for cost in costs)
        total = m.Sum(tuple((1, m.Name(letter.base, layer=letter.layer)) for letter in letters))
        parts.extend((Paragraph(("The cost is the sum:",)), Display((m.Line(m.Name(COST), total),))))
    return parts


def _of_modes(view: View, block: Block) -> list[Part]:
    """What the block is in inference, and what is drawn in training."""
    if block.inference is None:
        return []
    naming = view.naming(block.inference)
    lines = tuple(line for e in block.inference.formula.equations for line in both_forms(e, naming))
    drawn: list[str | m.Math | Code] = ["That is in training"]
    for tensor in block.formula.with_role("random"):
        letter = view.letters[block.binding[tensor.name]]
        drawn.extend([", with ", m.Name(letter.base, layer=letter.layer), f" {WORDS[tensor.distribution]}"])
    return [Paragraph((*drawn, ". In inference:")), Display(lines)]


def index_form(equation: Equation, naming: Naming) -> m.Line:
    """The equation as it stands, in index notation."""
    return m.Line(write(equation.target, naming), write(equation.body, naming))


def both_forms(equation: Equation, naming: Naming) -> list[m.Line]:
    """The equation in index notation, and between matrices where it has such a form."""
    matrix = matrix_form(equation, naming)
    return [index_form(equation, naming), *([matrix] if matrix else [])]
