"""How tensors are called on the page: by a formula's own names, or by a network's with the number of the layer.

The cotangent `d_x` is written ∂C/∂x. That of a weighted input, by the catalog's convention a tensor called `z`, is
the error δ. A whole tensor of two axes or more is a capital, but for `c`, since C is the cost. A notation may have
other names for them, other letters, and another order of indices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from symbp.explain import mathematics as m
from symbp.explain.layout import COTANGENT, Layout, bare
from symbp.explain.notations import Notation
from symbp.formula.equation import Equation, Formula
from symbp.formula.expression import SumOver, elements
from symbp.formula.recurrence import in_groups
from symbp.forward.network import Block, Network

COST = "C"
ERROR = "delta"
WEIGHTED_INPUT = "z"


@dataclass(frozen=True)
class Letter:
    """What a tensor is called: an identifier, and the number of its layer or nothing."""

    base: str
    layer: str = ""


@dataclass(frozen=True)
class Naming:
    """The letters of tensors. A tensor that is not listed is called by its own name.

    Those of `stepwise` are of a recurrence: shown at their indices, since they are nowhere computed as a whole.
    """

    letters: Mapping[str, Letter] = field(default_factory=dict)
    stepwise: frozenset[str] = frozenset()
    layout: Layout = field(default_factory=Layout)

    @property
    def cost(self) -> m.Name:
        """The cost's letter."""
        return m.Name(self.layout.notation.cost)

    def letter(self, tensor: str) -> Letter:
        """What a tensor that is no cotangent is called."""
        return self.letters.get(tensor, Letter(tensor))

    def is_written_as_derivative(self, tensor: str) -> bool:
        """True for a cotangent that is written as a fraction ∂C/∂x, not as δ or dx."""
        error = self.layout.notation.error
        return tensor.startswith(COTANGENT) and (
            error == "derivative" or (error == "delta" and not self._is_error(tensor))
        )

    def _is_error(self, cotangent: str) -> bool:
        return self.letter(bare(cotangent)).base == WEIGHTED_INPUT

    def tensor(self, name: str, indices: tuple[m.Math, ...] = (), *, matrix: bool = False) -> m.Math:
        """An element of a tensor, or the whole tensor as a matrix."""
        places = self.ordered(name, indices)
        if not name.startswith(COTANGENT):
            return self._name(name, places, matrix)
        notation, of = self.layout.notation, bare(name)
        if notation.upstream and of == self.layout.output and of not in self.letters:
            return m.Name(notation.upstream, places, matrix=matrix)
        if notation.error == "delta" and self._is_error(name):
            return _layered(ERROR, places, self.letter(of).layer, matrix, notation)
        by = self._name(of, places, matrix)
        if notation.error == "differential":
            return m.Differential(by)
        if notation.gradient and not indices and of in self.layout.batched:
            return m.Nabla(self.cost, by)
        return m.Derivative(self.cost, by)

    def ordered(self, name: str, indices: tuple[m.Math, ...]) -> tuple[m.Math, ...]:
        """The indices of a tensor that are written, in the order of writing."""
        places = tuple(i for i in indices if not (isinstance(i, m.Name) and self.layout.hides(i.base)))
        return places[::-1] if len(places) == 2 and self.layout.is_turned(name) else places

    def _name(self, name: str, places: tuple[m.Math, ...], matrix: bool) -> m.Name:
        letter, notation = self.letter(name), self.layout.notation
        base = letter.base
        if base == COST:
            base = notation.cost
        elif notation.small and name in self.layout.weights:
            base = base.lower()
        elif matrix:
            base = _capital(base, notation.cost)
        return _layered(base, places, letter.layer, matrix, notation)


def _layered(base: str, places: tuple[m.Math, ...], layer: str, matrix: bool, notation: Notation) -> m.Name:
    return m.Name(base, places, layer, matrix, notation.marks) if layer else m.Name(base, places, matrix=matrix)


OWN = Naming()  # a formula's own names, as they are stored


def _capital(base: str, cost: str = COST) -> str:
    return base.upper() if len(base) == 1 and base.upper() not in (COST, cost) else base


def of_block(block: Block, letters: Mapping[str, Letter], own: Naming) -> Naming:
    """The naming of a formula's tensors where a block of the network uses it; `own` is the formula's."""
    return replace(own, letters={local: letters.get(name, Letter(local)) for local, name in block.binding.items()})


def stepwise(*passes: Iterable[Equation]) -> frozenset[str]:
    """The tensors that recurrences compute, in any of these groups of equations."""
    groups = (group for equations in passes for group in in_groups(tuple(equations)) if group.direction)
    return frozenset(tensor for group in groups for tensor in group.axes)


def network_letters(network: Network) -> dict[str, Letter]:
    """A letter for every tensor of the network, distinct even as capitals.

    A block that weighs its inputs begins a layer; another stays in its layer as long as its letters are free there.
    What comes before the first weights is layer 0.
    """
    layer = 0
    taken: set[tuple[str, int]] = set()
    letters: dict[str, Letter] = {}
    for block in network.blocks:
        own = block.formula.with_role("output", "intermediate", "parameter", "constant", "random", "state")
        bound = {block.binding[t.name]: t.name for t in own if t.name in block.binding}
        if block.update:
            bound |= {block.update.binding[t.name]: t.name for t in block.update.formula.with_role("state")}
        made = {name: local for name, local in bound.items() if name not in letters and "." in name}
        if _weighs(block.formula) or any((_capital(local), layer) in taken for local in made.values()):
            layer += 1
        for name, local in made.items():
            taken.add((_capital(local), layer))
            letters[name] = Letter(local, str(layer))
    for name in network.tensors:  # the network's own, without a layer
        letters.setdefault(name, Letter(name.rsplit(".", 1)[-1]))
    return letters


def _weighs(formula: Formula) -> bool:
    """True where a parameter stands under a sum: the formula adds its inputs up, each with a weight."""
    parameters = {t.name for t in formula.with_role("parameter")}
    sums = (node for e in formula.equations for node in e.body.atoms(SumOver))
    return any(element.tensor in parameters for node in sums for element in elements(node))
