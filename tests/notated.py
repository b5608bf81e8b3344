"""The lines of a document compared with numbers, with tensors that lie as the document's notation says.

What a letter stands for is asked of the naming; how its array lies is said here, for every notation, and not asked of
the code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np
from written import Elements, Matrices, UnreadError, bare, indices_of, within

from symbp.derive.derivation import Derivation
from symbp.explain import mathematics as m
from symbp.explain.choices import Choices
from symbp.explain.document import Display, Equations, Heading, Link, Paragraph
from symbp.explain.outline import explain
from symbp.explain.view import view_of
from symbp.formula.evaluate import evaluate_formula
from symbp.forward.network import BATCH, Block
from symbp.verify.oracles import evaluate_network, scalars_of, sizes_of

Arrays = dict[str, Any]
OUTPUTS_FIRST = ("nielsen", "ng", "torch")  # a matrix of weights has a row for each output
COLUMNS = ("ng",)  # examples are columns
ONE = ("article", "nielsen")  # one example, a column
OWN_LOSSES = ("ng",)  # what has a value for each example has the derivative of the losses' sum, not mean
SECTIONS = ("Forward pass", "Every formula, derived", "The backward pass")


def known(derivation: Derivation, arrays: Arrays) -> Arrays:
    """Every tensor of the network, and as `d_...` its cotangent, by the equations that were derived."""
    network, n = derivation.network, len(arrays[derivation.network.inputs[0]])
    found: Arrays = evaluate_network(network, arrays)
    for block in reversed(network.blocks):
        derived, given = derivation.of(block), (sizes_of(block, n), scalars_of(block))
        bound = block.binding.items()
        local = {name: found[whole] for name, whole in bound if whole in found}
        local |= {f"d_{name}": found[f"d_{whole}"] for name, whole in bound if f"d_{whole}" in found}
        forward = evaluate_formula(derived.forward, local, *given)
        found |= {whole: forward[name] for name, whole in bound if name in forward}
        if not block.formula.output.axes or f"d_{block.formula.output.name}" in forward:
            backward = evaluate_formula([g.equation for g in derived.backward], forward, *given)
            for gradient in derived.backward:
                whole = f"d_{block.binding.get(gradient.tensor, gradient.tensor)}"
                found[whole] = found.get(whole, 0) + backward[f"d_{gradient.tensor}"]
    return found


@dataclass(frozen=True)
class Page:
    """A document in a notation, and the values of all tensors for `n` examples."""

    derivation: Derivation
    notation: str
    values: Arrays
    n: int

    def lines(self) -> Iterator[tuple[Block, bool, m.Line]]:
        """The lines of the forward pass, of every formula's results, and of the backward pass.

        Each with its block, and whether it has the formula's own letters. A formula's result is all of a tensor's
        cotangent only where nothing else reads the tensor, so none is told here where costs are added.
        """
        network, section = self.derivation.network, ""
        block: Block | None = None
        for part in explain(self.derivation, Choices(level="summary", notation=self.notation)).parts:
            if isinstance(part, Heading) and part.level == 1:
                section = str(part.text[0])
            elif isinstance(part, Heading) and part.label.startswith("formula "):
                block = next((b for b in network.blocks if part.label == f"formula {b.formula.name}"), None)
            elif isinstance(part, Paragraph) and section != SECTIONS[1]:
                links = [piece.text for piece in part.text if isinstance(piece, Link)]
                block = next((b for b in network.blocks if [b.name] == links), None)  # of inference: none
            elif isinstance(part, Display | Equations) and section in SECTIONS and block is not None:
                own = section == SECTIONS[1]
                if len(network.costs) == 1 or not own:
                    yield from ((block, own, line) for line in part.lines if line.sign == "=")

    @property
    def is_one(self) -> bool:
        """True where one example is looked at; several where they cannot be looked at apart."""
        return self.notation in ONE and self.n == 1

    @property
    def columns(self) -> bool:
        """True where examples are columns, or one is a column."""
        return self.notation in COLUMNS + ONE

    def letters(self, block: Block, own: bool) -> dict[m.Math, str]:
        """What stands for which tensor of the network, cotangents among them."""
        view = view_of(self.derivation, Choices(notation=self.notation))
        naming = view.own(block.formula) if own else view.whole
        names = dict(block.binding) if own else {name: name for name in self.derivation.network.tensors}
        found: dict[m.Math, str] = {}
        for prefix, (local, whole), matrix in product(("", "d_"), names.items(), (False, True)):
            node = naming.tensor(prefix + local, matrix=matrix)
            stands_for = prefix + whole
            assert found.setdefault(bare(node), stands_for) == stands_for, node
        return found

    def laid(self, name: str) -> np.ndarray:
        """An array as it lies on the page; of one example, without its axis."""
        whole = name.removeprefix("d_")
        tensor, array = self.derivation.network.tensors[whole], np.asarray(self.values[name])
        batched = tensor.shape[:1] == (BATCH,)
        if self.notation in OWN_LOSSES and batched and name != whole:
            array = array * self.n
        if batched and self.is_one:
            (array,) = array
        turned = self.columns if batched else self.is_weight(whole)
        return array.T if array.ndim == 2 and turned else array

    def is_weight(self, name: str) -> bool:
        """True for a matrix that lies with a row for each output, and is stored with a row for each input."""
        return self.notation in OUTPUTS_FIRST and name.startswith("dense") and name.endswith(".W")

    def matrices(self, name: str) -> list[np.ndarray]:
        """An array as the matrices that it may be: axes that stand side by side may count as one."""
        array, batched = self.laid(name), self.derivation.network.tensors[name.removeprefix("d_")].shape[:1] == (BATCH,)
        if array.ndim == 0:
            return [array]
        stored = array.T if array.ndim == 2 and batched and self.columns else array
        is_row = (batched and not self.is_one) == self.columns
        vector = stored.reshape(1, -1) if is_row else stored.reshape(-1, 1)
        if array.ndim == 1:
            return [vector]
        if array.ndim == 2:
            return [array, vector]
        joined = [array.reshape(prod(array.shape[:split]), -1) for split in range(array.ndim - 1, 0, -1)]
        return [matrix.T if batched and self.columns else matrix for matrix in joined]


def check(page: Page) -> tuple[int, int]:
    """Asserts every line of the page; how many are between matrices, and how many by indices."""
    lines = [line for line in page.lines() if line[2].left is not None]
    slopes = {line.left: line.right for _, _, line in lines if isinstance(line.left, m.Slope)}
    counted = [0, 0]
    for block, own, line in lines:
        reader = Reader(page, block, page.letters(block, own), slopes)
        byindices_of = any(isinstance(node, m.Name) and node.indices for node in within(line.left, line.right))
        try:
            (reader.check_elements if byindices_of else reader.check_matrices)(line)
        except UnreadError:
            continue
        counted[byindices_of] += 1
    return counted[0], counted[1]


@dataclass(frozen=True)
class Reader:
    """Evaluates the mathematics of one line."""

    page: Page
    block: Block
    letters: dict[m.Math, str]
    slopes: dict[m.Math, m.Math]

    @property
    def columns(self) -> bool:
        """True where examples are columns."""
        return self.page.columns

    def laid(self, name: str) -> np.ndarray:
        """A tensor as it lies on the page."""
        return self.page.laid(name)

    def number(self, name: m.Name) -> Any:
        """A size or a hyperparameter, in numbers."""
        sizes = {str(symbol): number for symbol, number in sizes_of(self.block, self.page.n).items()}
        if name.base in ("N", "m") and not name.layer:
            return self.page.n
        if name.base in ("C", "J", "L"):
            return self.page.values["C"]
        blocks = (self.block, *self.page.derivation.network.blocks)  # a line may stand where it is used
        scalars = (block.scalars[name.base] for block in blocks if name.base in block.scalars)
        return sizes[name.base] if name.base in sizes else next(scalars)

    def is_index(self, place: m.Math) -> bool:
        """True for a letter that is an index, and not a number that a tensor holds."""
        if not isinstance(place, m.Name) or place.indices:
            return False
        return place not in self.letters or self.page.laid(self.letters[place]).ndim > 0

    def check_matrices(self, line: m.Line) -> None:
        """Asserts both sides for some way to join axes of each tensor."""
        nodes = [*within(line.left, line.right)]
        nodes += [n for node in nodes if node in self.slopes for n in within(self.slopes[node])]
        names = dict.fromkeys(self.letters[n] for n in nodes if n in self.letters)
        problems: list[str] = []
        for chosen in product(*map(self.page.matrices, names)):
            matrices = Matrices(self, dict(zip(names, chosen, strict=True)))
            try:
                left, right = matrices.of(line.left), matrices.of(line.right)
                np.testing.assert_allclose(np.broadcast_to(right, left.shape), left, rtol=1e-9, atol=1e-12)
            except (AssertionError, ValueError) as error:
                problems.append(str(error))
            else:
                return
        raise AssertionError(f"{self.page.notation}, {self.block.name}: {line}\n{problems[0]}")

    def check_elements(self, line: m.Line) -> None:
        """Asserts both sides at every index at once."""
        elements = Elements(self, self.extents(line))
        left, right = elements.of(line.left), elements.of(line.right)
        left, right = np.broadcast_arrays(left, right)
        np.testing.assert_allclose(right, left, rtol=1e-9, atol=1e-12, err_msg=f"{self.page.notation}: {line}")

    def extents(self, line: m.Line) -> dict[str, int]:
        """How far each index runs: as far as an axis that it is the plain index of."""
        found: dict[str, int] = {}
        for node in within(line.left, line.right):
            if bare(node) in self.letters and not isinstance(node, m.Nabla) and indices_of(node):
                shape = self.page.laid(self.letters[bare(node)]).shape
                assert len(shape) == len(indices_of(node)), f"{self.page.notation}: {node} of shape {shape}"
                for place, extent in zip(indices_of(node), shape, strict=True):
                    if self.is_index(place):
                        assert isinstance(place, m.Name)
                        assert found.setdefault(place.base, extent) == extent, f"{self.page.notation}: {line}"
        return found
