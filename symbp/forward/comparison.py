"""What a network's result is compared with, read off its blocks: whether as a difference, and whether as probabilities.

Not here: networks of several results, of which none is the one that a figure would be about.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from symbp.formula.equation import Equation
from symbp.formula.expression import Element, SumOver
from symbp.forward.network import Block, Network

TARGET = "y"  # what rows of losses call it


@dataclass(frozen=True)
class Comparison:
    """The tensors of the network that a loss compares: `prediction`, what `predict` returns, and `target`. The loss may
    be joined with what makes the prediction.

    `differences` says that only their difference counts: the loss stays the same where a number is added to both.
    Then the two are of one unit, and the root of their mean squared difference makes sense. `probabilities` says that
    the prediction is made of positive numbers, each divided by their sum along the last axis.
    """

    prediction: str
    target: str
    differences: bool = False
    probabilities: bool = False


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
            same = _differences(block, compared[0])
            found.append(Comparison(prediction, block.binding[TARGET], same, _probabilities(network, prediction)))
    return found[0] if len(found) == 1 else None


def _differences(block: Block, compared: str) -> bool:
    """Whether every equation is the same, as it stands, with a number added to both."""
    shift = sp.Dummy(real=True)
    for equation in block.formula.equations:
        read = [e for e in equation.body.atoms(Element) if e.tensor in (compared, TARGET)]
        if equation.body.xreplace({e: e + shift for e in read}) != equation.body:
            return False
    return True


def _probabilities(network: Network, prediction: str) -> bool:
    """Whether the equation that makes the prediction makes it of shares."""
    made = (
        equation
        for block in (*network.blocks, *network.link)
        for equation in block.formula.equations
        if block.binding[equation.target.tensor] == prediction
    )
    return any(map(_shares, made))


def _shares(equation: Equation) -> bool:
    """Whether the right side is `f[j] / sum[k](f[k])` of a positive f, for the last index j."""
    last = equation.target.indices[-1:]
    for factor in sp.Mul.make_args(equation.body):
        total = 1 / factor
        if isinstance(total, SumOver) and len(total.bound) == len(last) == 1:
            (index,), (bound,) = last, total.bound
            share = total.body.xreplace({bound: index})
            if equation.sizes[bound] == equation.sizes.get(index) and equation.body == share * factor:
                return share.is_positive is True
    return False
