"""The outline of an explanation: which sections, in which order."""

from __future__ import annotations

from collections.abc import Sequence

from symbp.derive.derivation import Derivation
from symbp.explain.chain import chain
from symbp.explain.choices import DEFAULTS, Choices
from symbp.explain.document import Document, Module, NoModule
from symbp.explain.formulas import formulas, seams
from symbp.explain.forward import forward
from symbp.explain.opening import opening
from symbp.explain.recursion import recursion
from symbp.explain.updates import updates as update_section
from symbp.explain.view import Update, view_of
from symbp.explain.words.formulas import spoken
from symbp.explain.worksheet import worksheet


def explain(
    derivation: Derivation,
    choices: Choices = DEFAULTS,
    *,
    updates: Sequence[Update] = (),
    module: Module | NoModule | None = None,
) -> Document:
    """The derivation as a document: convention, network, forward pass, chain rule, every step, backward pass, update.

    With a layer chosen, only what belongs to that block; numbers stay those of the whole. `updates` are the equations
    of schedule, clipping and optimizer, in order; `module` is the code that the derivation became, or why there is
    none, which a worksheet does not show.

    Raises UserError for a layer that the network lacks.
    """
    module = None if choices.worksheet else module
    view = view_of(derivation, choices, updates, module)
    title = view.language.text("title", network=derivation.network.name)
    if choices.layer is not None:
        title = view.language.text("title.layer", title=title, layer=choices.layer)
    sections = [opening, forward, chain, seams, formulas, recursion, update_section]
    if view.level == "summary":
        sections = [s for s in sections if s not in (chain, seams)]
    parts = spoken(tuple(part for section in sections for part in section(view)), view.language)
    document = Document(
        title, parts, language=view.language.code, module=module if isinstance(module, Module) else None
    )
    return worksheet(document, view.language) if choices.worksheet else document
