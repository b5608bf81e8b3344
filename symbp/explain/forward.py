"""The forward pass of the network, block by block: in index form, and between matrices where it has such a form."""

from __future__ import annotations

from dataclasses import replace

from symbp.explain import mathematics as m
from symbp.explain.document import Display, Heading, Inline, Link, Paragraph, Part
from symbp.explain.matrix import matrix_form
from symbp.explain.naming import Naming
from symbp.explain.notation import valued, write
from symbp.explain.view import View
from symbp.formula.equation import Equation
from symbp.forward.network import Block


def forward(view: View) -> list[Part]:
    """Every block's equations with the network's tensors."""
    parts: list[Part] = [Heading(1, view.say("forward.heading"))]
    for block in view.blocks:
        naming = view.naming(block)
        said = view.say("forward.block", block=Link(block.name, f"formula {block.formula.name}"))
        parts.append(Paragraph(said, f"layer {block.name}"))
        lines = tuple(line for e in block.formula.equations for line in both_forms(e, naming))
        parts.append(Display(lines, view.computed(block, *(e.target.tensor for e in block.formula.equations))))
        parts.extend(_of_modes(view, block))
    costs = view.derivation.network.costs
    if view.complete and len(costs) > 1:
        total = m.Sum(tuple((1, view.whole.tensor(cost)) for cost in costs))
        parts.extend((Paragraph(view.say("forward.sum")), Display((m.Line(view.cost, total),))))
    return parts


def _of_modes(view: View, block: Block) -> list[Part]:
    """What the block is in inference, what is drawn in training, and what a step does to its states."""
    parts: list[Part] = []
    if block.inference:
        drawn = [
            view.say(f"forward.{t.distribution}", tensor=view.naming(block).tensor(t.name))
            for t in block.formula.with_role("random")
        ]
        listed = view.language.listed(drawn, last="forward.drawn", between="forward.drawn")
        said = view.say("forward.drawing", drawn=listed) if drawn else view.say("forward.training")
        parts += [Paragraph(said), Display(_lines(view, block.inference))]
    if block.update:
        lines = tuple(replace(line, sign="<-") for line in _lines(view, block.update))
        parts += [Paragraph(view.say("forward.state", values=_starts(view, block.update))), Display(lines)]
    return parts


def _starts(view: View, update: Block) -> Inline:
    """What the states of a block are before the first step."""
    initial = {state.name: state.initial for state in view.derivation.network.states}
    naming = view.naming(update)
    states = ((t.name, initial[update.binding[t.name]]) for t in update.formula.with_role("state"))
    return view.language.listed(valued(naming.tensor(name), value) for name, value in states)


def _lines(view: View, block: Block) -> tuple[m.Line, ...]:
    """The equations in index notation."""
    return tuple(index_form(e, view.naming(block)) for e in block.formula.equations)


def index_form(equation: Equation, naming: Naming) -> m.Line:
    """The equation as it stands, in index notation."""
    equation = naming.layout.equation(equation)
    return m.Line(write(equation.target, naming), write(equation.body, naming))


def both_forms(equation: Equation, naming: Naming) -> list[m.Line]:
    """The equation in index notation, and between matrices where it has such a form."""
    matrix = matrix_form(equation, naming)
    return [index_form(equation, naming), *([matrix] if matrix else [])]
