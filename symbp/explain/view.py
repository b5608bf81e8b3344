"""What every section of an explanation looks at: the derivation, the blocks shown, the letters, the numbers."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from symbp.derive.derivation import Derivation, FormulaDerivation
from symbp.errors import UserError
from symbp.explain import mathematics as m
from symbp.explain.choices import Choices, Level
from symbp.explain.document import Computed, Inline, Module, NoModule
from symbp.explain.layout import Layout, layout_of, weights_of
from symbp.explain.naming import Letter, Naming, network_letters, of_block, stepwise
from symbp.explain.notations import NOTATIONS, Notation
from symbp.explain.numbering import Place, numbering, step_numbers
from symbp.explain.shares import Share, shares_of
from symbp.explain.words.called import called
from symbp.explain.words.language import Filling, Language
from symbp.explain.words.languages import LANGUAGES
from symbp.formula.equation import Formula
from symbp.formula.examples import is_apart, is_mean
from symbp.forward.network import BATCH, Block


@dataclass(frozen=True)
class Update:
    """Equations of a step of training, a row's of schedule, clipping or optimizer, and the values of its scalars.

    `starts` are those of its states before the first step.
    """

    formula: Formula
    values: Mapping[str, float]
    starts: Mapping[str, float] = field(default_factory=dict)


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
    notation: Notation
    updates: tuple[Update, ...] = ()
    module: Module | NoModule | None = None

    def say(self, phrase: str, /, **places: Filling) -> Inline:
        """A phrase of the document's language."""
        return self.language.say(phrase, **places)

    def called(self, formula: str) -> str:
        """A formula's name in the document's language."""
        return called(formula, self.language)

    def naming(self, block: Block) -> Naming:
        """The letters of a formula's tensors where this block uses it."""
        own = self.own(block.formula)
        return of_block(block, self.letters, replace(own, layout=self._layout_of_block(block, own.layout)))

    @property
    def cost(self) -> m.Name:
        """The cost's letter."""
        return m.Name(self.notation.cost)

    def own(self, formula: Formula) -> Naming:
        """The formula's own names, in the notation chosen."""
        if id(formula) not in self._owned:  # a block and its inference may have formulas of one name
            self._owned[id(formula)] = self._own(formula)
        return self._owned[id(formula)]

    @cached_property
    def _owned(self) -> dict[int, Naming]:
        return {}

    def _own(self, formula: Formula) -> Naming:
        derived = self.derivation.formulas.get(formula.name)
        layout = layout_of(formula, self.notation, derived.forward if derived else ())
        return Naming(stepwise=self.stepwise(formula.name), layout=layout)

    def _layout_of_block(self, block: Block, own: Layout) -> Layout:
        """The layout of the block's tensors: a matrix is one of weights wherever it is read."""
        weights = frozenset(local for local, name in block.binding.items() if name in self.weights)
        return replace(own, weights=weights | own.weights)

    @cached_property
    def whole(self) -> Naming:
        """The names of the network's tensors, in the notation chosen."""
        tensors = self.derivation.network.tensors.values()
        batched = frozenset(t.name for t in tensors if t.shape[:1] == (BATCH,))
        return Naming(self.letters, layout=Layout(self.notation, self.weights, batched))

    @cached_property
    def weights(self) -> frozenset[str]:
        """The tensors of the network that are matrices of weights."""
        blocks = (each for b in self.derivation.network.blocks for each in (b, b.inference) if each)
        return frozenset(b.binding[local] for b in blocks for local in weights_of(b.formula) if local in b.binding)

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

    def users(self, formula: str, blocks: Iterable[Block]) -> tuple[str, ...]:
        """The names of those of these blocks that use a formula."""
        uses = [(b.name, each) for b in blocks for each in (b, b.inference, b.update)]
        names = (name for name, each in uses if each and each.formula.name == formula)
        return tuple(dict.fromkeys(names))


def view_of(
    derivation: Derivation, choices: Choices, updates: Sequence[Update] = (), module: Module | NoModule | None = None
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
        fitted(NOTATIONS[choices.notation], derivation),
        tuple(updates),
        module,
    )


def fitted(notation: Notation, derivation: Derivation) -> Notation:
    """The notation where it can say this network: one example needs examples apart, a mean of gradients a mean cost."""
    formulas = [derived.formula for derived in derivation.formulas.values()]
    if notation.batch == "one" and not all(map(is_apart, formulas)):
        notation = replace(notation, batch="columns")
    if notation.mean == "parameters" and not any(map(is_mean, formulas)):
        notation = replace(notation, mean="cost")
    return notation


def _unknown(layer: str, valid: list[str]) -> str:
    near = difflib.get_close_matches(layer, valid, 1, cutoff=0.0)
    hint = f"; did you mean `{near[0]}`?" if near else "."
    return f"the network has no layer `{layer}`{hint} Its layers are {', '.join(f'`{n}`' for n in valid)}."
