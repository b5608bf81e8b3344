"""Sizes in numbers: what shapes and options say of a formula's size symbols, and whether they agree.

Sizes of a row are stated as an option's name or as an integer expression of options and `extent(tensor, axis)`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from fractions import Fraction

import sympy as sp

from symbp.catalog.entry import Entry, Option
from symbp.formula.equation import Formula
from symbp.formula.expression import Element, Flat
from symbp.formula.families import write_out_size
from symbp.forward.network import BATCH, Dim


class SizeError(Exception):
    """Sizes that contradict each other or are not determined; the message says which."""


def shown(shape: tuple[Dim, ...]) -> str:
    """A shape as messages write it."""
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


class Sizes:
    """The values of a formula's size symbols, learnt one after the other."""

    def __init__(self, formula: Formula) -> None:
        self.formula = formula
        self.values: dict[sp.Symbol, Dim] = {}
        self.products: list[tuple[sp.Expr, Dim]] = []

    def learn(self, extent: sp.Expr, value: Dim, where: str) -> None:
        """Note that a symbolic size has this value; products are checked once their factors are known."""
        if not extent.is_Symbol:
            self.products.append((extent, value))
            return
        known = self.values.setdefault(extent, value)
        if known != value:
            raise SizeError(f"{where} is {value}, expected {known}")

    def learn_shape(self, tensor: str, shape: tuple[Dim, ...]) -> None:
        for axis, (extent, value) in enumerate(zip(self.formula.tensors[tensor].axes, shape, strict=True)):
            self.learn(extent, value, f"axis {axis} of `{tensor}`")

    def shape(self, axes: tuple[sp.Expr, ...]) -> tuple[Dim, ...]:
        return tuple(self.value(extent) for extent in axes)

    def value(self, extent: sp.Expr) -> Dim:
        """The number behind a symbolic size."""
        if extent.is_Symbol and extent in self.values:
            return self.values[extent]
        missing = sorted((s for s in extent.free_symbols if s not in self.values), key=str)
        if missing:
            letters = [name for name, symbol in self.formula.letters.items() if symbol in missing]
            letter = (letters or missing)[0]
            raise SizeError(
                f"the size of index `{letter}` is not determined by any shape or option; a definition of your own can "
                f"say it, as in `sizes: {{{letter}: units}}`"
            )
        if any(self.values[s] == BATCH for s in extent.free_symbols):
            raise SizeError("the batch axis cannot be merged with another")
        return int(extent.xreplace({s: sp.Integer(v) for s, v in self.values.items() if v != BATCH}))

    def check(self) -> None:
        """Every index has a size, numbers stand for places, and `flat(...)` runs over exactly the axis it indexes."""
        named = tuple(self.formula.letters.values())
        for equation in self.formula.equations:
            for extent in (*equation.sizes.values(), *(s for s in named if s in equation.symbols)):
                self.value(extent)
        for extent, held in self.products:
            if self.value(extent) != held:
                raise SizeError(f"{held} values cannot take a shape of {self.value(extent)} values")
        for equation in self.formula.equations:
            for node in (equation.target, *equation.reads):
                for axis, place in enumerate(node.indices):
                    self.alone(node, axis)
                    if place.is_Integer:
                        self.stands(node.tensor, axis, int(place))
                    if isinstance(place, Flat):
                        merged = self.value(sp.Mul(*(equation.sizes[i] for i in place.args)))
                        held = self.value(self.formula.tensors[node.tensor].axes[axis])
                        if merged != held:
                            raise SizeError(f"{held} values cannot take a shape of {merged} values")

    def alone(self, node: Element, axis: int) -> None:
        """An example is read by an index alone: which examples stand beside it in a batch is chance."""
        if self.value(self.formula.tensors[node.tensor].axes[axis]) == BATCH and not node.indices[axis].is_Symbol:
            message = f"`{node}` reads another example of the batch by its place, and the order of examples is chance"
            raise SizeError(f"{message}; all of them may be read, as in `mean[m]({node.tensor}[m,...])`")

    def stands(self, tensor: str, axis: int, place: int) -> None:
        """What is read at a number is there: `z[n,1]` of a tensor with one entry is a mistake, not 0."""
        held = self.value(self.formula.tensors[tensor].axes[axis])
        if place < 0 or (held != BATCH and place >= held):
            raise SizeError(f"`{tensor}` is read at {place} along axis {axis}, whose size is {held}")


def row_size(
    entry: Entry, text: str, options: Mapping[str, object], shapes: Mapping[str, tuple[Dim, ...]], least: int = 1
) -> int:
    """A size of a row as a number, for inputs of these shapes."""
    if entry.family:
        text = write_out_size(text, entry.family, len(shapes) - len(entry.inputs) + 1)
    return evaluate_size(text, numbers_of(entry, options, shapes), shapes, least, in_options(entry, text))


def in_options(entry: Entry, text: str) -> str:
    """A size of a row with the spec's options in place of the row's letters: `K_h` is `kernel_size[0]`."""
    for option in entry.options:
        for letters in (option.names, option.behind):
            for place, name in enumerate(letters):
                text = re.sub(rf"\b{name}\b", option.name + (f"[{place}]" if len(letters) > 1 else ""), text)
    return text


def numbers_of(entry: Entry, options: Mapping[str, object], shapes: Mapping[str, tuple[Dim, ...]]) -> dict[str, object]:
    """The options, and the number of every name of a shape."""
    numbers = dict(options)
    words: list[tuple[Option, str]] = []
    for option in entry.options:
        value = options.get(option.name)
        value = options.get(value, value) if isinstance(value, str) else value
        if isinstance(value, str) and option.names:
            words.append((option, value))
        elif value is not None and option.names:
            each = tuple(value) if isinstance(value, tuple | list) else (value,) * len(option.names)
            numbers |= dict(zip(option.names, map(_whole, each), strict=True))
            numbers |= dict(zip(option.behind, map(_whole, each), strict=False))
    for option, word in words:
        for before, behind, text in zip(option.names, option.behind, dict(option.words)[word], strict=True):
            both = int(_value(ast.parse(text, mode="eval").body, numbers, shapes, text))
            numbers[before] = max(both, 0) // 2
            numbers[behind] = both - max(both, 0) // 2
    return numbers


def _whole(value: object) -> int:
    return int(str(value)) if isinstance(value, int) else int(float(str(value)))


def evaluate_size(
    text: str, options: Mapping[str, object], shapes: Mapping[str, tuple[Dim, ...]], least: int = 1, told: str = ""
) -> int:
    """The integer that a row's size expression stands for; `told` is how a message writes it."""
    value = _value(ast.parse(text, mode="eval").body, options, shapes, text)
    if value.denominator != 1 or value < least:
        raise SizeError(f"`{told or text}` is {value}, expected a whole number from {least} up")
    return int(value)


def _value(node: ast.expr, options: Mapping[str, object], shapes: Mapping[str, tuple[Dim, ...]], text: str) -> Fraction:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return Fraction(node.value)
    if isinstance(node, ast.Name) and isinstance(options.get(node.id), int):
        return Fraction(int(str(options[node.id])))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, options, shapes, text)
    if isinstance(node, ast.BinOp):
        left, right = (_value(side, options, shapes, text) for side in (node.left, node.right))
        if isinstance(node.op, ast.Add):
            return left + right
        if isinstance(node.op, ast.Sub):
            return left - right
        if isinstance(node.op, ast.Mult):
            return left * right
        if isinstance(node.op, ast.Div | ast.FloorDiv) and right != 0:
            return left / right if isinstance(node.op, ast.Div) else Fraction(left // right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("max", "min"):
        values = [_value(argument, options, shapes, text) for argument in node.args]
        return max(values) if node.func.id == "max" else min(values)
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "extent"
        and len(node.args) == 2
    ):
        tensor, axis = node.args
        if isinstance(tensor, ast.Name) and tensor.id in shapes:
            place = int(_value(axis, options, shapes, text))
            shape = shapes[tensor.id]
            if -len(shape) <= place < len(shape) and isinstance(shape[place], int):
                return Fraction(int(shape[place]))
    raise SizeError(f"`{text}` is not a size: expected integers, options and extent(tensor, axis)")
