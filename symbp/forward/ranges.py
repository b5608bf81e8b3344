"""The ranges of whole numbers: how many values a token or a label may take, by the axes that it is an index of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import sympy as sp

from symbp.formula.equation import Formula
from symbp.formula.expression import Element, elements
from symbp.forward.network import Block, Network
from symbp.forward.sizes import shown
from symbp.spec.model import NetworkSpec, Problem, SpecError


def with_ranges(network: Network, spec: NetworkSpec) -> Network:
    """The network with the number of classes of every integer input and target; SpecError where one has none."""
    tensors = dict(network.tensors)
    places = {layer.name: layer.use.place for layer in spec.layers}
    for name in (*network.inputs, *network.targets):
        held = tensors[name]
        if held.kind != "int":
            continue
        read = [(block, extent) for block in network.blocks for extent in _extents(block, name)]
        least = min((extent for _, extent in read), default=0)
        for block, extent in read:
            if held.classes > extent:
                room = f"`{name}` has {held.classes} classes, and layer `{block.name}` room for {extent}"
                raise SpecError([Problem(places.get(block.name, spec.loss.place), room)])
        if not (held.classes or least):
            raise SpecError([Problem(spec.place, f"nothing says how many classes `{name}` {shown(held.shape)} has")])
        tensors[name] = replace(held, classes=held.classes or least)
    return replace(network, tensors=tensors)


def _extents(block: Block, name: str) -> Iterator[int]:
    """The sizes that a tensor's values index in a block: axes of other tensors, and indices that equal a value."""
    for local, bound in block.binding.items():
        if bound == name and local in block.formula.tensors:
            for size in _indexed(block.formula, local):
                extent = block.extent(size)
                if isinstance(extent, int):
                    yield extent


def _indexed(formula: Formula, tensor: str) -> Iterator[sp.Expr]:
    for equation in formula.equations:
        for node in elements(equation.body):
            for axis, place in enumerate(node.indices):
                if isinstance(place, Element) and place.tensor == tensor:
                    yield formula.tensors[node.tensor].axes[axis]
        for delta in equation.body.atoms(sp.KroneckerDelta):
            for one, other in (delta.args, delta.args[::-1]):
                if isinstance(one, Element) and one.tensor == tensor and other in equation.sizes:
                    yield equation.sizes[other]
