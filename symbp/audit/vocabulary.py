"""What the names of a claim stand for: tensors of the formula, their cotangents, the number of examples.

delta2  d_z2  dz2  dZ2        the cotangent of `z2`        grad_W2  dW2  nabla_W2      that of `W2`
Z2  A2  X                     `z2`, `a2`, `x`              yhat  o  p                  the prediction
deltaL  WL                    of the last layer            delta  W  z                 of the only layer
m  N                          the number of examples    C  L  J  E                     the cost
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from symbp.errors import UserError
from symbp.formula.equation import Formula

PREDICTION = ("yhat", "y_hat", "hat_y", "o", "p")
COST = ("C", "J", "L", "E", "loss", "cost")  # where no tensor is called so
COUNT = ("N", "m", "n", "B")  # the number of examples
_GRADIENT = re.compile(r"(?:grad_|nabla_|d_|d|g_)(\w+)")
_DELTA = re.compile(r"(?:delta|err|error|e)_?(\w*)")


class UnknownNameError(UserError):
    """A name that a claim may not use."""


class MeaninglessError(UserError):
    """A claim that can be read and has no value, so that it is wrong; the message says why."""


@dataclass(frozen=True)
class Quantity:
    """A tensor of the formula, or with `cotangent` the derivative of the cost by it."""

    tensor: str
    cotangent: bool = False

    @property
    def key(self) -> str:
        """The name of its values."""
        return f"d_{self.tensor}" if self.cotangent else self.tensor


class Vocabulary:
    """The names of one formula. `layers` counts weighted inputs `z1`, `z2`, ...; `cost` is its last result."""

    def __init__(self, formula: Formula) -> None:
        self.formula = formula
        self.cost = formula.output.name
        numbers = [int(n[1:]) for n in formula.tensors if re.fullmatch(r"z\d{1,3}", n)]
        self.layers = max(numbers, default=0)

    def find(self, name: str) -> Quantity:
        """What a name stands for; UnknownNameError, with the nearest name there is, where it is none."""
        found = self.known(name)
        if found is None:
            raise UnknownNameError(f"`{name[:60]}` is no quantity here{self._near(name)}")
        return found

    def known(self, name: str) -> Quantity | None:
        """What a name stands for; None where it is no quantity."""
        tensors = {n for n, t in self.formula.tensors.items() if t.kind != "int"}
        for tensor in self._spellings(name):
            if tensor in tensors:
                return Quantity(tensor)
        delta = _DELTA.fullmatch(name)
        if delta:
            for tensor in self._spellings(f"z{delta[1]}"):
                if tensor in tensors:
                    return Quantity(tensor, cotangent=True)
        gradient = _GRADIENT.fullmatch(name)
        if gradient:
            for tensor in self._spellings(gradient[1]):
                if tensor in tensors:
                    return Quantity(tensor, cotangent=True)
        if name in COST and not self.formula.output.axes:
            return Quantity(self.cost)
        return None

    def _spellings(self, name: str) -> Iterator[str]:
        yield name
        plain = name.replace("_", "")
        yield plain
        if plain.endswith("L") and self.layers:
            plain = f"{plain[:-1]}{self.layers}"
            yield plain
        if self.layers == 1:
            yield f"{plain}1"
        if name in PREDICTION:
            yield self.prediction
        if plain[:1].isupper():
            yield from self._cases(plain[0].lower() + plain[1:])
        elif plain[:1].islower():
            yield from self._cases(plain[0].upper() + plain[1:])

    def _cases(self, name: str) -> Iterator[str]:
        yield name
        if self.layers == 1:
            yield f"{name}1"
        if name == "a0" or name == "A0":
            yield "x"

    @property
    def prediction(self) -> str:
        """What the loss reads beside `y`: the last activation, or the last weighted input."""
        last = [n for n in (f"a{self.layers}", "a", f"z{self.layers}", "z") if n in self.formula.tensors]
        return last[0] if last else self.cost

    def words(self) -> list[str]:
        """Names that claims may use, deltas and gradients among them."""
        tensors = [t.name for t in self.formula.tensors.values() if t.kind != "int"]
        deltas = [f"delta{n[1:]}" for n in tensors if re.fullmatch(r"z\d*", n)]
        gradients = [f"grad_{t.name}" for t in self.formula.with_role("parameter")]
        gradients = gradients or [f"grad_{n}" for n in tensors if n[:1] in "Wwb"]
        return [*tensors, *deltas, *gradients]

    def _near(self, name: str) -> str:
        words = self.words()
        near = difflib.get_close_matches(name, words, 1, 0.5)
        hint = f"; did you mean `{near[0]}`?" if near else ""
        return f"{hint}; there are {', '.join(f'`{w}`' for w in words[:24])}"
