"""The lines of the generated module that a formula became: those of one block that uses it, by number."""

from __future__ import annotations

from collections.abc import Collection

from symbp.explain.document import Code, Listing, Module, Paragraph, Part, Passage
from symbp.explain.numbering import SEAM
from symbp.explain.view import View


def listing(view: View, formula: str) -> list[Part]:
    """The passages of the block in which most of the formula is computed; nothing where no module is known."""
    if not isinstance(view.module, Module):
        return []
    network = view.derivation.network
    users = view.users(formula, (*network.blocks, *network.link))
    shown = [block for block in users if view.complete or view.shows(block)]
    numbers = {number for place, number in view.numbers.items() if place[0] != SEAM and place[1] == formula}
    by_block = {block: _passages(view, block, numbers) for block in shown}
    block = max(by_block, key=lambda name: len({passage.number for passage in by_block[name]}), default="")
    if not by_block.get(block):
        return []
    return [Paragraph(view.say("formula.code", block=Code(block))), Listing(by_block[block])]


def _passages(view: View, block: str, numbers: Collection[int]) -> tuple[Passage, ...]:
    """The block's passages that quote these numbers, in order of them, each code once."""
    known = view.module.passages if isinstance(view.module, Module) else ()
    own = sorted((p for p in known if p.block == block and p.number in numbers), key=lambda p: p.number)
    return tuple({(passage.number, passage.code): passage for passage in own}.values())
