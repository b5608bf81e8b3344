"""The update equations: learning rate, clipping, optimizer, each with the values of its hyperparameters."""

from __future__ import annotations

from symbp.explain import mathematics as m
from symbp.explain.document import Code, Display, Heading, Inline, Paragraph, Part
from symbp.explain.naming import COST, Naming
from symbp.explain.notation import write, write_number
from symbp.explain.view import Update, View
from symbp.formula.expression import SumOver

RATE = "eta"


class _Whole(Naming):
    """Names tensors without their indices: an update acts on every entry alike."""

    def tensor(self, name: str, indices: tuple[m.Math, ...] = (), *, matrix: bool = False) -> m.Math:
        return super().tensor(name, ())


def updates(view: View) -> list[Part]:
    """What one step of training does to every parameter; nothing where no update is given."""
    if not view.updates:
        return []
    gradient = m.Relation((m.Name("g"), m.Derivative(m.Name(COST), m.Name("w"))), ("=",))
    opening: Inline = ("One step of training changes every entry ", m.Name("w"), " of every parameter by its gradient ")
    parts: list[Part] = [Heading(1, ("The update",)), Paragraph((*opening, gradient, "."))]
    for update in view.updates:
        parts.extend(_update(update))
    return parts


def _update(update: Update) -> list[Part]:
    formula = update.formula
    elementwise = not any(e.body.has(SumOver) for e in formula.equations)
    naming = _Whole() if elementwise else Naming()
    lines = tuple(m.Line(write(e.target, naming), write(e.body, naming), "<-") for e in formula.equations)
    said: list[str | m.Math | Code] = [Code(formula.name)]
    values = {name: update.values[name] for name in formula.scalars if name in update.values}
    for place, (name, value) in enumerate(values.items()):
        said.extend([", " if place else " with ", m.Relation((m.Name(name), write_number(value)), ("=",))])
    source = f" ({formula.source})" if formula.source else ""
    if any(e.target.tensor == RATE for e in formula.equations):
        source += ", the learning rate of every step, counted from 0"
    return [Paragraph((*said, f"{source}:")), Display(lines)]
