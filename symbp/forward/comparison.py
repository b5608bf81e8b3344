"""What a network's result is compared with, read off the blocks of its losses, and whether as a difference.

Not here: networks of several results, of which none is the one that a figure would be about.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from symbp.formula.expression import Element
from symbp.forward.network import Block, Network

TARGET = "y"  # what rows of losses call it


@dataclass(frozen=True)
class Comparison:
    """The tensors of the network that a loss compares: `prediction`, what `predict` returns, and `target`. The loss may
    be joined with what makes the prediction.

    `differences` says that only their difference counts: the loss stays the same where a number is added to both.
    Then the two are of one unit, and the root of their mean squared difference makes sense.
    """

    prediction: str
    target: str
    differences: bool


def comparison(network: Network) -> Comparison | None:
    """What is compared, where one loss compares the one result with a tensor that the user gives; else None."""
    if len(network.heads) != 1:
        return None
    prediction, given = network.heads[0].prediction, {*network.targets, *network.inputs}
    found = []
    for block in network.blocks:
        cost = block.binding[block.formula.output.name] in network.costs
        arguments = [t.name for t in block.formula.with_role("input") if t.name != TARGET]
        compared = [local for local, name in block.binding.items() if name == prediction and local != TARGET]
        if cost and len(arguments) == len(compared) == 1 and block.binding.get(TARGET) in given:
            found.append(Comparison(prediction, block.binding[TARGET], _differences(block, compared[0])))
    return found[0] if len(found) == 1 else None


def _differences(block: Block, compared: str) -> bool:
    """Whether every equation is the same, as it stands, with a number added to both."""
    shift = sp.Dummy(real=True)
    for equation in block.formula.equations:
        read = [e for e in equation.body.atoms(Element) if e.tensor in (compared, TARGET)]
        if equation.body.xreplace({e: e + shift for e in read}) != equation.body:
            return False
    return True
