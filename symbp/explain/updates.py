"""The update equations of the optimizer, with the values of its hyperparameters."""

from __future__ import annotations

from symbp.explain import mathematics as m
from symbp.explain.document import Code, Display, Heading, Paragraph, Part
from symbp.explain.naming import COST, Naming
from symbp.explain.notation import write
from symbp.explain.view import View
from symbp.formula.expression import SumOver


class _Whole(Naming):
    """Names tensors without their indices: an update acts on every entry alike."""

    def tensor(self, name: str, indices: tuple[m.Math, ...] = (), *, matrix: bool = False) -> m.Math:
        return super().tensor(name, ())


def updates(view: View) -> list[Part]:
    """What one step of training does to every parameter; nothing where no optimizer is given."""
    formula = view.optimizer
    if formula is None:
        return []
    elementwise = not any(e.body.has(SumOver) for e in formula.equations)
    naming = _Whole() if elementwise else Naming()
    lines = tuple(m.Line(write(e.target, naming), write(e.body, naming), "<-") for e in formula.equations)
    gradient = m.Relation((m.Name("g"), m.Derivative(m.Name(COST), m.Name("w"))), ("=",))
    parts: list[Part] = [
        Heading(1, ("The update",)),
        Paragraph(
            ("Every entry ", m.Name("w"), " of every parameter, with its gradient ", gradient, ", is updated by ",
             Code(formula.name), ":")
        ),
        Display(lines),
    ]  # fmt: skip
    values: list[str | m.Math | Code] = []
    for name, value in view.hyperparameters.items():
        values.extend([", " if values else "Here ", m.Name(name), f" = {value:g}"])
    if values:
        parts.append(Paragraph((*values, ".")))
    if formula.source:
        parts.append(Paragraph((f"Source: {formula.source}.",)))
    return parts
