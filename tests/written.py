"""Written mathematics evaluated as it stands on the page.

Matrices are multiplied as written; elements are read at the indices written, in the order written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import erf
from typing import Any, Protocol

import numpy as np

from symbp.explain import mathematics as m
from symbp.explain.levels import parts_of
from symbp.forward.network import BATCH

FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in ("exp", "log", "tanh", "expm1", "log1p", "sqrt", "sign", "cosh", "sinh")},
    "max": np.maximum, "min": np.minimum, "erf": np.vectorize(erf),
    "logistic": lambda x: 1 / (1 + np.exp(-x)), "softplus": lambda x: np.log1p(np.exp(x)),
}  # fmt: skip
RELATIONS = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "=": np.equal, "!=": np.not_equal,
}  # fmt: skip


class UnreadError(Exception):
    """A node that this reader does not evaluate: the place of a maximum."""


class Reading(Protocol):
    """What letters stand for: tensors by name, as they lie; numbers; slopes that are defined elsewhere."""

    @property
    def letters(self) -> Mapping[m.Math, str]: ...
    @property
    def slopes(self) -> Mapping[m.Math, m.Math]: ...
    @property
    def columns(self) -> bool: ...
    def laid(self, name: str) -> np.ndarray: ...
    def number(self, name: m.Name) -> Any: ...


def within(*nodes: m.Math) -> Iterator[m.Math]:
    for node in nodes:
        yield node
        yield from within(*parts_of(node))


def bare(node: m.Math) -> m.Math:
    """What stands for a whole tensor, without indices."""
    match node:
        case m.Name():
            return replace(node, indices=())
        case m.Derivative(by=by):
            return replace(node, by=bare(by))
        case m.Differential(by=by) | m.Nabla(by=by):
            return replace(node, by=bare(by))
    return node


def indices_of(node: m.Math) -> tuple[m.Math, ...]:
    return node.indices if isinstance(node, m.Name) else indices_of(node.by)  # type: ignore[attr-defined]


def arithmetic(node: m.Math, of: Callable[[m.Math], Any], slopes: Mapping[m.Math, m.Math]) -> Any:
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

    reader: Reading
    tensors: dict[str, np.ndarray]

    def of(self, node: m.Math | None) -> Any:
        """The value of a piece of mathematics."""
        if node in self.reader.letters:
            return self.tensors[self.reader.letters[node]]
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
                columns = self.reader.columns
                over_examples = any(isinstance(i, m.Name) and i.base == BATCH for i in bound)
                return self.of(body).sum(axis=int(over_examples == columns), keepdims=True)
        assert node is not None
        return arithmetic(node, self.of, self.reader.slopes)

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

    reader: Reading
    extents: dict[str, int]

    def index(self, name: str) -> np.ndarray:
        """The values of an index, along its axis."""
        place = list(self.extents).index(name)
        return np.arange(self.extents[name]).reshape([-1 if a == place else 1 for a in range(len(self.extents))])

    def of(self, node: m.Math | None) -> Any:
        """The value of a piece of mathematics at all indices."""
        if isinstance(node, m.Name) and not node.indices and not node.layer and node.base in self.extents:
            return self.index(node.base)
        if node is not None and bare(node) in self.reader.letters:
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
        return arithmetic(node, self.of, self.reader.slopes)

    def read(self, node: m.Math, outside: float) -> Any:
        """An element of a tensor."""
        array = self.reader.laid(self.reader.letters[bare(node)])
        places = np.broadcast_arrays(*(np.asarray(self.of(i)).astype(int) for i in indices_of(node)))
        inside = np.logical_and.reduce([(p >= 0) & (p < extent) for p, extent in zip(places, array.shape, strict=True)])
        clipped = tuple(np.clip(p, 0, extent - 1) for p, extent in zip(places, array.shape, strict=True))
        return np.where(inside, array[clipped], outside)
