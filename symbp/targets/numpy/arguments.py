"""`x` and `y` of a module's functions: one array, several by name, or none; and the checks that refuse anything else.

Floats must have the dtype of the parameters: another one is refused, with the conversion to write, rather than
converted in every call. Whole numbers may be integers of any width; NumPy converts those that are not `np.intp` in
every call.
"""

from __future__ import annotations

from dataclasses import dataclass

from symbp.forward.network import Network, NetworkTensor
from symbp.targets.environment import render
from symbp.targets.numpy import source


@dataclass(frozen=True)
class Accepted:
    """The only array of an argument as its check needs it.

    `wrong_dtype` is a condition; `mistyped` and `misshapen` are the lines that refuse it. `rank` counts its axes,
    `shape` is without the batch for an input, and `classes` counts the values of integers, 0 for floats.
    """

    wrong_dtype: str
    mistyped: list[str]
    misshapen: list[str]
    rank: int
    shape: str
    classes: int


@dataclass(frozen=True)
class Argument:
    """`x` or `y`, and the tensors of the network that it gives."""

    name: str
    tensors: tuple[NetworkTensor, ...]

    @property
    def several(self) -> bool:
        """Whether it is a mapping of names to arrays."""
        return len(self.tensors) > 1

    @property
    def type(self) -> str:
        """Its type in the module."""
        return "Arrays" if self.several else "Array" if self.tensors else "None"

    @property
    def stated(self) -> str:
        """It as a parameter of a function that is always given it."""
        return f"{self.name}: {self.type}"

    @property
    def declared(self) -> str:
        """It as a parameter of a function."""
        return self.stated + ("" if self.tensors else " = None")

    @property
    def part(self) -> str:
        """The examples of it that the slice `part` of a batch has."""
        if self.several:
            return f"{{name: array[part] for name, array in {self.name}.items()}}"
        return f"{self.name}[part]" if self.tensors else self.name

    def references(self) -> dict[str, str]:
        """Every tensor as a routine reads it: `x`, or `x["image"]`."""
        if self.several:
            return {t.name: f"{self.name}[{source.literal(t.name)}]" for t in self.tensors}
        return {t.name: self.name for t in self.tensors}

    def accepted(self) -> Accepted:
        """What is accepted as its only array; the shape of an input is that of one example."""
        (tensor,) = self.tensors
        shape = source.shape(tensor.shape[1:] if self.name == "x" else tensor.shape)
        words = f"of shape {source.shape(tensor.shape)}"
        real = tensor.kind == "float"
        wrong = f"{self.name}.dtype != dtype" if real else f'{self.name}.dtype.kind not in "iu"'
        expected = f"{{dtype}} {words}" if real else f"integers {words}"
        hint = f" (write {self.name}.astype(np.{{dtype}}))" if real else ""
        counted = " with n > 0" if self.name == "x" else " with n = {n} as in x"
        return Accepted(
            wrong_dtype=wrong,
            mistyped=self.refused("TypeError", expected + hint),
            misshapen=self.refused("ValueError", expected + counted),
            rank=len(tensor.shape),
            shape=shape,
            classes=0 if real else tensor.classes,
        )

    def refused(self, error: str, expected: str) -> list[str]:
        """The lines that raise an error about it."""
        text = f'f"{self.name}: expected {expected}, came {{_describe({self.name})}}"'
        return source.call(f"raise {error}", [text], 2)

    def listed(self) -> list[str]:
        """The entries of a table of its arrays: `"image": ((1, 28, 28), 0)`."""
        return [f"{source.literal(t.name)}: ({source.shape(t.shape[1:])}, {t.classes})" for t in self.tensors]


def arguments(network: Network) -> tuple[Argument, Argument]:
    """`x` and `y` of a network."""
    x, y = (tuple(network.tensors[name] for name in names) for names in (network.inputs, network.targets))
    return Argument("x", x), Argument("y", y)


def checks(x: Argument, y: Argument) -> str:
    """The functions that check arguments."""
    parts = [render("numpy/arrays.py.jinja")] if x.several or y.several else []
    if x.several:
        parts.append(render("numpy/inputs.py.jinja", arrays=x.listed()))
    else:
        parts.append(render("numpy/input.py.jinja", x=x.accepted()))
    if y.several:
        parts.append(render("numpy/targets.py.jinja", arrays=y.listed()))
    elif y.tensors:
        parts.append(render("numpy/target.py.jinja", y=y.accepted()))
    else:
        parts.append(render("numpy/untargeted.py.jinja"))
    return render("numpy/arguments.py.jinja", checks="\n\n\n".join(part.strip("\n") for part in parts), x=x.declared)
