"""What every section of an explanation looks at: the derivation, the blocks shown, the letters, the numbers."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from symbp.derive.derivation import Derivation, FormulaDerivation
from symbp.errors import UserError
from symbp.explain.choices import Choices, Level
from symbp.explain.document import Computed, Inline, Module
from symbp.explain.naming import Letter, Naming, network_letters, of_block, stepwise
from symbp.explain.numbering import Place, numbering, step_numbers
from symbp.explain.shares import Share, shares_of
from symbp.explain.words.language import Filling, Language
from symbp.explain.words.languages import LANGUAGES
from symbp.formula.equation import Formula
from symbp.forward.network import Block


@dataclass(frozen=True)
class Update:
    """Equations of a step of training, a row's of schedule, clipping or optimizer, and the values of its scalars."""

    formula: Formula
    values: Mapping[str, float]


@dataclass(frozen=True)
class View:
    """A derivation and how it is shown. `blocks` are those shown, in order; `complete` says that they are all."""

    derivation: Derivation
    blocks: tuple[Block, ...]
    letters: Mapping[str, Letter]
    numbers: Mapping[Place, int]
    complete: bool
    language: Language
    level: Level
    updates: tuple[Update, ...] = ()
    module: Module | None = None

    def say(self, phrase: str, /, **places: Filling) -> Inline:
        """A phrase of the document's language."""
        return self.language.say(phrase, **places)

    def naming(self, block: Block) -> Naming:
        """The letters of a formula's tensors where this block uses it."""
        return of_block(block, self.letters, self.stepwise(block.formula.name))

    def stepwise(self, formula: str) -> frozenset[str]:
        """The tensors of a formula, and cotangents, that are computed step by step."""
        return self._stepwise.get(formula, frozenset())

    @cached_property
    def _stepwise(self) -> Mapping[str, frozenset[str]]:
        derived = self.derivation.formulas
        return {n: stepwise(d.formula.equations, (g.equation for g in d.backward)) for n, d in derived.items()}

    def computed(self, block: Block, *tensors: str) -> Computed:
        """Where code computes these tensors of the block's formula, cotangents among them."""
        numbers = ((block.name, self._quoted.get((block.formula.name, tensor), 0)) for tensor in tensors)
        return tuple(dict.fromkeys(each for each in numbers if each[1]))

    @cached_property
    def _quoted(self) -> Mapping[tuple[str, str], int]:
        return step_numbers(self.derivation)

    def shows(self, block: str) -> bool:
        """Whether a block of this name is shown, or belongs to one that is."""
        return any(block == each.name for each in self.blocks)

    @cached_property
    def _shares(self) -> Mapping[str, tuple[Share, ...]]:
        return shares_of(self.derivation)

    @cached_property
    def _makers(self) -> Mapping[str, Block]:
        made = ("output", "intermediate")
        blocks = self.derivation.network.blocks
        return {
            b.binding[t.name]: b
            for b in blocks
            for t in b.formula.tensors.values()
            if t.role in made and t.name in b.binding
        }

    def shares(self, tensor: str) -> tuple[Share, ...]:
        """What each reading of a tensor adds to its cotangent; nothing for a tensor behind which no parameter lies."""
        return self._shares.get(tensor, ())

    def maker(self, tensor: str) -> Block | None:
        """The block that computes a tensor of the network; None for its inputs and parameters."""
        return self._makers.get(tensor)

    def formulas(self) -> tuple[FormulaDerivation, ...]:
        """The derivations of the formulas that the blocks shown use, in order of first use."""
        shown = {each.formula.name for block in self.blocks for each in (block, block.inference, block.update) if each}
        return tuple(d for name, d in self.derivation.formulas.items() if self.complete or name in shown)

    def users(self, formula: str) -> tuple[str, ...]:
        """The names of the blocks that use a formula, those of the link last."""
        network = self.derivation.network
        blocks = [(b.name, each) for b in (*network.blocks, *network.link) for each in (b, b.inference, b.update)]
        names = (name for name, each in blocks if each and each.formula.name == formula)
        return tuple(dict.fromkeys(names))


def view_of(
    derivation: Derivation, choices: Choices, updates: Sequence[Update] = (), module: Module | None = None
) -> View:
    """The whole derivation, or the part of it that belongs to the layer chosen.

    Raises UserError for a layer that the network does not have.
    """
    blocks = derivation.network.blocks
    layer = choices.layer
    if layer is not None:
        blocks = tuple(b for b in blocks if b.name == layer)
        if not blocks:
            raise UserError(_unknown(layer, [b.name for b in derivation.network.blocks]))
    return View(
        derivation,
        blocks,
        network_letters(derivation.network),
        numbering(derivation),
        layer is None,
        LANGUAGES[choices.language],
        choices.level,
        tuple(updates),
        module,
    )


def _unknown(layer: str, valid: list[str]) -> str:
    near = difflib.get_close_matches(layer, valid, 1, cutoff=0.0)
    hint = f"; did you mean `{near[0]}`?" if near else "."
    return f"the network has no layer `{layer}`{hint} Its layers are {', '.join(f'`{n}`' for n in valid)}."
