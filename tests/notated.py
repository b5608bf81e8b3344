"""Written mathematics evaluated as it stands on the page, with tensors that lie as a notation says.

Matrices are multiplied as written; elements are read at the indices written, in the order written. What a letter stands
for is asked of the naming; how its array lies is said here, for every notation, and not asked of the code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from math import erf, prod
from typing import Any

import numpy as np

from symbp.derive.derivation import Derivation
from symbp.explain import mathematics as m
from symbp.explain.choices import Choices
from symbp.explain.document import Display, Equations, Heading, Link, Paragraph
from symbp.explain.levels import parts_of
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
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in ("exp", "log", "tanh", "expm1", "log1p", "sqrt", "sign", "cosh", "sinh")},
    "max": np.maximum, "min": np.minimum, "erf": np.vectorize(erf),
    "logistic": lambda x: 1 / (1 + np.exp(-x)), "softplus": lambda x: np.log1p(np.exp(x)),
}  # fmt: skip
RELATIONS = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "=": np.equal, "!=": np.not_equal,
}  # fmt: skip


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
                block = next((b for b in network.blocks if [b.name] == links), block)
            elif isinstance(part, Display | Equations) and section in SECTIONS and block is not None:
                own = section == SECTIONS[1]
                if len(network.costs) == 1 or not own:
                    yield from ((block, own, line) for line in part.lines if line.sign == "=")

    def letters(self, block: Block, own: bool) -> dict[m.Math, str]:
        """What stands for which tensor of the network, cotangents among them."""
        view = view_of(self.derivation, Choices(notation=self.notation))
        naming = view.own(block.formula) if own else view.whole
        names = dict(block.binding) if own else {name: name for name in self.derivation.network.tensors}
        found: dict[m.Math, str] = {}
        for prefix, (local, whole), matrix in product(("", "d_"), names.items(), (False, True)):
            node = naming.tensor(prefix + local, matrix=matrix)
            stands_for = prefix + whole
            assert found.setdefault(_bare(node), stands_for) == stands_for, node
        return found

    def laid(self, name: str) -> np.ndarray:
        """An array as it lies on the page; of one example, without its axis."""
        whole = name.removeprefix("d_")
        tensor, array = self.derivation.network.tensors[whole], np.asarray(self.values[name])
        batched = tensor.shape[:1] == (BATCH,)
        if self.notation in OWN_LOSSES and batched and name != whole:
            array = array * self.n
        if batched and self.notation in ONE:
            (array,) = array
        turned = self.notation in (COLUMNS + ONE) if batched else self.is_weight(whole)
        return array.T if array.ndim == 2 and turned else array

    def is_weight(self, name: str) -> bool:
        """True for a matrix that lies with a row for each output, and is stored with a row for each input."""
        return self.notation in OUTPUTS_FIRST and name.startswith("dense") and name.endswith(".W")

    def matrix(self, name: str, splits: tuple[int, int, bool]) -> np.ndarray:
        """An array as a matrix; one of three axes or more by joining those before and behind a split.

        With the last of `splits`, what has an example and a place as its axes is a vector of both together.
        """
        array, whole = self.laid(name), name.removeprefix("d_")
        batched = self.derivation.network.tensors[whole].shape[:1] == (BATCH,)
        columns = self.notation in COLUMNS + ONE
        if splits[2] and batched and array.ndim == 2 and len(self.derivation.network.tensors[whole].shape) == 2:
            stored = array.T if columns else array
            return stored.reshape(1, -1) if columns else stored.reshape(-1, 1)
        if array.ndim > 2:
            split = splits[0] if batched else splits[1]
            array = array.reshape(prod(array.shape[:split]), -1)
            return array.T if batched and columns else array
        if array.ndim == 1:
            is_row = (batched and self.notation not in ONE) == columns
            return array[None, :] if is_row else array[:, None]
        return array


class UnreadError(Exception):
    """A node that this reader does not evaluate: the place of a maximum."""


def check(page: Page) -> tuple[int, int]:
    """Asserts every line of the page; how many are between matrices, and how many by indices."""
    lines = [line for line in page.lines() if line[2].left is not None]
    slopes = {line.left: line.right for _, _, line in lines if isinstance(line.left, m.Slope)}
    counted = [0, 0]
    for block, own, line in lines:
        reader = Reader(page, block, page.letters(block, own), slopes)
        by_indices = any(isinstance(node, m.Name) and node.indices for node in _within(line.left, line.right))
        try:
            (reader.check_elements if by_indices else reader.check_matrices)(line)
        except UnreadError:
            continue
        counted[by_indices] += 1
    return counted[0], counted[1]


def _within(*nodes: m.Math) -> Iterator[m.Math]:
    for node in nodes:
        yield node
        yield from _within(*parts_of(node))


def _bare(node: m.Math) -> m.Math:
    """What stands for a whole tensor, without indices."""
    match node:
        case m.Name():
            return replace(node, indices=())
        case m.Derivative(by=by):
            return replace(node, by=_bare(by))
        case m.Differential(by=by) | m.Nabla(by=by):
            return replace(node, by=_bare(by))
    return node


def _indices(node: m.Math) -> tuple[m.Math, ...]:
    return node.indices if isinstance(node, m.Name) else _indices(node.by)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Reader:
    """Evaluates the mathematics of one line."""

    page: Page
    block: Block
    letters: dict[m.Math, str]
    slopes: dict[m.Math, m.Math]

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
        """Asserts both sides for a way to join axes, the same for all tensors of the line."""
        problems: list[str] = []
        for splits in product((1, 2, 3), (1, 2), (False, True)):
            matrices = Matrices(self, splits)
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
        for node in _within(line.left, line.right):
            if _bare(node) in self.letters and not isinstance(node, m.Nabla) and _indices(node):
                shape = self.page.laid(self.letters[_bare(node)]).shape
                assert len(shape) == len(_indices(node)), f"{self.page.notation}: {node} of shape {shape}"
                for place, extent in zip(_indices(node), shape, strict=True):
                    if self.is_index(place):
                        assert isinstance(place, m.Name)
                        assert found.setdefault(place.base, extent) == extent, f"{self.page.notation}: {line}"
        return found


def _arithmetic(node: m.Math, of: Callable[[m.Math], Any], slopes: dict[m.Math, m.Math]) -> Any:
    """What means the same between matrices and between numbers."""
    match node:
        case m.Number(text=text):
            return np.array(np.pi if text == "pi" else float(text))
        case m.Sum(terms=terms):
            return sum(sign * of(term) for sign, term in terms)
        case m.Fraction(above=above, below=below):
            return of(above) / of(below)
        case m.Power(base=base, exponent=exponent):
            return of(base) ** of(exponent)
        case m.Root(body=body):
            return np.sqrt(of(body))
        case m.Bars(body=body, kind=kind):
            return np.abs(of(body)) if kind == "absolute" else np.floor(of(body))
        case m.Call(function=function, arguments=arguments):
            return FUNCTIONS[function](*map(of, arguments))
        case m.Relation(operands=operands, signs=signs):
            pairs = zip(operands, signs, operands[1:], strict=False)
            return np.logical_and.reduce([RELATIONS[sign](of(a), of(b)) for a, sign, b in pairs])
        case m.Indicator(condition=condition):
            return of(condition).astype(float)
        case m.Cases(rows=rows):
            value = np.array(np.nan)
            for case, condition in reversed(rows):
                value = of(case) if condition is None else np.where(of(condition), of(case), value)
            return value
        case m.Slope():
            return of(slopes[node])
    raise UnreadError(node)


@dataclass(frozen=True)
class Matrices:
    """Between matrices, each of two axes; a column of ones is as long as its neighbour asks for."""

    reader: Reader
    splits: tuple[int, int, bool]

    def of(self, node: m.Math | None) -> Any:
        """The value of a piece of mathematics."""
        if node in self.reader.letters:
            return self.reader.page.matrix(self.reader.letters[node], self.splits)
        match node:
            case m.Name():
                return np.array(float(self.reader.number(node)))
            case m.Transposed(body=body):
                return self.of(body).T
            case m.Product(factors=factors, kind="matrices"):
                return self.product(factors)
            case m.Product(factors=factors):
                return np.prod(np.broadcast_arrays(*map(self.of, factors)), axis=0)
            case m.Over(operator="sum", bound=bound, body=body):
                columns = self.reader.page.notation in COLUMNS
                over_examples = any(isinstance(i, m.Name) and i.base == BATCH for i in bound)
                return self.of(body).sum(axis=int(over_examples == columns), keepdims=True)
        assert node is not None
        return _arithmetic(node, self.of, self.reader.slopes)

    def product(self, factors: tuple[m.Math, ...]) -> Any:
        """A product of two, from the left."""
        first, second = (
            (factors[0], factors[1]) if len(factors) == 2 else (m.Product(factors[:-1], "matrices"), factors[-1])
        )
        if first == m.Ones():  # repeated as often as is asked for
            return self.of(second)
        if second == m.Transposed(m.Ones()):
            return self.of(first)
        if first == m.Transposed(m.Ones()):
            return self.of(second).sum(axis=0, keepdims=True)
        if second == m.Ones():
            return self.of(first).sum(axis=1, keepdims=True)
        left, right = self.of(first), self.of(second)
        return left @ right if left.ndim and right.ndim else left * right


@dataclass(frozen=True)
class Elements:
    """By indices: each index has an axis of its own."""

    reader: Reader
    extents: dict[str, int]

    def index(self, name: str) -> np.ndarray:
        """The values of an index, along its axis."""
        place = list(self.extents).index(name)
        return np.arange(self.extents[name]).reshape([-1 if a == place else 1 for a in range(len(self.extents))])

    def of(self, node: m.Math | None) -> Any:
        """The value of a piece of mathematics at all indices."""
        if isinstance(node, m.Name) and not node.indices and not node.layer and node.base in self.extents:
            return self.index(node.base)
        if node is not None and _bare(node) in self.reader.letters:
            return self.read(node, 0.0)
        match node:
            case m.Name():
                return np.array(self.reader.number(node))
            case m.Product(factors=factors):
                return np.prod(np.broadcast_arrays(*map(self.of, factors)), axis=0)
            case m.Over(operator="sum" | "max" as operator, bound=bound, body=body):
                axes = tuple(list(self.extents).index(i.base) for i in bound)  # type: ignore[attr-defined]
                ones = sum(0 * self.index(i.base) for i in bound)  # type: ignore[attr-defined]
                return getattr(np, operator)(self.of(body) + ones, axis=axes, keepdims=True)
            case m.Tuple(items=items):
                extents = [self.extents[i.base] for i in items]  # type: ignore[attr-defined]
                return np.ravel_multi_index(np.broadcast_arrays(*map(self.of, items)), extents)
            case m.Call(function="padded", arguments=(read, value)):
                return self.read(read, float(self.of(value)))
            case m.Number(text="∞"):
                return np.array(np.inf)
        assert node is not None
        return _arithmetic(node, self.of, self.reader.slopes)

    def read(self, node: m.Math, outside: float) -> Any:
        """An element of a tensor."""
        array = self.reader.page.laid(self.reader.letters[_bare(node)])
        places = np.broadcast_arrays(*(np.asarray(self.of(i)).astype(int) for i in _indices(node)))
        inside = np.logical_and.reduce([(p >= 0) & (p < extent) for p, extent in zip(places, array.shape, strict=True)])
        clipped = tuple(np.clip(p, 0, extent - 1) for p, extent in zip(places, array.shape, strict=True))
        return np.where(inside, array[clipped], outside)
