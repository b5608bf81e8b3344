"""What a claim's tree is worth at a point: in index notation, where every value has an axis for each free index.

Tensors are read at letters or numbers; a letter runs over the axes that it stands at, which must be equally long.
`sum[k](...)` binds, and so do `mean` and `max`; `delta(i, j)` is 1 where the indices are equal.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import prod

import numpy as np

from symbp.audit.evaluate import ARITHMETIC, COMPARE, ShapeError, is_indicator
from symbp.audit.functions import function
from symbp.audit.setting import Point, Setting
from symbp.audit.syntax import DERIVATIVE, PRIME, places_of
from symbp.audit.vocabulary import MeaninglessError
from symbp.audit.written import written
from symbp.errors import UserError
from symbp.formula.syntax import items_of

Letters = tuple[str, ...]
MOST = 200_000  # values over all indices of a product
BINDERS: dict[str, Callable[..., np.ndarray]] = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min}


def standing(letter: str, node: ast.AST) -> Iterator[tuple[str, int]]:
    """The tensors that a letter stands at, and at which axis; not in sums that bind it again."""
    match node:
        case ast.Call(func=ast.Subscript(slice=bound)) if letter in {
            n.id for n in ast.walk(bound) if isinstance(n, ast.Name)
        }:
            return
        case ast.Subscript(value=ast.Name(id=name), slice=places):
            items = enumerate(items_of(places))
            yield from ((name, k) for k, item in items if isinstance(item, ast.Name) and item.id == letter)
    for child in ast.iter_child_nodes(node):
        yield from standing(letter, child)


@dataclass(frozen=True)
class Value:
    """An array with an axis for each letter."""

    array: np.ndarray
    letters: Letters = ()


@dataclass
class Indices:
    """Evaluates trees with indices. `runs` knows how long each letter is, and where that was seen first."""

    setting: Setting
    point: Point
    runs: dict[str, tuple[int, str]] = field(default_factory=dict)

    def left(self, node: ast.expr) -> Value:
        """The quantity that a claim is about, at its indices."""
        return self.value(node)

    def spread(self, value: Value, letters: Letters) -> np.ndarray:
        """The values with an axis for each of the letters, repeated along those that are not there."""
        extra = [x for x in value.letters if x not in letters]
        if extra:
            raise MeaninglessError(
                f"index `{extra[0]}` stands on the right only; bind it, as in `sum[{extra[0]}](...)`"
            )
        array = self._align(value, letters)
        return np.broadcast_to(array, [self.runs[x][0] for x in letters])

    def _align(self, value: Value, letters: Letters) -> np.ndarray:
        own = [x for x in letters if x in value.letters]
        array = np.transpose(value.array, [value.letters.index(x) for x in own])
        return array.reshape([self.runs[x][0] if x in own else 1 for x in letters])

    def together(self, *values: Value) -> tuple[list[np.ndarray], Letters]:
        letters = tuple(dict.fromkeys(x for v in values for x in v.letters))
        if prod(self.runs[x][0] for x in letters) > MOST:
            raise UserError(f"the indices {', '.join(letters)} run over too many values together")
        return [self._align(v, letters) for v in values], letters

    def value(self, node: ast.expr) -> Value:
        condition = is_indicator(node)
        if condition is not None:
            return self.value(condition)
        match node:
            case ast.Constant(value=number):
                return Value(np.asarray(float(str(number))))
            case ast.Name(id=name):
                return self.plain(name)
            case ast.Subscript(value=ast.Name(id=name), slice=places):
                found = self.setting.vocabulary.find(name)
                return self.read(self.point.values[found.key], name, places)
            case ast.Subscript(value=ast.Call(func=ast.Name(id="D"), args=arguments), slice=places):
                return self.derivative_at(arguments, places)
            case ast.UnaryOp(op=op, operand=inner):
                value = self.value(inner)
                return Value(-value.array, value.letters) if isinstance(op, ast.USub) else value
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                arrays, letters = self.together(self.place(left), self.place(right))
                return Value(COMPARE[type(op)](*arrays).astype(float), letters)
            case ast.BinOp(left=left, op=op, right=right):
                return self.binary(op, left, right)
            case ast.Call(func=ast.Subscript(value=ast.Name(id=name), slice=bound), args=[body]) if name in BINDERS:
                return self.reduce(name, bound, body)
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self.call(name, arguments)
        raise UserError(f"`{written(node)}` has no value with indices")

    def plain(self, name: str) -> Value:
        """A name without indices: a number."""
        number = self.setting.number(name)
        if number is not None:
            return Value(self.point.number(number))
        if self.setting.vocabulary.known(name) is None and name in self.runs:
            return self.place(ast.Name(name))
        found = self.setting.vocabulary.find(name)
        array = self.point.values[found.key]
        axes = np.ndim(array)
        if axes:
            raise UserError(f"`{name}` has {axes} axes; give it indices, as in `{name}[{','.join('ijkl'[:axes])}]`")
        return Value(np.asarray(array, float))

    def learn(self, letter: str, body: ast.expr) -> None:
        """How long a letter is, from the first tensor that it stands at: a delta before that reads it too."""
        for name, axis in standing(letter, body):
            shape = self.point.values[self.setting.vocabulary.find(name).key].shape
            if axis < len(shape):
                self.run(letter, shape[axis], f"axis {axis + 1} of `{name}`")
                return

    def place(self, node: ast.expr) -> Value:
        """What stands in a delta or is compared: a letter there is an index, whatever else has its name."""
        if isinstance(node, ast.Name) and node.id in self.runs:
            return Value(np.arange(self.runs[node.id][0], dtype=float), (node.id,))
        return self.value(node)

    def read(self, array: np.ndarray, name: str, places: ast.expr) -> Value:
        """`x[i,j]`: an axis for each letter; a letter that stands twice takes the diagonal."""
        items = items_of(places)
        if len(items) != array.ndim:
            raise UserError(f"`{name}` has {array.ndim} axes, and stands with {len(items)} indices")
        labels: list[str] = []
        for axis, item in enumerate(items):
            if isinstance(item, ast.Constant) and isinstance(item.value, int):
                if not 0 <= item.value < array.shape[len(labels)]:
                    raise ShapeError(f"`{name}` has no place {item.value} on axis {axis + 1}")
                array = np.take(array, item.value, axis=len(labels))
                continue
            if not isinstance(item, ast.Name):
                raise UserError(f"an index is a letter or a number, got `{written(item)}`")
            self.run(item.id, array.shape[len(labels)], f"axis {axis + 1} of `{name}`")
            labels.append(item.id)
        unique = tuple(dict.fromkeys(labels))
        numbers = [unique.index(x) for x in labels]
        return Value(np.einsum(array.astype(float), numbers, list(range(len(unique)))), unique)

    def run(self, letter: str, length: int, where: str) -> None:
        known = self.runs.setdefault(letter, (length, where))
        if known[0] != length:
            raise ShapeError(f"index `{letter}` runs over {known[1]}, {known[0]} long, and over {where}, {length} long")

    def binary(self, op: ast.operator, left: ast.expr, right: ast.expr) -> Value:
        if isinstance(op, ast.MatMult):
            raise UserError("`@` stands between matrices; with indices, a product is `sum[k](A[i,k] * B[k,j])`")
        arrays, letters = self.together(self.value(left), self.value(right))
        with np.errstate(all="ignore"):
            result = np.power(*arrays) if isinstance(op, ast.Pow) else ARITHMETIC[type(op)](*arrays)
        return Value(result, letters)

    def reduce(self, name: str, bound: ast.expr, body: ast.expr) -> Value:
        items = items_of(bound)
        letters = [i.id for i in items if isinstance(i, ast.Name)]
        held = {x: self.runs.pop(x) for x in letters if x in self.runs}
        for letter in letters:
            self.learn(letter, body)
        inner = self.value(body)
        missing = [x for x in letters if x not in self.runs]
        for letter in missing:
            if letter not in held:
                raise UserError(f"index `{letter}` of `{name}[{letter}]` stands at no tensor")
            self.runs[letter] = held[letter]
        rest = tuple(x for x in inner.letters if x not in letters)
        whole = self.spread(inner, (*rest, *letters))
        result = BINDERS[name](whole, axis=tuple(range(len(rest), whole.ndim)))
        for letter in letters:
            self.runs.pop(letter)
        self.runs |= held
        return Value(result, rest)

    def call(self, name: str, arguments: list[ast.expr]) -> Value:
        if name == DERIVATIVE:
            return self.derivative(*arguments)
        if name == "delta" and len(arguments) == 2:
            arrays, letters = self.together(*map(self.place, arguments))
            return Value((arrays[0] == arrays[1]).astype(float), letters)
        if name == "where" and len(arguments) == 3:
            arrays, letters = self.together(*(self.value(a) for a in arguments))
            return Value(np.where(arrays[0] > 0, arrays[1], arrays[2]), letters)
        if name in ("max", "min") and len(arguments) == 2:
            arrays, letters = self.together(*(self.value(a) for a in arguments))
            return Value((np.maximum if name == "max" else np.minimum)(*arrays), letters)
        if (
            name == "size"
            and len(arguments) == 1
            and isinstance(arguments[0], ast.Name)
            and arguments[0].id in self.runs
        ):
            return Value(np.asarray(float(self.runs[arguments[0].id][0])))
        if len(arguments) != 1:
            raise UserError(f"`{name.replace(PRIME, chr(39))}` takes 1 argument, got {len(arguments)}")
        read = tensor_of(arguments[0], self.setting)
        found = function(name.removesuffix(PRIME), read, self.setting)
        inner = self.value(arguments[0])
        return Value(found.values(inner.array, derivative=name.endswith(PRIME)), inner.letters)

    def derivative(self, of: ast.expr, by: ast.expr) -> Value:
        """`dC/dW[i,j]` or `da[j]/dz[k]`."""
        own, other = (self._tensor(n) for n in (of, by))
        places = [*places_of(of), *places_of(by)]
        name = f"d{own}/d{other}"
        index = ast.Tuple([*places]) if len(places) != 1 else places[0]
        if own == self.setting.formula.output.name and not self.setting.tensor(own).axes:
            return self.read(self.point.values[f"d_{other}"], name, index)
        return self.read(self.setting.jacobian_at(own, other, self.point), name, index)

    def derivative_at(self, arguments: list[ast.expr], places: ast.expr) -> Value:
        """`(dC/dW)[i,j]`."""
        _, by = arguments
        return self.derivative(arguments[0], ast.Subscript(by, places))

    def _tensor(self, node: ast.expr) -> str:
        inner = node.value if isinstance(node, ast.Subscript) else node
        if not isinstance(inner, ast.Name):
            raise UserError(f"expected a tensor in a derivative, got `{written(node)}`")
        return self.setting.vocabulary.find(inner.id).tensor


def tensor_of(node: ast.expr, setting: Setting) -> str:
    """The tensor that an argument is, with indices or without; nothing for any other expression."""
    inner = node.value if isinstance(node, ast.Subscript) else node
    return setting.vocabulary.find(inner.id).tensor if isinstance(inner, ast.Name) else ""
