"""The numbers of equations and steps: one sequence through the whole derivation, whatever part of it is shown.

Numbered, in this order: the steps of every seam; then, for every formula, its equations as written, the steps that
lead to what is evaluated, and the steps of each gradient. A result has the number of the last step that leads to it; a
result without steps has a number of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symbp.derive.derivation import Derivation, FormulaDerivation

SEAM, WRITTEN, EVALUATED, GRADIENT = "seam", "written", "evaluated", "gradient"
Place = tuple[str, str, str, int]  # kind, formula or joint formula, tensor, position


@dataclass
class _Counter:
    numbers: dict[Place, int] = field(default_factory=dict)

    def add(self, kind: str, formula: str, tensor: str, position: int) -> None:
        self.numbers[kind, formula, tensor, position] = len(self.numbers) + 1


def numbering(derivation: Derivation) -> Mapping[Place, int]:
    """The number of every equation and step, by where it stands."""
    counter = _Counter()
    for seam in derivation.seams:
        for position in range(len(seam.steps)):
            counter.add(SEAM, seam.joint, "", position)
    for name, derived in derivation.formulas.items():
        for position, equation in enumerate(derived.formula.equations):
            counter.add(WRITTEN, name, equation.target.tensor, position)
        for position in range(len(derived.forward_steps)):
            counter.add(EVALUATED, name, "", position)
        for gradient in derived.backward:
            for position in range(max(1, len(gradient.steps))):
                counter.add(GRADIENT, name, gradient.equation.target.tensor, position)
    return counter.numbers


def step_numbers(derivation: Derivation) -> Mapping[tuple[str, str], int]:
    """The number that generated code quotes for each tensor that a formula computes.

    Keys are (formula's name, tensor): `("dense", "z")` is where z is stated, or brought to the form that is evaluated;
    `("dense", "d_W")` the last step of its gradient.
    """
    numbers = numbering(derivation)
    found: dict[tuple[str, str], int] = {}
    for name, derived in derivation.formulas.items():
        found.update(_forward_numbers(name, derived, numbers))
        for gradient in derived.backward:
            tensor = gradient.equation.target.tensor
            found[name, tensor] = numbers[GRADIENT, name, tensor, max(1, len(gradient.steps)) - 1]
    return found


def _forward_numbers(name: str, derived: FormulaDerivation, numbers: Mapping[Place, int]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for position, equation in enumerate(derived.formula.equations):
        found[name, equation.target.tensor] = numbers[WRITTEN, name, equation.target.tensor, position]
    for position, step in enumerate(derived.forward_steps):
        found[name, step.target.tensor] = numbers[EVALUATED, name, "", position]
    last = max((found[key] for key in found), default=0)
    for equation in derived.forward:  # helpers that no step names belong to the step that asked for them
        found.setdefault((name, equation.target.tensor), last)
    return found
