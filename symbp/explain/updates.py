"""The update equations: learning rate, clipping, optimizer, each with the values of its hyperparameters."""

from __future__ import annotations

from symbp.explain import mathematics as m
from symbp.explain.asked import asked
from symbp.explain.document import Code, Display, Heading, Inline, Paragraph, Part
from symbp.explain.naming import Naming
from symbp.explain.notation import valued, write
from symbp.explain.view import Update, View
from symbp.formula.expression import SumOver

RATE = "eta"
STEP = "t"


class _Whole(Naming):
    """Names tensors without their indices: an update acts on every entry alike."""

    def tensor(self, name: str, indices: tuple[m.Math, ...] = (), *, matrix: bool = False) -> m.Math:
        return super().tensor(name, ())


def updates(view: View) -> list[Part]:
    """What one step of training does to every parameter; nothing where no update is given."""
    if not view.updates:
        return []
    gradient = m.Relation((m.Name("g"), m.Derivative(view.cost, m.Name("w"))), ("=",))
    parts: list[Part] = [
        Heading(1, view.say("update.heading")),
        Paragraph(view.say("update.opening", w=m.Name("w"), gradient=gradient)),
    ]
    for update in view.updates:
        parts.extend(_update(view, update))
    return parts


def _update(view: View, update: Update) -> list[Part]:
    formula = update.formula
    elementwise = not any(e.body.has(SumOver) for e in formula.equations)
    naming = _Whole() if elementwise else Naming()
    lines = tuple(m.Line(write(e.target, naming), write(e.body, naming), "<-") for e in formula.equations)
    values = {name: update.values[name] for name in formula.scalars if name in update.values}
    equal = [valued(m.Name(name), value) for name, value in values.items()]
    said: Inline = (Code(formula.name),)
    if values:
        said = view.say("update.values", name=said, values=view.language.listed(equal, last="list.comma"))
    if formula.source:
        said = view.say("update.source", name=said, source=formula.source)
    is_rate = any(e.target.tensor == RATE for e in formula.equations)
    if is_rate:
        said = view.say("update.rate", name=said)
    parts: list[Part] = [Paragraph(view.say("update.row", name=said)), Display(lines)]
    if is_rate:
        return parts
    begins = _begins(view, update, naming)
    return [*asked(parts), *([Paragraph(begins)] if begins else [])]


def _begins(view: View, update: Update, naming: Naming) -> Inline:
    """What its states are before the first step, and how steps are counted; nothing where it has neither."""
    starts = [valued(naming.tensor(name), value) for name, value in update.starts.items()]
    said = [view.say("update.start", values=view.language.listed(starts))] if starts else []
    if any(
        STEP in update.formula.scalars and e.body.has(update.formula.scalars[STEP]) for e in update.formula.equations
    ):
        said.append(view.say("update.count", t=m.Name(STEP)))
    return view.language.sentences(said)
