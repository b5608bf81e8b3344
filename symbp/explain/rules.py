"""Why each rule of the derivation holds: one sentence for each rule, around what the rule was applied to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from symbp.derive.derivation import Rule, Step
from symbp.explain.document import Inline


@dataclass(frozen=True)
class Narration:
    """A rule's name as a heading, and its sentence: before and after the detail, and without one."""

    title: str
    before: str
    after: str
    bare: str


NARRATION: Mapping[Rule, Narration] = {
    "chain rule": Narration(
        "Chain rule",
        "The cost depends on this tensor through ",
        ": the derivative of the cost by each element there is multiplied by that element’s own, and all are summed.",
        "The derivative of the cost by each value computed from this tensor is multiplied by that value’s own, and all "
        "are summed.",
    ),
    "differentiate": Narration(
        "Differentiate",
        "Calculus on ",
        " gives the partial derivatives; two elements of one tensor are independent unless all their indices agree.",
        "Calculus gives the partial derivatives; two elements of one tensor are independent unless all their indices "
        "agree.",
    ),
    "contract delta": Narration(
        "Contract an indicator",
        "In the sum only the terms with ",
        " are not zero, so the index is replaced and its sum is gone.",
        "In the sum only the terms where the indices agree are not zero, so the index is replaced and its sum is gone.",
    ),
    "move to the left": Narration(
        "Move to the left",
        "The indicator says which element is meant: ",
        " becomes the index of the left-hand side.",
        "The indicator says which element is meant: its condition becomes the index of the left-hand side.",
    ),
    "factor out": Narration(
        "Factor out",
        "What does not depend on the summation index leaves the sum: ",
        ".",
        "What does not depend on the summation index leaves the sum.",
    ),
    "collect": Narration(
        "Collect",
        "Equal sums, common factors and powers are brought together: ",
        ".",
        "Equal sums, common factors and powers are brought together.",
    ),
    "saved value": Narration(
        "Use the saved value",
        "The forward pass has computed ",
        ", so its value takes the place of the expression.",
        "The forward pass has computed this value, so it takes the place of the expression.",
    ),
    "stable form": Narration(
        "Stable form",
        "The same value, evaluated without overflow or cancellation: ",
        ".",
        "The same value, evaluated without overflow or cancellation.",
    ),
    "inline": Narration(
        "Put in the formula",
        "The intermediate value is replaced by the formula that computes it, ",
        ", to cross the seam between two layers.",
        "The intermediate value is replaced by the formula that computes it, to cross the seam between two layers.",
    ),
    "rewrite": Narration("Rewrite", "An identity: ", ".", "An identity of algebra."),
}

assert NARRATION.keys() == set(get_args(Rule))


def title(rule: Rule) -> str:
    """The rule's name as a heading."""
    return NARRATION[rule].title


def reason(step: Step, detail: Inline) -> Inline:
    """Why the step holds, in one sentence around `detail`, what the rule was applied to."""
    narration = NARRATION[step.rule]
    return (narration.before, *detail, narration.after) if detail else (narration.bare,)
