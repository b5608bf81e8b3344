"""From a group of claims to the setting that they are about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import sympy as sp

from symbp.audit.claims import Group
from symbp.audit.layout import Layout
from symbp.audit.network import labels_of, one_formula
from symbp.audit.setting import Setting
from symbp.errors import UserError
from symbp.expression.read import read_equations, read_expression
from symbp.formula.equation import Equation, Formula, Tensor
from symbp.formula.expression import element, index
from symbp.forward.build import build_network
from symbp.forward.network import Network
from symbp.spec.model import Problem, SpecError
from symbp.spec.read import read_spec, spec_of


def settings_of(group: Group) -> tuple[Setting, Network | None]:
    """The setting of a group, and the network that it is of, where it is of one; errors say where they stand."""
    try:
        network = _network(group)
        if network is not None:
            return network_setting(network, group.layout, group.deltas), network
        lines = (line.partition("#")[0].strip() for line in group.equations.splitlines())
        if group.formula:
            formula = read_expression(group.formula, group.shapes or None)
        else:
            formula = read_equations("; ".join(filter(None, lines)))
        for name in group.one_hot:
            formula = one_hot(formula, name)
        return Setting(formula, per_example=group.deltas == "example"), None
    except SpecError:
        raise
    except UserError as error:
        raise SpecError([Problem(group.place, str(error))]) from None


def _network(group: Group) -> Network | None:
    if group.network is None:
        return None
    spec = read_spec(group.network) if isinstance(group.network, Path) else spec_of(group.network)
    return build_network(spec)


def network_setting(network: Network, layout: Layout, deltas: str) -> Setting:
    """The network in a convention."""
    return Setting(one_formula(network, layout), layout, per_example=deltas == "example")


def one_hot(formula: Formula, name: str) -> Formula:
    """The formula where the last axis of a tensor has a single 1, at a place that is given in its stead."""
    tensor = formula.tensors.get(name)
    if tensor is None or not tensor.axes or tensor.role != "input":
        raise UserError(f"`one_hot: {name}` is no tensor that the equations are given")
    labels = labels_of(name)
    if labels in formula.tensors:
        raise UserError(f"`one_hot: {name}` makes a tensor `{labels}`, which there is; call it something else")
    letters = {extent: letter for letter, extent in reversed(list(formula.letters.items()))}
    places = [index(letters[extent] + "'" * tensor.axes[:k].count(extent)) for k, extent in enumerate(tensor.axes)]
    hot = sp.KroneckerDelta(places[-1], element(labels, *places[:-1], integer=True))
    made = Equation(element(name, *places), hot, dict(zip(places, tensor.axes, strict=True)))
    tensors = {
        **formula.tensors,
        name: replace(tensor, role="intermediate"),
        labels: Tensor(labels, tensor.axes[:-1], "input", "int"),
    }
    return replace(formula, equations=(made, *formula.equations), tensors=tensors)
