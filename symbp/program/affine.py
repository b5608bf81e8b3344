"""Index expressions that are affine in index letters, once sizes and integer options are numbers.

`S*p + u - P` is the start -P and the steps S along p and 1 along u. Not here: labels and `flat`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sympy as sp

Numbers = Mapping[sp.Symbol, sp.Integer]


@dataclass(frozen=True)
class Affine:
    """`start + sum(step * letter)`; the letter with the largest step first."""

    start: int
    steps: tuple[tuple[sp.Symbol, int], ...] = ()

    @property
    def letters(self) -> tuple[sp.Symbol, ...]:
        return tuple(letter for letter, _ in self.steps)

    def range(self, extents: Mapping[sp.Symbol, int]) -> tuple[int, int]:
        """The least and the greatest position, for these extents of the letters."""
        ends = [step * (extents[letter] - 1) for letter, step in self.steps]
        return self.start + sum(min(0, e) for e in ends), self.start + sum(max(0, e) for e in ends)

    def moved(self, by: int) -> Affine:
        return Affine(self.start + by, self.steps)


def affine(place: sp.Expr, letters: Collection[sp.Symbol], numbers: Numbers) -> Affine | None:
    """The place as an affine expression of letters; None where it is none."""
    value = sp.expand(place.xreplace(dict(numbers)))
    steps: dict[sp.Symbol, int] = {}
    start = 0
    for term in sp.Add.make_args(value):
        number, rest = term.as_coeff_Mul()
        if not number.is_Integer or not (rest == 1 or rest in letters):
            return None
        if rest == 1:
            start += int(number)
        elif number != 0:
            steps[rest] = int(number)
    return Affine(start, tuple(sorted(steps.items(), key=lambda pair: (-abs(pair[1]), pair[0].name))))
